"""Rules fire when their time has come, and events reach functions and state machines."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest

from local_aws.api import Context
from local_aws.services.event_targets import Delivery
from local_aws.services.schedules import Schedules, period_of
from local_aws.store import Store

KEEP = """
import json, os
def handler(event, context):
    with open(os.environ["SEEN"], "a") as file:
        file.write(json.dumps(event) + "\\n")
"""


@pytest.mark.parametrize(
    ("expression", "seconds"),
    [
        ("rate(1 minute)", 60),
        ("rate(5 minutes)", 300),
        ("rate(1 hour)", 3600),
        ("rate(2 days)", 172_800),
        ("rate(1 second)", None),
        ("cron(0 12 * * ? *)", None),
        ("", None),
    ],
)
def test_period_of_a_rate(expression: str, seconds: int | None) -> None:
    assert period_of(expression) == seconds


class Rules:
    """EventBridge with given rules, two to a page."""

    def __init__(self) -> None:
        self.rules: list[dict[str, Any]] = []

    def list_rules(self, NextToken: str = "0") -> dict[str, Any]:  # noqa: N803 - the API's own name
        start = int(NextToken)
        more = {"NextToken": str(start + 2)} if start + 2 < len(self.rules) else {}
        return {"Rules": self.rules[start : start + 2], **more}

    def list_targets_by_rule(self, Rule: str) -> dict[str, Any]:  # noqa: N803 - the API's own name
        return {"Targets": [{"Id": "t", "Arn": f"arn:aws:lambda:::function:{Rule}"}]}

    def add(self, name: str, expression: str, state: str = "ENABLED") -> None:
        self.rules.append({"Name": name, "Arn": f"arn:{name}", "ScheduleExpression": expression, "State": state})


class Recorder:
    def __init__(self) -> None:
        self.delivered: list[tuple[str, dict[str, Any]]] = []

    def add(self, target: dict[str, Any], event: dict[str, Any]) -> None:
        self.delivered.append((target["Arn"].rpartition(":")[2], event))


@dataclass
class Bench:
    rules: Rules
    recorder: Recorder
    make: Callable[[], Schedules]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    rules, recorder = Rules(), Recorder()
    store = Store(tmp_path / "state.sqlite3")
    context = Context(
        endpoint="http://localhost",
        state_dir=tmp_path,
        store=store,
        supervisor=cast(Any, None),
        client=lambda service: rules,
        images={},
    )
    return Bench(rules, recorder, lambda: Schedules(context, cast(Delivery, recorder)))


def test_rule_fires_once_in_each_period(bench: Bench) -> None:
    bench.rules.add("minute", "rate(1 minute)")
    bench.rules.add("hour", "rate(1 hour)")
    bench.rules.add("off", "rate(1 minute)", "DISABLED")
    bench.rules.add("pattern", "")
    schedules = bench.make()
    fired = [schedules.fire_due(float(now)) for now in (0, 59, 60, 61, 119, 120, 3600)]
    assert fired == [[], [], ["arn:minute"], [], [], ["arn:minute"], ["arn:minute", "arn:hour"]]
    name, event = bench.recorder.delivered[0]
    assert name == "minute"
    assert (event["source"], event["resources"], event["time"]) == (
        "aws.events",
        ["arn:minute"],
        "1970-01-01T00:01:00Z",
    )


def test_restart_neither_repeats_nor_forgets_a_firing(bench: Bench) -> None:
    bench.rules.add("minute", "rate(1 minute)")
    bench.make().fire_due(0.0)
    assert bench.make().fire_due(60.0) == ["arn:minute"]
    assert bench.make().fire_due(90.0) == []
    assert bench.make().fire_due(200.0) == ["arn:minute"]


def test_changed_rate_begins_anew(bench: Bench) -> None:
    bench.rules.add("rule", "rate(1 hour)")
    schedules = bench.make()
    schedules.fire_due(0.0)
    bench.rules.rules[0]["ScheduleExpression"] = "rate(1 minute)"
    assert schedules.fire_due(100.0) == []
    assert schedules.fire_due(160.0) == ["arn:rule"]


@pytest.fixture
def seen(tmp_path: Path) -> Iterator[Callable[[], list[dict[str, Any]]]]:
    file = tmp_path / "seen"
    yield lambda: [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


@pytest.fixture
def function(local_aws_server: Any, make_function: Callable[..., str], tmp_path: Path) -> str:
    name = make_function(local_aws_server, KEEP, Environment={"Variables": {"SEEN": str(tmp_path / "seen")}})
    return f"arn:aws:lambda:us-east-1:123456789012:function:{name}"


@pytest.mark.stack
def test_schedule_reaches_a_real_function(
    local_aws_server: Any, function: str, seen: Any, tmp_path: Path, eventually: Callable[..., Any]
) -> None:
    events = local_aws_server.client("events")
    arn = events.put_rule(Name="sweep", ScheduleExpression="rate(1 minute)")["RuleArn"]
    events.put_targets(
        Rule="sweep", Targets=[{"Id": "f", "Arn": function}, {"Id": "g", "Arn": function, "Input": "{}"}]
    )
    context = Context(
        endpoint=local_aws_server.url,
        state_dir=tmp_path,
        store=Store(tmp_path / "own.sqlite3"),
        supervisor=cast(Any, None),
        client=local_aws_server.client,
        images={},
    )
    delivery = Delivery(context)
    schedules = Schedules(context, delivery)
    assert schedules.fire_due(0.0) == []
    assert arn in schedules.fire_due(60.0)
    received = eventually(lambda: seen() if len(seen()) == 2 else None)
    assert {} in received
    assert [each["detail-type"] for each in received if each] == ["Scheduled Event"]
    delivery.close()
    events.remove_targets(Rule="sweep", Ids=["f", "g"])
    events.delete_rule(Name="sweep")


@pytest.mark.stack
def test_matching_event_reaches_function_state_machine_and_queue(
    local_aws_server: Any, function: str, seen: Any, eventually: Callable[..., Any]
) -> None:
    events, states, sqs = (local_aws_server.client(name) for name in ("events", "stepfunctions", "sqs"))
    definition = {"QueryLanguage": "JSONata", "StartAt": "A", "States": {"A": {"Type": "Succeed"}}}
    machine = states.create_state_machine(
        name="listener", definition=json.dumps(definition), roleArn="arn:aws:iam::123456789012:role/states"
    )["stateMachineArn"]
    queue = sqs.create_queue(QueueName="listener")["QueueUrl"]
    events.put_rule(Name="listen", EventPattern=json.dumps({"source": ["vigil.test"]}))
    transformer = {"InputPathsMap": {"kind": "$.detail.kind"}, "InputTemplate": '{"kind": "<kind>"}'}
    events.put_targets(
        Rule="listen",
        Targets=[
            {"Id": "function", "Arn": function, "InputTransformer": transformer},
            {"Id": "machine", "Arn": machine, "InputPath": "$.detail", "RoleArn": "arn:aws:iam::123456789012:role/e"},
            {"Id": "queue", "Arn": "arn:aws:sqs:us-east-1:123456789012:listener"},
        ],
    )
    entry = {"Source": "vigil.test", "DetailType": "drift", "Detail": json.dumps({"kind": "data"})}
    answer = events.put_events(Entries=[entry, {**entry, "Source": "other"}])
    assert answer["FailedEntryCount"] == 0
    assert eventually(seen) == [{"kind": "data"}]
    started = eventually(lambda: states.list_executions(stateMachineArn=machine)["executions"])
    assert len(started) == 1
    described = states.describe_execution(executionArn=started[0]["executionArn"])
    assert json.loads(described["input"]) == {"kind": "data"}
    message = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=5)["Messages"][0]
    assert json.loads(message["Body"])["source"] == "vigil.test"
