"""Events reach the targets of the rules they match, over HTTP and through a kill.

Sources: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-targets.html and
https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from local_server import LocalServer, snapshot_holds
from remembering_function import KEEP

pytestmark = pytest.mark.stack

ROLE = "arn:aws:iam::123456789012:role/events"


class Bus:
    """A rule of its own for each test, and queues to listen at."""

    def __init__(self, server: LocalServer) -> None:
        self.server = server
        self.source = f"test.{uuid.uuid4().hex}"
        self.name = self.source.replace(".", "-")
        self.events, self.sqs = server.client("events"), server.client("sqs")

    def rule(self, *targets: dict[str, Any], **pattern: Any) -> str:
        text = json.dumps({"source": [self.source], **pattern})
        arn = self.events.put_rule(Name=self.name, EventPattern=text)["RuleArn"]
        numbered = [{"Id": str(number), **target} for number, target in enumerate(targets)]
        self.events.put_targets(Rule=self.name, Targets=numbered)
        return str(arn)

    def queue(self, suffix: str = "", **attributes: str) -> tuple[str, str]:
        name = self.name + suffix
        url = self.sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        return url, f"arn:aws:sqs:us-east-1:123456789012:{name}"

    def put(self, *details: Any, **more: Any) -> dict[str, Any]:
        entries = [
            {"Source": self.source, "DetailType": "kind", "Detail": json.dumps(detail), **more} for detail in details
        ]
        answer: dict[str, Any] = self.events.put_events(Entries=entries)
        return answer

    def receive(self, url: str) -> dict[str, Any]:
        answer = self.sqs.receive_message(
            QueueUrl=url, WaitTimeSeconds=15, MessageAttributeNames=["All"], MessageSystemAttributeNames=["All"]
        )
        message: dict[str, Any] = answer["Messages"][0]
        self.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return message


@pytest.fixture
def bus(local_aws_server: LocalServer) -> Bus:
    return Bus(local_aws_server)


def test_event_reaches_function_state_machine_topic_log_group_and_another_bus(
    bus: Bus, make_function: Callable[..., str], tmp_path: Path, eventually: Callable[..., Any]
) -> None:
    states, logs, sns = (bus.server.client(name) for name in ("stepfunctions", "logs", "sns"))
    seen = tmp_path / "seen"
    function = make_function(bus.server, KEEP, Environment={"Variables": {"SEEN": str(seen)}})
    definition = {"QueryLanguage": "JSONata", "StartAt": "A", "States": {"A": {"Type": "Succeed"}}}
    machine = states.create_state_machine(name=bus.name, definition=json.dumps(definition), roleArn=ROLE)
    url, queue = bus.queue()
    topic = sns.create_topic(Name=bus.name)["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue, Attributes={"RawMessageDelivery": "true"})
    logs.create_log_group(logGroupName=f"/aws/events/{bus.name}")
    other = bus.events.create_event_bus(Name=bus.name)["EventBusArn"]
    far_url, far = bus.queue("-far")
    bus.events.put_rule(Name=bus.name, EventBusName=bus.name, EventPattern=json.dumps({"source": [bus.source]}))
    bus.events.put_targets(Rule=bus.name, EventBusName=bus.name, Targets=[{"Id": "far", "Arn": far}])
    transformer = {"InputPathsMap": {"kind": "$.detail.kind"}, "InputTemplate": '{"kind": <kind>}'}
    bus.rule(
        {"Arn": f"arn:aws:lambda:us-east-1:123456789012:function:{function}", "InputTransformer": transformer},
        {"Arn": machine["stateMachineArn"], "InputPath": "$.detail", "RoleArn": ROLE},
        {"Arn": topic, "Input": '"hello"'},
        {"Arn": f"arn:aws:logs:us-east-1:123456789012:log-group:/aws/events/{bus.name}"},
        {"Arn": other, "RoleArn": ROLE},
    )
    assert bus.put({"kind": "data"})["FailedEntryCount"] == 0
    assert json.loads(eventually(lambda: seen.exists() and seen.read_text())) == {"kind": "data"}
    started = eventually(lambda: states.list_executions(stateMachineArn=machine["stateMachineArn"])["executions"])
    assert json.loads(states.describe_execution(executionArn=started[0]["executionArn"])["input"]) == {"kind": "data"}
    assert bus.receive(url)["Body"] == '"hello"'
    forwarded = json.loads(bus.receive(far_url)["Body"])
    assert (forwarded["source"], forwarded["detail"]) == (bus.source, {"kind": "data"})
    lines = eventually(lambda: logs.filter_log_events(logGroupName=f"/aws/events/{bus.name}")["events"])
    assert json.loads(lines[0]["message"])["detail"] == {"kind": "data"}


def test_only_matching_events_reach_a_fifo_queue_in_order(bus: Bus) -> None:
    url, queue = bus.queue(".fifo", FifoQueue="true", ContentBasedDeduplication="true")
    bus.rule({"Arn": queue, "SqsParameters": {"MessageGroupId": "g"}}, detail={"n": [{"numeric": [">=", 2]}]})
    bus.put({"n": 1}, {"n": 2}, {"n": 3})
    bus.put({"n": 4})
    messages = [bus.receive(url) for _ in range(3)]
    assert [json.loads(message["Body"])["detail"]["n"] for message in messages] == [2, 3, 4]
    assert {message["Attributes"]["MessageGroupId"] for message in messages} == {"g"}


def test_parallel_callers_lose_no_event_and_keep_the_order_of_each(bus: Bus) -> None:
    url, queue = bus.queue(".fifo", FifoQueue="true", ContentBasedDeduplication="true")
    bus.rule({"Arn": queue, "SqsParameters": {"MessageGroupId": "g"}, "InputPath": "$.detail"})

    def put_all(caller: int) -> None:
        for number in range(0, 20, 4):
            bus.put(*[{"caller": caller, "n": number + each} for each in range(4)])

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(put_all, range(8)))
    seen: dict[int, list[int]] = {}
    while sum(len(numbers) for numbers in seen.values()) < 160:
        answer = bus.sqs.receive_message(QueueUrl=url, WaitTimeSeconds=15, MaxNumberOfMessages=10)
        for message in answer["Messages"]:
            detail = json.loads(message["Body"])
            seen.setdefault(detail["caller"], []).append(detail["n"])
            bus.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    assert seen == {caller: list(range(20)) for caller in range(8)}


def test_missing_target_sends_the_event_to_the_dead_letter_queue(bus: Bus) -> None:
    url, dead = bus.queue("-dead")
    gone = "arn:aws:lambda:us-east-1:123456789012:function:nowhere"
    rule = bus.rule({"Arn": gone, "DeadLetterConfig": {"Arn": dead}, "RetryPolicy": {"MaximumRetryAttempts": 1}})
    bus.put({"x": 1})
    message = bus.receive(url)
    told = {name: value["StringValue"] for name, value in message["MessageAttributes"].items()}
    assert (told["RULE_ARN"], told["TARGET_ARN"], told["ERROR_CODE"]) == (rule, gone, "ResourceNotFoundException")
    assert json.loads(message["Body"])["detail"] == {"x": 1}


def test_bad_entries_are_refused_one_by_one(bus: Bus) -> None:
    entry = {"Source": bus.source, "DetailType": "d", "Detail": "{}"}
    answer = bus.events.put_events(
        Entries=[
            entry,
            {**entry, "Source": "aws.s3"},
            {**entry, "Detail": "{"},
            {**entry, "Detail": "[]"},
            {"Source": bus.source, "DetailType": "d"},
            {**entry, "EventBusName": "nowhere"},
        ]
    )
    codes = [each.get("ErrorCode") for each in answer["Entries"]]
    assert codes == [
        None, "NotAuthorizedForSourceException", "MalformedDetail", "MalformedDetail", "InvalidArgument", None,
    ]  # fmt: skip
    assert answer["FailedEntryCount"] == 4
    for entries in ([entry] * 11, [{**entry, "Detail": json.dumps({"x": "y" * 1024 * 1024})}]):
        with pytest.raises(ClientError) as caught:
            bus.events.put_events(Entries=entries)
        assert caught.value.response["Error"]["Code"] == "ValidationException"


def test_pattern_is_tested_and_what_cannot_work_is_refused(bus: Bus) -> None:
    event = {"id": "1", "account": "1", "source": "s", "time": "t", "region": "r", "resources": [], "detail-type": "d"}
    ask = bus.events.test_event_pattern
    assert ask(EventPattern='{"source": ["s"]}', Event=json.dumps(event))["Result"] is True
    assert ask(EventPattern='{"source": ["t"]}', Event=json.dumps(event))["Result"] is False
    with pytest.raises(bus.events.exceptions.InvalidEventPatternException):
        ask(EventPattern='{"source": "s"}', Event=json.dumps(event))
    with pytest.raises(bus.events.exceptions.InvalidEventPatternException):
        bus.events.put_rule(Name=bus.name, EventPattern='{"source": [{"sounds-like": "s"}]}')
    for expression in ("cron(0 10 * * * *)", "rate(1 minutes)", "at(2030-01-01T00:00:00)"):
        with pytest.raises(ClientError, match="ScheduleExpression is not valid"):
            bus.events.put_rule(Name=bus.name, ScheduleExpression=expression)
    bus.rule({"Arn": bus.queue()[1]})
    for arn in ("arn:aws:glue:us-east-1:123456789012:workflow/w", "arn:aws:sagemaker:us-east-1:1:pipeline/p"):
        with pytest.raises(ClientError, match="cannot be a target on this server"):
            bus.rule({"Arn": arn, "RoleArn": ROLE})


def test_archived_events_are_replayed(bus: Bus, eventually: Callable[..., Any]) -> None:
    url, queue = bus.queue()
    name = bus.name[-40:]
    source = bus.events.describe_event_bus()["Arn"]
    bus.events.create_archive(
        ArchiveName=name, EventSourceArn=source, EventPattern=json.dumps({"source": [bus.source]})
    )
    bus.rule({"Arn": queue})
    bus.put({"n": 1})
    first = json.loads(bus.receive(url)["Body"])
    eventually(lambda: bus.events.describe_archive(ArchiveName=name)["EventCount"] == 1)
    now = datetime.now(UTC)
    bus.events.start_replay(
        ReplayName=name,
        EventSourceArn=bus.events.describe_archive(ArchiveName=name)["ArchiveArn"],
        EventStartTime=now - timedelta(hours=1),
        EventEndTime=now + timedelta(hours=1),
        Destination={"Arn": source},
    )
    again = json.loads(bus.receive(url)["Body"])
    assert (again["detail"], again["replay-name"]) == ({"n": 1}, name)
    assert again["id"] != first["id"]
    # What is replayed is not archived again.
    assert bus.events.describe_archive(ArchiveName=name)["EventCount"] == 1


def test_acknowledged_events_reach_their_target_after_a_kill(
    own_server: Callable[..., LocalServer], eventually: Callable[..., Any]
) -> None:
    server = own_server()
    bus = Bus(server)
    states = server.client("stepfunctions")
    definition = {"QueryLanguage": "JSONata", "StartAt": "A", "States": {"A": {"Type": "Succeed"}}}
    machine = states.create_state_machine(name=bus.name, definition=json.dumps(definition), roleArn=ROLE)
    arn = machine["stateMachineArn"]
    bus.rule({"Arn": arn, "RoleArn": ROLE})
    eventually(lambda: snapshot_holds(server, arn.encode()))
    accepted = bus.put(*[{"n": number} for number in range(10)])
    server.kill()
    server.start()

    def started() -> set[str]:
        executions = states.list_executions(stateMachineArn=arn)["executions"]
        inputs = [states.describe_execution(executionArn=each["executionArn"])["input"] for each in executions]
        return {json.loads(text)["id"] for text in inputs}

    ids = {entry["EventId"] for entry in accepted["Entries"]}
    eventually(lambda: started() == ids)
    # An order's execution is named after it: none is started twice.
    assert len(states.list_executions(stateMachineArn=arn)["executions"]) == len(ids)
