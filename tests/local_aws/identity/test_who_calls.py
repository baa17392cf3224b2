"""Each piece of work calls as its own role, and the record says so."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.config import Config
from local_server import LocalServer

WHO = "import boto3\ndef handler(event, context):\n    return boto3.client('sts').get_caller_identity()['Arn']\n"


def as_session(server: LocalServer, service: str, credentials: dict[str, Any]) -> Any:
    return boto3.client(
        service,
        endpoint_url=server.url,
        region_name="us-east-1",
        aws_access_key_id=credentials["AccessKeyId"],
        aws_secret_access_key=credentials["SecretAccessKey"],
        aws_session_token=credentials["SessionToken"],
        config=Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1}),
    )


def test_the_operator_is_root_whatever_the_key(local_aws_server: LocalServer) -> None:
    """https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html"""
    identity = local_aws_server.client("sts").get_caller_identity()
    assert identity["Arn"] == "arn:aws:iam::123456789012:root"
    assert (identity["UserId"], identity["Account"]) == ("123456789012", "123456789012")


def test_assumed_role_calls_and_presigns_as_its_session(local_aws_server: LocalServer) -> None:
    role = "arn:aws:iam::123456789012:role/who/assumed"
    made = local_aws_server.client("sts").assume_role(RoleArn=role, RoleSessionName="alice", DurationSeconds=900)
    credentials = made["Credentials"]
    identity = as_session(local_aws_server, "sts", credentials).get_caller_identity()
    assert identity["Arn"] == made["AssumedRoleUser"]["Arn"]
    assert identity["Arn"] == "arn:aws:sts::123456789012:assumed-role/assumed/alice"
    assert identity["UserId"] == made["AssumedRoleUser"]["AssumedRoleId"]
    assert credentials["AccessKeyId"].startswith("ASIA")

    local_aws_server.client("s3").create_bucket(Bucket="who-presigns")
    url = as_session(local_aws_server, "s3", credentials).generate_presigned_url(
        "put_object", {"Bucket": "who-presigns", "Key": "note"}
    )
    urllib.request.urlopen(urllib.request.Request(url, data=b"x", method="PUT"), timeout=10).close()
    [event] = looked_up(local_aws_server, "ResourceName", "arn:aws:s3:::who-presigns/note")
    assert event["userIdentity"]["arn"] == identity["Arn"]
    assert event["userIdentity"]["sessionContext"]["sessionIssuer"]["arn"] == role


def test_narrowed_session_is_refused_rather_than_too_powerful(local_aws_server: LocalServer) -> None:
    sts = local_aws_server.client("sts")
    with pytest.raises(sts.exceptions.ClientError, match="leave Policy out"):
        sts.assume_role(RoleArn="arn:aws:iam::123456789012:role/x", RoleSessionName="narrow", Policy="{}")


def test_function_calls_as_its_role(local_aws_server: LocalServer, make_function: Callable[..., str]) -> None:
    name = make_function(local_aws_server, WHO, Role="arn:aws:iam::123456789012:role/of-a-function")
    answer = local_aws_server.client("lambda").invoke(FunctionName=name)
    assert json.load(answer["Payload"]) == f"arn:aws:sts::123456789012:assumed-role/of-a-function/{name}"
    [event] = looked_up(local_aws_server, "Username", name)
    assert event["eventName"] == "GetCallerIdentity"
    assert event["additionalEventData"]["source"] == f"arn:aws:lambda:us-east-1:123456789012:function:{name}"


def test_state_machine_calls_as_its_role(local_aws_server: LocalServer, eventually: Callable[..., Any]) -> None:
    states = local_aws_server.client("stepfunctions")
    task = {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:sts:getCallerIdentity", "End": True}
    definition = json.dumps({"QueryLanguage": "JSONata", "StartAt": "Ask", "States": {"Ask": task}})
    role = "arn:aws:iam::123456789012:role/of-a-machine"
    machine = states.create_state_machine(name="who-calls", definition=definition, roleArn=role)["stateMachineArn"]
    execution = states.start_execution(stateMachineArn=machine, name="a-run")["executionArn"]
    ended = eventually(lambda: _ended(states.describe_execution(executionArn=execution)))
    assert json.loads(ended["output"])["Arn"] == "arn:aws:sts::123456789012:assumed-role/of-a-machine/a-run"
    [event] = looked_up(local_aws_server, "Username", "a-run")
    assert event["additionalEventData"]["source"] == execution


def test_queue_is_polled_as_the_functions_role(
    local_aws_server: LocalServer, make_function: Callable[..., str], eventually: Callable[..., Any]
) -> None:
    """https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html: the execution role reads the queue."""
    url = local_aws_server.client("sqs").create_queue(QueueName="polled-by-a-role")["QueueUrl"]
    role = "arn:aws:iam::123456789012:role/of-a-consumer"
    name = make_function(local_aws_server, "def handler(event, context):\n    return 1\n", Role=role)
    mapping = local_aws_server.client("lambda").create_event_source_mapping(
        FunctionName=name, EventSourceArn="arn:aws:sqs:us-east-1:123456789012:polled-by-a-role"
    )
    local_aws_server.client("sqs").send_message(QueueUrl=url, MessageBody="x")
    deleted = eventually(
        lambda: [
            event
            for event in looked_up(local_aws_server, "EventName", "DeleteMessageBatch")
            if event["userIdentity"]["arn"].endswith("assumed-role/of-a-consumer/event-source-mapping")
        ]
    )
    assert deleted[0]["additionalEventData"]["source"] == mapping["EventSourceMappingArn"]
    local_aws_server.client("lambda").delete_event_source_mapping(UUID=mapping["UUID"])


def looked_up(server: LocalServer, key: str, value: str) -> list[dict[str, Any]]:
    pages = (
        server.client("cloudtrail")
        .get_paginator("lookup_events")
        .paginate(LookupAttributes=[{"AttributeKey": key, "AttributeValue": value}])
    )
    return [json.loads(event["CloudTrailEvent"]) for page in pages for event in page["Events"]]


def _ended(description: dict[str, Any]) -> dict[str, Any] | None:
    return None if description["status"] == "RUNNING" else description
