"""Executions in CloudWatch Logs.

https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html and …/cloudwatch-log-level.html; the form of entries
and the messages of refusals are recorded behaviour.
"""

from __future__ import annotations

import json
import re
import threading
from typing import Any

import pytest
from state_machines import ROLE, FakeServices, StatesWorld, client_error, eventually

from local_aws.api import ApiError
from local_aws.services.states.executions import execution_logs
from local_aws.services.states.executions import execution_start as starts
from local_aws.services.states.executions.execution_logs import Entry, LogWriter, is_logged
from local_aws.services.states.machines import machine_operations as machines

GROUP = "/aws/vendedlogs/states/logs"
GROUP_ARN = f"arn:aws:logs:us-east-1:123456789012:log-group:{GROUP}:*"
PASS = {"StartAt": "Only", "States": {"Only": {"Type": "Pass", "Output": 2, "End": True}}}
FAIL = {"StartAt": "No", "States": {"No": {"Type": "Fail", "Error": "E", "Cause": "c"}}}


class Logs:
    """CloudWatch Logs that remember what was put."""

    def __init__(self, services: FakeServices, *groups: str) -> None:
        self.groups = list(groups)
        self.streams: set[str] = set()
        self.entries: list[dict[str, Any]] = []
        services.on("logs.describe_log_groups", self.describe)
        services.on("logs.create_log_stream", self.create)
        services.on("logs.put_log_events", self.put)

    def describe(self, logGroupNamePrefix: str) -> dict[str, Any]:  # noqa: N803 - boto3's names
        return {"logGroups": [{"logGroupName": name} for name in self.groups if name.startswith(logGroupNamePrefix)]}

    def create(self, logGroupName: str, logStreamName: str) -> None:  # noqa: N803
        if logGroupName not in self.groups:
            raise client_error("ResourceNotFoundException", "The specified log group does not exist.")
        if logStreamName in self.streams:
            raise client_error("ResourceAlreadyExistsException", "The specified log stream already exists")
        self.streams.add(logStreamName)

    def put(self, logGroupName: str, logStreamName: str, logEvents: list[dict[str, Any]]) -> None:  # noqa: N803
        assert logGroupName in self.groups
        assert logStreamName in self.streams
        self.entries += logEvents

    def shown(self) -> list[dict[str, Any]]:
        return [json.loads(entry["message"]) for entry in self.entries]

    def kinds(self) -> list[str]:
        return [entry["type"] for entry in self.shown()]


@pytest.fixture
def logs(services: FakeServices) -> Logs:
    return Logs(services, GROUP)


def configured(level: str = "ALL", *arns: str, data: bool = False) -> dict[str, Any]:
    destinations = [{"cloudWatchLogsLogGroup": {"logGroupArn": arn}} for arn in arns or (GROUP_ARN,)]
    return {"level": level, "includeExecutionData": data, "destinations": destinations}


def create(world: StatesWorld, logging: dict[str, Any], definition: Any = PASS, kind: str = "STANDARD") -> str:
    text = json.dumps({"QueryLanguage": "JSONata", **definition})
    request: Any = {"name": "machine", "definition": text, "roleArn": ROLE, "loggingConfiguration": logging}
    return machines.create_state_machine(world.aws, {**request, "type": kind})["stateMachineArn"]


def run(world: StatesWorld, logging: dict[str, Any], definition: Any = PASS) -> str:
    execution = world.start(create(world, logging, definition), {"a": 1})
    world.ended(execution)
    return execution


def test_events_are_logged_without_data_unless_asked(world: StatesWorld, logs: Logs) -> None:
    execution = run(world, configured("ALL"))
    eventually(lambda: len(logs.entries) == 4)
    first, _, third, last = logs.shown()
    assert re.fullmatch(r"\d{13}", first.pop("event_timestamp"))
    assert first == {
        "id": "1",
        "type": "ExecutionStarted",
        "details": {"roleArn": ROLE},
        "previous_event_id": "0",
        "execution_arn": execution,
        "redrive_count": "0",
    }
    assert (third["type"], third["details"], third["previous_event_id"]) == ("PassStateExited", {"name": "Only"}, "2")
    assert (last["type"], last["details"]) == ("ExecutionSucceeded", {})
    [stream] = logs.streams
    assert re.fullmatch(r"states/machine/\d{4}(-\d\d){4}/[0-9a-f]{8}", stream)


def test_data_is_logged_when_asked(world: StatesWorld, logs: Logs) -> None:
    run(world, configured("ALL", data=True))
    eventually(lambda: len(logs.entries) == 4)
    first, *_, last = logs.shown()
    assert first["details"] == {"input": '{"a": 1}', "inputDetails": {"truncated": False}, "roleArn": ROLE}
    assert last["details"] == {"output": "2", "outputDetails": {"truncated": False}}


def test_long_data_is_cut_and_says_so() -> None:
    details = {"input": json.dumps("x" * 260_000), "inputDetails": {"truncated": False}, "name": "n"}
    shown = execution_logs.shown_details(details, with_data=True)
    assert shown["inputDetails"] == {"truncated": True}
    assert len(json.dumps(shown)) < 256 * 1024


@pytest.mark.parametrize(
    ("level", "logged"),
    [
        ("ALL", ["ExecutionStarted", "FailStateEntered", "ExecutionFailed"]),
        ("ERROR", ["FailStateEntered", "ExecutionFailed"]),
        ("FATAL", ["ExecutionFailed"]),
    ],
)
def test_levels(world: StatesWorld, logs: Logs, level: str, logged: list[str]) -> None:
    run(world, configured(level), FAIL)
    eventually(lambda: logs.kinds() == logged)


@pytest.mark.parametrize(
    ("kind", "levels"),
    [
        ("TaskFailed", {"ALL", "ERROR"}),
        ("LambdaFunctionTimedOut", {"ALL", "ERROR"}),
        ("MapIterationAborted", {"ALL", "ERROR"}),
        ("TaskSucceeded", {"ALL"}),
        ("ExecutionAborted", {"ALL", "ERROR", "FATAL"}),
        ("ExecutionTimedOut", {"ALL", "ERROR", "FATAL"}),
        ("ExecutionSucceeded", {"ALL"}),
    ],
)
def test_which_events_a_level_takes(kind: str, levels: set[str]) -> None:
    assert {level for level in ("ALL", "ERROR", "FATAL", "OFF") if is_logged(level, kind)} == levels


def test_express_executions_are_logged_too(world: StatesWorld, logs: Logs) -> None:
    machine = create(world, configured("ALL"), kind="EXPRESS")
    answer = starts.start_sync_execution(world.aws, {"stateMachineArn": machine})
    eventually(lambda: logs.kinds()[-1:] == ["ExecutionSucceeded"])
    assert {entry["execution_arn"] for entry in logs.shown()} == {answer["executionArn"]}


def test_a_log_group_that_is_gone_stops_nothing(world: StatesWorld, logs: Logs) -> None:
    # Recorded behaviour: the execution succeeds.
    machine = create(world, configured("ALL"))
    logs.groups.clear()
    assert world.ended(world.start(machine))["status"] == "SUCCEEDED"
    assert logs.entries == []


def test_logs_that_hang_stop_nothing(world: StatesWorld, services: FakeServices, logs: Logs) -> None:
    release = threading.Event()

    def hang(**request: Any) -> None:
        release.wait(60)
        logs.create(**request)

    services.on("logs.create_log_stream", hang)
    assert world.ended(world.start(create(world, configured("ALL"))))["status"] == "SUCCEEDED"
    assert logs.entries == []
    release.set()
    eventually(lambda: logs.entries)


def test_memory_is_bounded_while_nothing_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    release, written = threading.Event(), []

    class Client:
        def create_log_stream(self, **_: Any) -> None:
            release.wait(60)

        def put_log_events(self, logEvents: list[Any], **_: Any) -> None:  # noqa: N803 - boto3's name
            written.extend(logEvents)

    monkeypatch.setattr(execution_logs, "MAX_WAITING_BYTES", 10_000)
    writer = LogWriter(lambda service: Client())
    for number in range(1000):
        writer.put(Entry("group", "stream", number, "x" * 100))
    assert writer.waiting_bytes <= 10_000
    release.set()
    writer.close()
    assert 0 < len(written) <= 200


def test_what_waits_is_written_before_the_server_ends(world: StatesWorld, logs: Logs) -> None:
    run(world, configured("ALL"))
    world.restart()
    assert logs.kinds()[-1] == "ExecutionSucceeded"


@pytest.mark.parametrize(
    ("logging", "reason"),
    [
        ({"level": "ALL"}, "Must specify exactly one Log Destination."),
        ({"level": "ALL", "destinations": []}, "Must specify exactly one Log Destination."),
        (configured("ALL", GROUP_ARN, GROUP_ARN), "Must specify exactly one Log Destination."),
        (configured("ALL", GROUP_ARN[:-2]), "Log Group ARN must be provided with '*' qualifier."),
        (configured("ALL", GROUP_ARN.replace("states/logs", "none")), "Log Destination not found."),
    ],
)
def test_configurations_that_are_refused(world: StatesWorld, logs: Logs, logging: Any, reason: str) -> None:
    with pytest.raises(ApiError) as refused:
        create(world, logging)
    expected = ("InvalidLoggingConfiguration", f"Invalid Logging Configuration: {reason}")
    assert (refused.value.code, refused.value.message) == expected


def test_describe_shows_the_configuration(world: StatesWorld, logs: Logs) -> None:
    machine = create(world, configured("FATAL"))
    shown = machines.describe_state_machine(world.aws, {"stateMachineArn": machine})
    assert shown["loggingConfiguration"] == configured("FATAL")
    change: Any = {"stateMachineArn": machine, "loggingConfiguration": {"level": "OFF"}}
    machines.update_state_machine(world.aws, change)
    shown = machines.describe_state_machine(world.aws, {"stateMachineArn": machine})
    assert shown["loggingConfiguration"] == {"level": "OFF", "includeExecutionData": False}
    assert shown["tracingConfiguration"] == {"enabled": False}
