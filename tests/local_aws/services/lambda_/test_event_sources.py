"""Queues and table streams invoke functions: batches, partial failures, dead letters, order, checkpoints."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from local_aws.services.lambda_.stream_source import CHECKPOINT_KIND

pytestmark = pytest.mark.stack

#: Appends each batch to a file beside the state, and fails whatever says "bad".
KEEP = """
import json, os
def handler(event, context):
    records = event["Records"]
    with open(os.environ["SEEN"], "a") as file:
        file.write(json.dumps(records) + "\\n")
    bodies = {}
    for r in records:
        if "body" in r:
            bodies[r["messageId"]] = r["body"]
        else:
            bodies[r["dynamodb"]["SequenceNumber"]] = json.dumps(r["dynamodb"]["Keys"])
    if any("crash" in body for body in bodies.values()):
        raise RuntimeError("whole batch")
    return {"batchItemFailures": [{"itemIdentifier": key} for key, body in bodies.items() if "bad" in body]}
"""
REPORT = {"FunctionResponseTypes": ["ReportBatchItemFailures"]}


class Consumer:
    """A function that remembers its batches."""

    def __init__(self, server: Any, make_function: Callable[..., str], seen: Path) -> None:
        self._seen = seen
        self.server = server
        self.name = make_function(server, KEEP, Timeout=5, Environment={"Variables": {"SEEN": str(seen)}})

    @property
    def batches(self) -> list[list[dict[str, Any]]]:
        return [json.loads(line) for line in self._seen.read_text().splitlines()] if self._seen.exists() else []

    @property
    def bodies(self) -> list[str]:
        return [record["body"] for batch in self.batches for record in batch]

    @property
    def keys(self) -> list[str]:
        return [record["dynamodb"]["Keys"]["id"]["S"] for batch in self.batches for record in batch]

    def map(self, arn: str, **settings: Any) -> str:
        made = self.server.client("lambda").create_event_source_mapping(
            FunctionName=self.name, EventSourceArn=arn, **settings
        )
        return str(made["UUID"])


@pytest.fixture
def consumer(local_aws_server: Any, make_function: Callable[..., str], tmp_path: Path) -> Any:
    made = Consumer(local_aws_server, make_function, tmp_path / "seen")
    yield made
    client = local_aws_server.client("lambda")
    for mapping in client.list_event_source_mappings(FunctionName=made.name)["EventSourceMappings"]:
        client.delete_event_source_mapping(UUID=mapping["UUID"])


def new_queue(server: Any, name: str, **attributes: str) -> tuple[str, str]:
    url = server.client("sqs").create_queue(QueueName=name, Attributes={"VisibilityTimeout": "5", **attributes})
    return str(url["QueueUrl"]), f"arn:aws:sqs:us-east-1:123456789012:{name}"


def messages_left(server: Any, url: str) -> int:
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    attributes = server.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    return sum(int(value) for value in attributes.values())


def new_table(server: Any, name: str) -> str:
    dynamodb = server.client("dynamodb")
    dynamodb.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    )
    return str(dynamodb.describe_table(TableName=name)["Table"]["LatestStreamArn"])


def put(server: Any, table: str, *keys: str) -> None:
    for key in keys:
        server.client("dynamodb").put_item(TableName=table, Item={"id": {"S": key}, "raw": {"B": b"\xff"}})


def checkpoint(server: Any, mapping: str) -> str | None:
    """The sequence number up to which a running server has committed that the stream's records are settled."""
    state = f"{(server.state_dir / 'state.sqlite3').as_uri()}?mode=ro"
    with closing(sqlite3.connect(state, uri=True)) as connection:
        query = "SELECT document FROM documents WHERE kind = ? AND key = ?"
        row = connection.execute(query, (CHECKPOINT_KIND, mapping)).fetchone()
    return None if row is None else str(json.loads(row[0])["sequence_number"])


def test_only_the_failed_message_comes_again_and_ends_in_the_dead_letter_queue(
    local_aws_server: Any, consumer: Consumer, eventually: Callable[..., Any]
) -> None:
    dead, dead_arn = new_queue(local_aws_server, "partial-dead")
    redrive = json.dumps({"deadLetterTargetArn": dead_arn, "maxReceiveCount": 2})
    url, arn = new_queue(local_aws_server, "partial", RedrivePolicy=redrive)
    sqs = local_aws_server.client("sqs")
    entries = [{"Id": body, "MessageBody": body} for body in ("good-1", "bad", "good-2")]
    sqs.send_message_batch(QueueUrl=url, Entries=entries)
    consumer.map(arn, BatchSize=10, **REPORT)
    dead_letter = eventually(lambda: sqs.receive_message(QueueUrl=dead, WaitTimeSeconds=1).get("Messages"), 40)[0]
    assert dead_letter["Body"] == "bad"
    assert sorted(consumer.bodies) == ["bad", "bad", "good-1", "good-2"]
    assert messages_left(local_aws_server, url) == 0


def test_record_has_the_form_that_aws_documents(
    local_aws_server: Any, consumer: Consumer, eventually: Callable[..., Any]
) -> None:
    url, arn = new_queue(local_aws_server, "form")
    attribute = {"kind": {"StringValue": "x", "DataType": "String"}}
    sent = local_aws_server.client("sqs").send_message(QueueUrl=url, MessageBody="hello", MessageAttributes=attribute)
    consumer.map(arn)
    record = eventually(lambda: consumer.batches)[0][0]
    assert record["messageId"] == sent["MessageId"]
    assert record["md5OfBody"] == sent["MD5OfMessageBody"]
    assert record["attributes"]["ApproximateReceiveCount"] == "1"
    assert record["messageAttributes"]["kind"]["stringValue"] == "x"
    assert (record["eventSource"], record["eventSourceARN"], record["awsRegion"]) == ("aws:sqs", arn, "us-east-1")


def test_failed_invocation_returns_the_whole_batch(
    local_aws_server: Any, consumer: Consumer, eventually: Callable[..., Any]
) -> None:
    url, arn = new_queue(local_aws_server, "whole")
    sqs = local_aws_server.client("sqs")
    sqs.send_message_batch(QueueUrl=url, Entries=[{"Id": body, "MessageBody": body} for body in ("crash", "good")])
    consumer.map(arn, **REPORT)
    eventually(lambda: len(consumer.bodies) >= 4, 30)
    assert messages_left(local_aws_server, url) == 2


def test_batching_window_gathers_a_batch(
    local_aws_server: Any, consumer: Consumer, eventually: Callable[..., Any]
) -> None:
    url, arn = new_queue(local_aws_server, "window")
    consumer.map(arn, BatchSize=3, MaximumBatchingWindowInSeconds=20)
    for body in ("1", "2", "3"):
        local_aws_server.client("sqs").send_message(QueueUrl=url, MessageBody=body)
    assert len(eventually(lambda: consumer.batches)[0]) == 3


def test_filter_drops_what_nobody_wants(
    local_aws_server: Any, consumer: Consumer, eventually: Callable[..., Any]
) -> None:
    url, arn = new_queue(local_aws_server, "filtered")
    pattern = json.dumps({"body": {"kind": ["wanted"]}})
    consumer.map(arn, FilterCriteria={"Filters": [{"Pattern": pattern}]})
    for kind in ("other", "wanted"):
        local_aws_server.client("sqs").send_message(QueueUrl=url, MessageBody=json.dumps({"kind": kind}))
    eventually(lambda: messages_left(local_aws_server, url) == 0)
    assert [json.loads(body)["kind"] for body in consumer.bodies] == ["wanted"]


def test_disabled_mapping_does_not_poll(
    local_aws_server: Any, consumer: Consumer, eventually: Callable[..., Any]
) -> None:
    url, arn = new_queue(local_aws_server, "paused")
    identifier = consumer.map(arn, Enabled=False)
    client = local_aws_server.client("lambda")
    assert client.get_event_source_mapping(UUID=identifier)["State"] == "Disabled"
    local_aws_server.client("sqs").send_message(QueueUrl=url, MessageBody="later")
    client.update_event_source_mapping(UUID=identifier, Enabled=True)
    eventually(lambda: consumer.bodies == ["later"])


def test_mappings_that_cannot_work_are_refused(local_aws_server: Any, consumer: Consumer) -> None:
    client = local_aws_server.client("lambda")
    refused = client.exceptions.InvalidParameterValueException
    _, arn = new_queue(local_aws_server, "impatient", VisibilityTimeout="4")
    with pytest.raises(refused, match="less than Function timeout: 5"):
        consumer.map(arn)
    with pytest.raises(refused, match="does not exist"):
        consumer.map("arn:aws:sqs:us-east-1:123456789012:nowhere")
    with pytest.raises(refused, match="batch window"):
        consumer.map(new_queue(local_aws_server, "large")[1], BatchSize=11)
    with pytest.raises(refused, match="StartingPosition"):
        consumer.map(new_table(local_aws_server, "no-position"))
    _, arn = new_queue(local_aws_server, "twice")
    for settings, said in (
        ({"ScalingConfig": {"MaximumConcurrency": 2}}, "ScalingConfig is not provided"),
        ({"MaximumRetryAttempts": 1}, "Unsupported MaximumRetryAttempts"),
        ({"FilterCriteria": {"Filters": [{"Pattern": "{}"}]}}, "Invalid filter pattern definition"),
    ):
        with pytest.raises(refused, match=said):
            consumer.map(arn, **settings)
    consumer.map(arn)
    with pytest.raises(client.exceptions.ResourceConflictException):
        consumer.map(arn)


def test_stream_delivers_in_order_from_the_start(
    local_aws_server: Any, consumer: Consumer, eventually: Callable[..., Any]
) -> None:
    arn = new_table(local_aws_server, "ordered")
    put(local_aws_server, "ordered", "1", "2")
    consumer.map(arn, StartingPosition="TRIM_HORIZON")
    eventually(lambda: len(consumer.keys) == 2)
    put(local_aws_server, "ordered", "3")
    eventually(lambda: consumer.keys == ["1", "2", "3"])
    record = consumer.batches[0][0]
    assert (record["eventName"], record["eventSourceARN"]) == ("INSERT", arn)
    assert record["dynamodb"]["NewImage"]["raw"] == {"B": "/w=="}


def test_stream_from_latest_skips_what_was_before(
    local_aws_server: Any, consumer: Consumer, eventually: Callable[..., Any]
) -> None:
    arn = new_table(local_aws_server, "latest")
    put(local_aws_server, "latest", "before")
    consumer.map(arn, StartingPosition="LATEST")
    # The mapping may take a moment to find the stream's end, on AWS as well: put until one arrives.
    numbers = iter(range(1000))

    def delivered() -> bool:
        put(local_aws_server, "latest", f"after-{next(numbers)}")
        return bool(consumer.keys)

    eventually(delivered)
    assert "before" not in consumer.keys


def test_broken_stream_record_is_given_up_and_does_not_block_the_next(
    local_aws_server: Any, consumer: Consumer, eventually: Callable[..., Any]
) -> None:
    arn = new_table(local_aws_server, "blocked")
    url, queue = new_queue(local_aws_server, "given-up")
    put(local_aws_server, "blocked", "good-1", "crash", "good-2")
    consumer.map(
        arn,
        StartingPosition="TRIM_HORIZON",
        MaximumRetryAttempts=1,
        BisectBatchOnFunctionError=True,
        DestinationConfig={"OnFailure": {"Destination": queue}},
    )
    eventually(lambda: "good-2" in consumer.keys and consumer.keys.count("crash") >= 2, 30)
    put(local_aws_server, "blocked", "good-3")
    eventually(lambda: consumer.keys[-1] == "good-3")
    message = local_aws_server.client("sqs").receive_message(QueueUrl=url, WaitTimeSeconds=15)["Messages"][0]
    told = json.loads(message["Body"])
    assert told["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert (told["DDBStreamBatchInfo"]["batchSize"], told["DDBStreamBatchInfo"]["streamArn"]) == (1, arn)


def test_stream_goes_on_from_its_checkpoint_after_a_kill(
    own_server: Callable[..., Any], make_function: Callable[..., str], tmp_path: Path, eventually: Callable[..., Any]
) -> None:
    server = own_server()
    consumer = Consumer(server, make_function, tmp_path / "seen")
    arn = new_table(server, "killed")
    mapping = consumer.map(arn, StartingPosition="TRIM_HORIZON")
    put(server, "killed", "1", "2")
    eventually(lambda: len(consumer.keys) == 2)
    put(server, "killed", "3")
    eventually(lambda: len(consumer.keys) == 3)
    # What was delivered and not settled yet comes once more: at least once, as on AWS.
    eventually(lambda: checkpoint(server, mapping) == consumer.batches[-1][-1]["dynamodb"]["SequenceNumber"])
    server.kill()
    server.start()
    put(server, "killed", "4")
    eventually(lambda: consumer.keys[-1] == "4")
    assert consumer.keys == ["1", "2", "3", "4"]
