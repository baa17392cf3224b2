"""Map runs beside their histories: the operations on them, their children, concurrency, and ends from outside.

https://docs.aws.amazon.com/step-functions/latest/dg/concepts-examine-map-run.html
"""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest
from state_machines import FakeServices, StatesWorld, eventually

from local_aws.api import ApiError
from local_aws.services.states.engine import Engine
from local_aws.services.states.executions import execution_operations as executions
from local_aws.services.states.machines.machine_checks import check_definition
from local_aws.services.states.maps import map_run_operations as map_runs

PASS = {"StartAt": "Work", "States": {"Work": {"Type": "Pass", "End": True}}}
ASK = {
    "StartAt": "Ask",
    "States": {
        "Ask": {
            "Type": "Task",
            "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
            "Arguments": {"QueueUrl": "q", "MessageBody": "{% $states.context.Task.Token %}"},
            "End": True,
        }
    },
}
SENT = {"sqs.send_message": [{"MessageId": "m"}]}


def distributed(child: dict[str, Any], kind: str = "STANDARD", **fields: Any) -> dict[str, Any]:
    processor = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": kind}, **child}
    return {"StartAt": "Each", "States": {"Each": {"Type": "Map", "ItemProcessor": processor, "End": True, **fields}}}


def started(world: StatesWorld, definition: dict[str, Any]) -> tuple[str, str]:
    """An execution and its map run, once there is one."""
    execution = world.start(world.create(definition))
    world.await_event(execution, "MapRunStarted")
    return execution, world.map_runs(execution)[0]["mapRunArn"]


def listed(world: StatesWorld, **request: Any) -> list[dict[str, Any]]:
    arguments: Any = request
    return [dict(item) for item in executions.list_executions(world.aws, arguments)["executions"]]


def test_children_are_executions_of_their_own(world: StatesWorld) -> None:
    execution, run = started(world, distributed(PASS, Items=[1, 2], Label="pairs"))
    world.ended(execution)
    children = listed(world, mapRunArn=run)
    assert [child["itemCount"] for child in children] == [1, 1]
    arn = children[0]["executionArn"]
    assert arn.startswith("arn:aws:states:us-east-1:123456789012:execution:machine/pairs:")
    described = world.describe(arn)
    assert (described["mapRunArn"], described["status"]) == (run, "SUCCEEDED")
    assert described["stateMachineArn"].endswith(":stateMachine:machine/pairs")
    assert [event["type"] for event in world.events(arn)][:2] == ["ExecutionStarted", "PassStateEntered"]
    machine = executions.describe_state_machine_for_execution(world.aws, {"executionArn": arn})
    assert (machine["label"], machine["mapRunArn"]) == ("pairs", run)
    assert [one["executionArn"] for one in listed(world, stateMachineArn=world.describe(execution)["stateMachineArn"])]
    assert len(listed(world, stateMachineArn=world.describe(execution)["stateMachineArn"])) == 1


def test_children_are_listed_by_status(world: StatesWorld, services: FakeServices) -> None:
    services.replies = SENT
    execution, run = started(world, distributed(ASK, Items=[1, 2]))
    world.await_tokens(2)
    assert len(listed(world, mapRunArn=run, statusFilter="RUNNING")) == 2
    world.stop(execution)


def test_express_children_cannot_be_listed(world: StatesWorld) -> None:
    execution, run = started(world, distributed(PASS, "EXPRESS", Items=[1]))
    world.ended(execution)
    with pytest.raises(ApiError, match="StateMachineTypeNotSupported"):
        listed(world, mapRunArn=run)
    [child] = world.children(run)
    assert child["arn"].startswith("arn:aws:states:us-east-1:123456789012:express:machine/Each:")
    assert child["deadline"] - child["started"].timestamp() == pytest.approx(300, abs=5)


def test_an_update_takes_effect_on_a_run_under_way(world: StatesWorld, services: FakeServices) -> None:
    services.replies = SENT
    execution, run = started(world, distributed(ASK, Items=[1, 2, 3], MaxConcurrency=1))
    world.await_tokens(1)
    map_runs.update_map_run(world.aws, {"mapRunArn": run, "maxConcurrency": 3, "toleratedFailureCount": 1})
    tokens = world.await_tokens(3)
    world.fail(tokens[0], error="Bad")
    for token in tokens[1:]:
        world.succeed(token, "fine")
    assert world.ended(execution)["status"] == "SUCCEEDED"
    with pytest.raises(ApiError, match="ValidationException"):
        map_runs.update_map_run(world.aws, {"mapRunArn": run, "maxConcurrency": 3})


def test_a_failure_stops_the_children_that_run(world: StatesWorld, services: FakeServices) -> None:
    services.replies = SENT
    execution, run = started(world, distributed(ASK, Items=[1, 2, 3]))
    world.fail(world.await_tokens(3)[1], error="Bad")
    assert world.ended(execution)["error"] == "States.ExceedToleratedFailureThreshold"
    assert sorted(child["status"] for child in world.children(run)) == ["ABORTED", "ABORTED", "FAILED"]
    assert map_runs.describe_map_run(world.aws, {"mapRunArn": run})["executionCounts"]["aborted"] == 2


def test_stopping_an_execution_stops_its_children(world: StatesWorld, services: FakeServices) -> None:
    services.replies = SENT
    execution, run = started(world, distributed(ASK, Items=[1, 2]))
    world.await_tokens(2)
    world.stop(execution)
    eventually(lambda: [child["status"] for child in world.children(run)] == ["ABORTED", "ABORTED"])
    assert world.open_tokens() == []
    described = eventually(
        lambda: (d := map_runs.describe_map_run(world.aws, {"mapRunArn": run}))["executionCounts"]["aborted"] == 2 and d
    )
    assert described["status"] == "ABORTED"


def test_children_of_a_stopped_execution_are_stopped_after_a_restart(
    world: StatesWorld, services: FakeServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    services.replies = SENT
    execution, run = started(world, distributed(ASK, Items=[1]))
    world.await_tokens(1)
    with monkeypatch.context() as patch:
        patch.setattr(Engine, "_stop_jobs", lambda engine: None)
        world.stop(execution)
    assert world.children(run)[0]["status"] == "RUNNING"
    world.restart()
    eventually(lambda: world.children(run)[0]["status"] == "ABORTED")


def test_a_stopped_child_counts_as_failed(world: StatesWorld, services: FakeServices) -> None:
    services.replies = SENT
    execution, run = started(world, distributed(ASK, Items=[1], ToleratedFailurePercentage=100))
    world.await_tokens(1)
    world.stop(world.children(run)[0]["arn"])
    assert '"Status":"ABORTED"' in world.ended(execution)["output"]


def test_a_retried_map_makes_a_new_run(world: StatesWorld) -> None:
    bad = {"StartAt": "Bad", "States": {"Bad": {"Type": "Fail", "Error": "Bad"}}}
    retry = [{"ErrorEquals": ["States.ExceedToleratedFailureThreshold"], "MaxAttempts": 1, "IntervalSeconds": 1}]
    execution = world.start(world.create(distributed(bad, Items=[1], Retry=retry)))
    assert world.ended(execution)["status"] == "FAILED"
    runs = world.map_runs(execution)
    assert [run["status"] for run in runs] == ["FAILED", "FAILED"]
    assert len({run["mapRunArn"] for run in runs}) == 2


def test_a_map_run_inside_a_child(world: StatesWorld) -> None:
    inner = distributed(PASS, Items="{% [$states.input, 0] %}", Label="inner")
    inner = {"StartAt": "Inner", "States": {"Inner": inner["States"]["Each"]}}
    assert world.run(distributed(inner, Items=[1, 2]))["output"] == "[[1,0],[2,0]]"


def test_many_items_do_not_make_many_threads(world: StatesWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCAL_AWS_MAP_CONCURRENCY", "5")
    before, most = threading.active_count(), 0
    execution = world.start(world.create(distributed(PASS, Items="{% [1..200] %}")))

    def done() -> bool:
        nonlocal most
        most = max(most, threading.active_count())
        return bool(world.describe(execution)["status"] != "RUNNING")

    eventually(done)
    assert world.describe(execution)["output"] == str(list(range(1, 201))).replace(" ", "")
    # The parent's thread, five children, and those that are just ending.
    assert most - before <= 12


@pytest.mark.parametrize(
    ("arn", "code"),
    [
        ("arn:aws:states:us-east-1:123456789012:mapRun:m/l:00000000-0000-0000-0000-000000000000", "ResourceNotFound"),
        ("arn:aws:states:us-east-1:123456789012:stateMachine:m", "InvalidArn"),
    ],
)
def test_unknown_map_runs(arn: str, code: str, world: StatesWorld) -> None:
    with pytest.raises(ApiError, match=code):
        map_runs.describe_map_run(world.aws, {"mapRunArn": arn})


def test_map_runs_of_an_unknown_execution(world: StatesWorld) -> None:
    with pytest.raises(ApiError, match="ExecutionDoesNotExist"):
        map_runs.list_map_runs(world.aws, {"executionArn": "arn:aws:states:us-east-1:123456789012:execution:m:e"})


def test_express_children_are_held_to_what_express_machines_may_do() -> None:
    # https://docs.aws.amazon.com/step-functions/latest/dg/choosing-workflow-type.html
    for child, message in (
        (ASK, "Express state machine does not support '.waitForTaskToken' service integration"),
        (
            {"StartAt": "In", "States": {"In": distributed(PASS)["States"]["Each"]}},
            "Express state machine does not support Distributed Map",
        ),
    ):
        definition = {"QueryLanguage": "JSONata", **distributed(child, "EXPRESS", Items=[1])}
        with pytest.raises(ApiError) as refused:
            check_definition(json.dumps(definition), "STANDARD")
        assert message in str(refused.value)
        check_definition(json.dumps({**definition, **distributed(child, Items=[1])}), "STANDARD")
