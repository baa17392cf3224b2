"""Faults as boto3 meets them: AWS's errors, retries that succeed, effects that the caller is not told of."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.exceptions import ConnectionError as NoConnectionError
from local_server import LocalServer

from local_aws.server_controls import CHAOS_PATH, ask

pytestmark = pytest.mark.stack


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalServer]:
    with LocalServer(tmp_path_factory.mktemp("chaos") / "state") as server:
        server.client("s3").create_bucket(Bucket="unkind")
        server.client("sqs").create_queue(QueueName="unkind")
        server.client("dynamodb").create_table(
            TableName="unkind",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        yield server


@pytest.fixture(autouse=True)
def calm(server: LocalServer) -> Iterator[None]:
    yield
    chaos(server)


def chaos(server: LocalServer, *rules: str, seed: int = 0) -> Any:
    return ask(server.url, "POST", CHAOS_PATH, {"rules": list(rules), "seed": seed})


def command(server: LocalServer, *options: str) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "local_aws", "chaos", "--state-dir", str(server.state_dir), *options]
    return subprocess.run(line, capture_output=True, text=True, timeout=30, check=False)


def retrying(server: LocalServer, service: str, mode: str = "standard", attempts: int = 8) -> Any:
    return boto3.client(
        service,
        endpoint_url=server.url,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"mode": mode, "total_max_attempts": attempts}, s3={"addressing_style": "path"}),
    )


KEY = {"id": {"S": "1"}}


@pytest.mark.parametrize(
    ("service", "method", "arguments", "code", "status"),
    [
        ("s3", "get_object", {"Bucket": "unkind", "Key": "k"}, "SlowDown", 503),
        ("s3", "head_object", {"Bucket": "unkind", "Key": "k"}, "503", 503),
        ("dynamodb", "get_item", {"TableName": "unkind", "Key": KEY}, "ProvisionedThroughputExceededException", 400),
        ("dynamodb", "describe_table", {"TableName": "unkind"}, "ThrottlingException", 400),
        ("sqs", "get_queue_url", {"QueueName": "unkind"}, "RequestThrottled", 403),
        ("lambda", "list_functions", {}, "TooManyRequestsException", 429),
        ("stepfunctions", "list_state_machines", {}, "ThrottlingException", 400),
        ("sagemaker", "list_models", {}, "ThrottlingException", 400),
        ("kms", "list_keys", {}, "ThrottlingException", 400),
        ("sns", "list_topics", {}, "Throttled", 429),
        ("iam", "list_roles", {}, "Throttling", 400),
        ("cloudwatch", "list_metrics", {}, "Throttling", 400),
    ],
)
def test_each_service_throttles_in_its_own_form(
    server: LocalServer, service: str, method: str, arguments: dict[str, Any], code: str, status: int
) -> None:
    """Sources: botocore's models and the pages named in ``local_aws.chaos.answers``."""
    chaos(server, f"{service}.*:throttle=1")
    with pytest.raises(ClientError) as raised:
        getattr(server.client(service), method)(**arguments)
    answer = raised.value.response
    assert (answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]) == (code, status)
    if service == "lambda":
        assert answer["ResponseMetadata"]["HTTPHeaders"]["retry-after"] == "1"


@pytest.mark.parametrize("mode", ["standard"])
def test_retries_of_boto3_get_through(server: LocalServer, mode: str) -> None:
    """https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html"""
    chaos(server, "dynamodb.PutItem:throttle=0.2,500=0.1,503=0.1,drop=0.1", seed=49)
    dynamodb = retrying(server, "dynamodb", mode)
    attempts = 0
    for number in range(6):
        answer = dynamodb.put_item(TableName="unkind", Item={"id": {"S": f"{mode}-{number}"}})
        attempts += answer["ResponseMetadata"]["RetryAttempts"]
    state = ask(server.url, "GET", CHAOS_PATH)
    assert {key.partition(" ")[2] for key in state["faults"]} == {"throttle", "500", "503", "drop"}
    assert sum(state["faults"].values()) == attempts
    found = server.client("dynamodb").scan(TableName="unkind", ConsistentRead=True)["Items"]
    assert len([item for item in found if item["id"]["S"].startswith(mode)]) == 6


def test_failure_after_the_effect_hides_it_from_the_caller(server: LocalServer) -> None:
    chaos(server, "s3.PutObject:500-after=1")
    with pytest.raises(ClientError, match="InternalError"):
        server.client("s3").put_object(Bucket="unkind", Key="hidden", Body=b"1")
    assert server.client("s3").get_object(Bucket="unkind", Key="hidden")["Body"].read() == b"1"


def test_failure_before_the_effect_has_none(server: LocalServer) -> None:
    chaos(server, "s3.PutObject:500=1")
    with pytest.raises(ClientError, match="InternalError"):
        server.client("s3").put_object(Bucket="unkind", Key="absent", Body=b"1")
    with pytest.raises(ClientError, match="NoSuchKey"):
        server.client("s3").get_object(Bucket="unkind", Key="absent")


@pytest.mark.parametrize(("fault", "kept"), [("drop", 0), ("drop-after", 1)])
def test_dropped_connections(server: LocalServer, fault: str, kept: int) -> None:
    sqs = server.client("sqs")
    url = sqs.create_queue(QueueName=f"dropped-{kept}")["QueueUrl"]
    chaos(server, f"sqs.SendMessage:{fault}=1")
    with pytest.raises((NoConnectionError, BotoCoreError)):
        sqs.send_message(QueueUrl=url, MessageBody="m")
    chaos(server)
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])["Attributes"]
    assert int(attributes["ApproximateNumberOfMessages"]) == kept


def test_latency_delays_the_answer(server: LocalServer) -> None:
    chaos(server, "sqs.ListQueues:latency=300ms")
    answer = server.client("sqs").list_queues()
    server.client("cloudtrail").lookup_events(MaxResults=1)
    found = server.client("cloudtrail").lookup_events(
        LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "ListQueues"}]
    )["Events"]
    event = json.loads(found[0]["CloudTrailEvent"])
    assert event["requestID"] == answer["ResponseMetadata"]["RequestId"]
    assert event["additionalEventData"]["durationMs"] >= 300


def test_unusable_rules_are_refused_and_the_old_ones_stay(server: LocalServer) -> None:
    assert json.loads(command(server, "--set", "s3.*:503=0.5", "--seed", "3").stdout)["seed"] == 3
    refused = command(server, "--set", "s3:nonsense")
    assert (refused.returncode, "nonsense" in refused.stderr) == (1, True)
    assert json.loads(command(server).stdout)["rules"] == ["s3.*:503=0.5"]
    assert json.loads(command(server, "--off").stdout)["rules"] == []
