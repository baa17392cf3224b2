"""Executions that wait hold no thread, and come to the same end with the same history.

local_aws: what a waiting execution costs is its frame in the store.
"""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest
from state_machines import FakeServices, StatesWorld, eventually, masked

from local_aws.api import ApiError
from local_aws.services.states import runtime
from local_aws.services.states.parking import Parking
from local_aws.services.states.redrive import operations as redrives

MACHINES = Path(__file__).parent / "machines"
#: Cases without steps from outside that wait, fork or retry.
CASES = [
    "failure_travels_outwards",
    "inner_scope_reads_outer_variables",
    "map_failure",
    "map_one_at_a_time",
    "sync_glue_job",
    "task_function_error_caught",
    "wait_seconds",
]
ASK = {
    "Type": "Task",
    "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
    "Arguments": {"QueueUrl": "https://queue", "MessageBody": "{% $states.context.Task.Token %}"},
    "End": True,
}
HOLD = {"Type": "Wait", "Seconds": 600, "End": True}


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every wait gives up its thread, however short it is."""
    monkeypatch.setattr(runtime, "PARK_AFTER_SECONDS", 0.0)


@pytest.fixture(autouse=True)
def queue(services: FakeServices) -> None:
    services.replies = {"sqs.send_message": [{"MessageId": "m"}]}


def one(state: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"StartAt": "Only", "States": {"Only": state}, **more}


def threads_of(name: str) -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith(name)]


@pytest.mark.parametrize("state", [ASK, HOLD], ids=["token", "wait"])
def test_two_hundred_waiting_executions_hold_no_thread(world: StatesWorld, state: dict[str, Any]) -> None:
    machine = world.create(one(state))
    arns = [world.start(machine, name=f"parked-{number}") for number in range(200)]
    for arn in arns:
        world.await_event(arn, "TaskSubmitted" if state is ASK else "WaitStateEntered")
    eventually(lambda: threads_of("parked-") == [])
    if state is HOLD:
        for arn in arns:
            world.stop(arn)
    for token in world.open_tokens():
        world.succeed(token, "yes")
    wanted = "SUCCEEDED" if state is ASK else "ABORTED"
    assert {world.ended(arn)["status"] for arn in arns} == {wanted}
    assert world.aws.store.list("states:frame") == []


def test_map_runs_whose_children_wait_hold_no_thread(world: StatesWorld) -> None:
    processor = {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
        "StartAt": "Ask",
        "States": {"Ask": ASK},
    }
    machine = world.create(one({"Type": "Map", "Items": [1], "ItemProcessor": processor, "End": True}))
    before = threading.active_count()
    arns = [world.start(machine, name=f"mapping-{number}") for number in range(20)]
    tokens = world.await_tokens(20)
    # One thread watches all that is parked.
    eventually(lambda: threading.active_count() <= before + 1)
    for token in tokens:
        world.succeed(token, "yes")
    assert {world.ended(arn)["output"] for arn in arns} == {'["yes"]'}


def test_jobs_that_are_polled_hold_no_thread_between_polls(world: StatesWorld, services: FakeServices) -> None:
    child = "arn:aws:states:us-east-1:123456789012:execution:child:c"
    described: dict[str, Any] = {"status": "RUNNING"}
    services.replies = {"stepfunctions.start_execution": [{"executionArn": child}]}
    services.on("stepfunctions.describe_execution", lambda **_: dict(described))
    nested = {
        "Type": "Task",
        "Resource": "arn:aws:states:::states:startExecution.sync:2",
        "Arguments": {"StateMachineArn": "arn:aws:states:us-east-1:123456789012:stateMachine:child"},
        "Output": "{% $states.result.Output %}",
        "End": True,
    }
    execution = world.start(world.create(one(nested)), name="polling")
    eventually(lambda: len(services.made("stepfunctions.describe_execution")) >= 3)
    eventually(lambda: threads_of("polling") == [])
    described.update({"status": "SUCCEEDED", "output": "42"})
    assert world.ended(execution)["output"] == "42"
    kinds = [event["type"] for event in world.events(execution)]
    assert kinds.count("TaskSubmitted") == kinds.count("TaskSucceeded") == 1


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize("case", CASES)
def test_histories_are_the_same(case: str, world: StatesWorld, services: FakeServices) -> None:
    plan = json.loads((MACHINES / f"{case}.case.json").read_text())
    services.replies = {call: list(replies) for call, replies in plan.get("replies", {}).items()}
    definition = json.loads((MACHINES / f"{case}.asl.json").read_text())
    execution = world.start(world.create(definition), plan["input"])
    world.ended(execution)
    expected = json.loads((MACHINES / f"{case}.history.json").read_text())["history"]
    assert masked(world.events(execution)) == expected


@pytest.mark.usefixtures("at_once")
def test_branches_that_are_parked_end_with_a_sibling_that_fails(world: StatesWorld) -> None:
    soon = {"Type": "Wait", "Seconds": 1, "Next": "Bad"}
    bad = {"StartAt": "Soon", "States": {"Soon": soon, "Bad": {"Type": "Fail"}}}
    slow = {"StartAt": "Slow", "States": {"Slow": {"Type": "Wait", "Seconds": 600, "End": True}}}
    described = world.run(one({"Type": "Parallel", "Branches": [slow, bad], "End": True}), name="sibling")
    assert described["status"] == "FAILED"
    eventually(lambda: threads_of("sibling") == [])


@pytest.mark.usefixtures("at_once")
def test_a_parked_execution_times_out(world: StatesWorld) -> None:
    described = world.run(one(HOLD, TimeoutSeconds=1))
    assert described["status"] == "TIMED_OUT"


@pytest.mark.usefixtures("at_once")
def test_a_heartbeat_moves_the_end_of_a_parked_wait(world: StatesWorld) -> None:
    execution = world.start(world.create(one({**ASK, "HeartbeatSeconds": 1, "TimeoutSeconds": 600})))
    [token] = world.await_tokens()
    world.await_event(execution, "TaskSubmitted")
    world.beat(token)
    assert world.describe(execution)["status"] == "RUNNING"
    # No other beat comes.
    described = world.ended(execution)
    assert (described["status"], described["error"]) == ("FAILED", "States.Timeout")
    with pytest.raises(ApiError, match="TaskTimedOut"):
        world.succeed(token, "late")


@pytest.mark.usefixtures("at_once")
def test_a_stopped_server_takes_up_what_was_parked(world: StatesWorld) -> None:
    execution = world.start(world.create(one(ASK)))
    [token] = world.await_tokens()
    world.await_event(execution, "TaskSubmitted")
    world.restart()
    world.succeed(token, "yes")
    assert world.ended(execution)["output"] == '"yes"'


@pytest.mark.usefixtures("at_once")
def test_a_parked_execution_that_was_stopped_can_be_redriven(world: StatesWorld) -> None:
    execution = world.start(world.create(one(ASK)))
    world.await_tokens()
    world.await_event(execution, "TaskSubmitted")
    world.stop(execution)
    redrives.redrive_execution(world.aws, {"executionArn": execution})
    [token] = world.await_tokens()
    world.await_event(execution, "TaskSubmitted", 2)
    world.succeed(token, 7)
    assert world.ended(execution)["output"] == "7"


def test_an_ended_execution_does_not_hide_the_news_of_its_redrive() -> None:
    """Both runtimes have one ARN; whoever tells last must not take the other's place."""

    class Told:
        arn = "arn:one"
        ended = False

        def __init__(self) -> None:
            self.looked = threading.Event()

        def take_due(self) -> list[Any]:
            self.looked.set()
            return []

    first, redriven = Told(), Told()
    parking = Parking(lambda *_: None, lambda _: None)
    try:
        # The thread is held up while both tell.
        with parking._condition:
            parking.changed(redriven)  # type: ignore[arg-type]
            parking.changed(first)  # type: ignore[arg-type]
        assert redriven.looked.wait(60)
        assert first.looked.wait(60)
    finally:
        parking.close()
