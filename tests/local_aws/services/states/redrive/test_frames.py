"""RedriveExecution: an execution goes on from where it failed.

https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from state_machines import FakeServices, StatesWorld, chained, eventually

from local_aws.api import ApiError
from local_aws.services.states import history
from local_aws.services.states.executions import execution_operations as executions
from local_aws.services.states.records import REDRIVABLE
from local_aws.services.states.redrive import operations as redrive_operations
from local_aws.services.states.redrive import operations as redrives
from local_aws.services.states.redrive import redrivability

BAD = {"raises": "QueueDoesNotExist", "message": "none"}
GOOD = {"MessageId": "m"}


def send(body: Any, **more: Any) -> dict[str, Any]:
    arguments = {"QueueUrl": "https://queue", "MessageBody": body}
    task = {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "Arguments": arguments, "End": True, **more}
    return {key: part for key, part in task.items() if part is not None}


def send_item() -> dict[str, Any]:
    return send("{% $string($states.input) %}", Output="{% $states.input %}")


def one(state: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"StartAt": "Only", "States": {"Only": state}, **more}


def redrive(world: StatesWorld, execution: str, **more: str) -> Any:
    request: Any = {"executionArn": execution, **more}
    return redrives.redrive_execution(world.aws, request)["redriveDate"]


def failed(world: StatesWorld, definition: dict[str, Any], value: Any = None) -> str:
    described = world.run(definition, value)
    assert described["status"] == "FAILED"
    return str(described["executionArn"])


def kinds(world: StatesWorld, execution: str) -> list[str]:
    return [event["type"] for event in world.events(execution)]


def bodies(services: FakeServices) -> list[str]:
    return [call["MessageBody"] for call in services.made("sqs.send_message")]


def test_the_failed_task_is_done_again_and_what_went_before_is_not(world: StatesWorld, services: FakeServices) -> None:
    services.replies = {"sqs.send_message": [BAD, GOOD]}
    first = {"Type": "Pass", "Assign": {"kept": "{% $states.input.n + 1 %}"}, "Next": "Send"}
    definition = {"StartAt": "First", "States": {"First": first, "Send": send("{% $string($kept) %}")}}
    execution = failed(world, definition, {"n": 1})
    before = len(world.events(execution))
    redrive(world, execution)
    assert world.ended(execution)["status"] == "SUCCEEDED"
    assert bodies(services) == ["2", "2"]
    after = world.events(execution)[before:]
    assert [event["type"] for event in after] == [
        "ExecutionRedriven",
        "TaskScheduled",
        "TaskStarted",
        "TaskSucceeded",
        "TaskStateExited",
        "ExecutionSucceeded",
    ]
    assert after[0]["executionRedrivenEventDetails"] == {"redriveCount": 1}
    assert after[0]["previousEventId"] == before
    assert chained(world.events(execution))


def test_the_description_and_the_context_object_count_redrives(world: StatesWorld, services: FakeServices) -> None:
    services.replies = {"sqs.send_message": [BAD, BAD, GOOD]}
    execution = failed(world, one(send("{% $string($states.context.Execution.RedriveCount) %}")))
    described = world.describe(execution)
    assert (described["redriveCount"], described["redriveStatus"]) == (0, "REDRIVABLE")
    assert "redriveStatusReason" not in described
    redrive(world, execution)
    assert world.ended(execution)["status"] == "FAILED"
    date = redrive(world, execution)
    described = world.ended(execution)
    assert (described["redriveCount"], described["redriveDate"]) == (2, date)
    assert described["redriveStatus"] == "NOT_REDRIVABLE"
    assert described["redriveStatusReason"] == "Execution is SUCCEEDED and cannot be redriven"
    assert bodies(services) == ["0", "1", "2"]


def test_retries_begin_anew(world: StatesWorld, services: FakeServices) -> None:
    services.replies = {"sqs.send_message": [BAD, BAD, BAD, GOOD]}
    retry = [{"ErrorEquals": ["States.ALL"], "MaxAttempts": 1, "IntervalSeconds": 1}]
    execution = failed(world, one(send("text", Retry=retry)))
    redrive(world, execution)
    assert world.ended(execution)["status"] == "SUCCEEDED"
    assert len(bodies(services)) == 4


def test_branches_that_succeeded_are_not_run_again(world: StatesWorld, services: FakeServices) -> None:
    calls: list[str] = []

    def answer(QueueUrl: str, MessageBody: str) -> dict[str, Any]:  # noqa: N803 - boto3's names
        calls.append(MessageBody)
        if MessageBody == "bad" and calls.count("bad") == 1:
            eventually(lambda: "good" in calls)
            eventually(lambda: kinds(world, execution).count("TaskStateExited") == 1)
            raise KeyError("a call that breaks")
        return dict(GOOD)

    services.on("sqs.send_message", answer)
    branches = [one(send("good")), one(send("bad"))]
    branches[0]["States"] = {"Good": send("good", Output="left")}
    branches[0]["StartAt"] = "Good"
    branches[1]["States"] = {"Bad": send("bad", Output="right")}
    branches[1]["StartAt"] = "Bad"
    machine = world.create(one({"Type": "Parallel", "Branches": branches, "End": True}))
    execution = "arn:aws:states:us-east-1:123456789012:execution:machine:run"
    world.start(machine)
    assert world.ended(execution)["status"] == "FAILED"
    redrive(world, execution)
    described = world.ended(execution)
    assert (described["status"], json.loads(described["output"])) == ("SUCCEEDED", ["left", "right"])
    assert sorted(calls) == ["bad", "bad", "good"]
    assert kinds(world, execution).count("ParallelStateStarted") == 1
    assert world.aws.store.list(REDRIVABLE) == []


def test_iterations_that_succeeded_are_not_run_again(world: StatesWorld, services: FakeServices) -> None:
    services.replies = {"sqs.send_message": [GOOD, BAD, GOOD]}
    processor = {
        "StartAt": "Send",
        "States": {"Send": send("{% $string($states.input) %}", Output="{% $states.input %}")},
    }
    each = {"Type": "Map", "Items": [1, 2, 3], "MaxConcurrency": 1, "ItemProcessor": processor, "End": True}
    execution = failed(world, one(each))
    redrive(world, execution)
    assert json.loads(world.ended(execution)["output"]) == [1, 2, 3]
    assert bodies(services) == ["1", "2", "2", "3"]
    assert kinds(world, execution).count("MapStateStarted") == 1


def test_forks_inside_forks_go_on_where_they_failed(world: StatesWorld, services: FakeServices) -> None:
    services.replies = {"sqs.send_message": [GOOD, BAD, GOOD]}
    processor = {
        "StartAt": "Send",
        "States": {"Send": send("{% $string($states.input) %}", Output="{% $states.input %}")},
    }
    each = {"Type": "Map", "Items": [1, 2], "MaxConcurrency": 1, "ItemProcessor": processor, "End": True}
    outer = {"Type": "Parallel", "Branches": [{"StartAt": "Each", "States": {"Each": each}}], "End": True}
    execution = failed(world, one(outer))
    redrive(world, execution)
    assert json.loads(world.ended(execution)["output"]) == [[1, 2]]
    assert bodies(services) == ["1", "2", "2"]


def test_a_stopped_wait_begins_anew(world: StatesWorld) -> None:
    hold = {"Type": "Wait", "Seconds": "{% $states.context.Execution.RedriveCount = 0 ? 600 : 0 %}", "End": True}
    execution = world.start(world.create(one(hold)))
    world.await_event(execution, "WaitStateEntered")
    world.stop(execution, error="Enough")
    assert world.describe(execution)["redriveStatus"] == "REDRIVABLE"
    redrive(world, execution)
    described = world.ended(execution)
    assert described["status"] == "SUCCEEDED"
    assert "error" not in described


def test_a_token_of_before_is_spent_and_a_new_one_is_given(world: StatesWorld, services: FakeServices) -> None:
    services.replies = {"sqs.send_message": [GOOD]}
    ask = send("{% $states.context.Task.Token %}", Resource="arn:aws:states:::sqs:sendMessage.waitForTaskToken")
    execution = world.start(world.create(one(ask)))
    [old] = world.await_tokens()
    world.stop(execution)
    redrive(world, execution)
    [new] = world.await_tokens()
    with pytest.raises(ApiError, match="TaskTimedOut"):
        world.succeed(old, "late")
    world.succeed(new, "yes")
    assert world.ended(execution)["output"] == '"yes"'


def test_the_time_out_of_the_machine_begins_anew(world: StatesWorld) -> None:
    hold = {"Type": "Wait", "Seconds": "{% $states.context.Execution.RedriveCount = 0 ? 600 : 0 %}", "End": True}
    execution = world.start(world.create(one(hold, TimeoutSeconds=1)))
    assert world.ended(execution)["status"] == "TIMED_OUT"
    redrive(world, execution)
    assert world.ended(execution)["status"] == "SUCCEEDED"


def test_only_unsuccessful_executions_can_be_redriven(world: StatesWorld) -> None:
    done = str(world.run(one({"Type": "Succeed"}), name="done")["executionArn"])
    running = world.start(world.create(one({"Type": "Wait", "Seconds": 600, "End": True})), name="running")
    for execution, status in ((done, "SUCCEEDED"), (running, "RUNNING")):
        with pytest.raises(ApiError) as refused:
            redrive(world, execution)
        assert refused.value.code == "ExecutionNotRedrivable"
        assert refused.value.message == f"Execution is {status} and cannot be redriven"


def test_two_weeks_after_its_end_it_is_too_late(world: StatesWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    assert timedelta(days=14) == redrivability.PERIOD
    execution = failed(world, one({"Type": "Fail", "Error": "E"}))
    monkeypatch.setattr(redrivability, "PERIOD", timedelta(0))
    with pytest.raises(ApiError, match="ExecutionNotRedrivable: Execution ended more than 0 days ago"):
        redrive(world, execution)
    assert world.describe(execution)["redriveStatus"] == "NOT_REDRIVABLE"


def test_a_full_history_has_no_room_for_a_redrive(world: StatesWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    assert redrivability.MAX_EVENTS_BEFORE == history.MAX_EVENTS - 2
    execution = failed(world, one({"Type": "Fail", "Error": "E"}))
    for module in (executions, redrive_operations):
        monkeypatch.setattr(module, "MAX_EVENTS_BEFORE", 2)
    with pytest.raises(ApiError, match="ExecutionNotRedrivable: Execution history has more than"):
        redrive(world, execution)


def test_a_client_token_redrives_once(world: StatesWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    execution = failed(world, one({"Type": "Fail", "Error": "E"}))
    first = redrive(world, execution, clientToken="t")
    world.ended(execution)
    assert redrive(world, execution, clientToken="t") == first
    assert world.describe(execution)["redriveCount"] == 1
    monkeypatch.setattr(redrive_operations, "TOKENS_VALID", timedelta(0))
    assert redrive(world, execution, clientToken="t") != first


def test_a_fail_state_fails_again(world: StatesWorld) -> None:
    execution = failed(world, one({"Type": "Fail", "Error": "E", "Cause": "always"}))
    redrive(world, execution)
    described = world.ended(execution)
    assert (described["status"], described["error"], described["cause"]) == ("FAILED", "E", "always")


def test_a_redriven_execution_outlives_a_restart(world: StatesWorld, services: FakeServices) -> None:
    services.replies = {"sqs.send_message": [BAD, GOOD]}
    ask = send("{% $states.context.Task.Token %}", Resource="arn:aws:states:::sqs:sendMessage.waitForTaskToken")
    execution = failed(world, one(ask))
    world.restart()
    redrive(world, execution)
    eventually(lambda: "TaskSubmitted" in kinds(world, execution))
    world.restart()
    [token] = world.await_tokens()
    world.succeed(token, 1)
    assert world.ended(execution)["output"] == "1"
    assert kinds(world, execution).count("ExecutionRedriven") == 1


def test_redriven_executions_can_be_listed(world: StatesWorld) -> None:
    machine = world.create(one({"Type": "Fail", "Error": "E"}))
    arns = [world.start(machine, name=name) for name in ("a", "b")]
    for arn in arns:
        world.ended(arn)
    redrive(world, arns[0])
    world.ended(arns[0])

    def names(wanted: str) -> list[tuple[str, int]]:
        request: Any = {"stateMachineArn": machine, "redriveFilter": wanted}
        found = executions.list_executions(world.aws, request)["executions"]
        return [(item["name"], item["redriveCount"]) for item in found]

    assert names("REDRIVEN") == [("a", 1)]
    assert names("NOT_REDRIVEN") == [("b", 0)]
