"""Restarts inside one process: deadlines, counts and variables outlive the threads."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from state_machines import FakeServices, StatesWorld, eventually

from local_aws.services import states
from local_aws.services.states import fork
from local_aws.services.states.errors import HaltedError

ASK = {
    "Type": "Task",
    "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
    "Arguments": {"QueueUrl": "https://queue", "MessageBody": "{% $states.context.Task.Token %}"},
    "End": True,
}
CALL = {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Arguments": {"FunctionName": "f"}, "End": True}
SENT: dict[str, Any] = {"sqs.send_message": [{"MessageId": "m"}]}


def wake_of(world: StatesWorld) -> Any:
    frames = world.aws.store.list("states:frame")
    return frames[0][1]["wake"] if frames else None


def test_a_wait_keeps_its_end_over_a_restart(world: StatesWorld) -> None:
    hold = {"Type": "Wait", "Seconds": 2, "End": True}
    execution = world.start(world.create({"StartAt": "Hold", "States": {"Hold": hold}}))
    wake = eventually(lambda: wake_of(world))
    world.restart()
    assert wake_of(world) == wake
    assert world.ended(execution)["status"] == "SUCCEEDED"
    assert world.describe(execution)["stopDate"].timestamp() >= wake


def test_a_token_keeps_its_time_out_over_a_restart(world: StatesWorld, services: FakeServices) -> None:
    services.replies = dict(SENT)
    execution = world.start(world.create({"StartAt": "Ask", "States": {"Ask": {**ASK, "TimeoutSeconds": 2}}}))
    world.await_event(execution, "TaskSubmitted")
    [(token, before)] = world.aws.store.list("states:token")
    world.restart()
    assert world.aws.store.get("states:token", token) == before
    assert world.ended(execution)["error"] == "States.Timeout"
    assert world.describe(execution)["stopDate"].timestamp() >= before["deadline"]


def test_a_time_out_that_passed_while_the_server_was_down_ends_the_wait(
    world: StatesWorld, services: FakeServices
) -> None:
    services.replies = dict(SENT)
    machine = world.create({"StartAt": "Ask", "TimeoutSeconds": 1, "States": {"Ask": ASK}})
    execution = world.start(machine)
    world.await_event(execution, "TaskSubmitted")
    world.close()
    time.sleep(1)
    world.aws = StatesWorld(world.folder, services).aws
    world.restart()
    assert world.ended(execution)["status"] == "TIMED_OUT"


def test_a_retry_keeps_its_delay_and_its_count_over_a_restart(world: StatesWorld, services: FakeServices) -> None:
    services.replies = {"lambda.invoke": [{"raises": "TooManyRequestsException"}]}
    retry = [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 1, "MaxAttempts": 1}]
    execution = world.start(world.create({"StartAt": "Call", "States": {"Call": {**CALL, "Retry": retry}}}))
    world.await_event(execution, "TaskFailed")
    world.restart()
    assert world.ended(execution)["error"] == "Lambda.TooManyRequestsException"
    assert len(services.made("lambda.invoke")) == 2


def test_variables_live_on_over_a_restart(world: StatesWorld, services: FakeServices) -> None:
    services.replies = dict(SENT)
    machine = {
        "StartAt": "Set",
        "States": {
            "Set": {"Type": "Pass", "Assign": {"kept": [1, None]}, "Next": "Ask"},
            "Ask": {**ASK, "Output": "{% $kept %}"},
        },
    }
    execution = world.start(world.create(machine))
    world.await_event(execution, "TaskSubmitted")
    [token] = world.open_tokens()
    world.restart()
    world.succeed(token, "x")
    assert world.ended(execution)["output"] == "[1,null]"


def test_shutdown_leaves_no_thread_and_changes_nothing(world: StatesWorld, services: FakeServices) -> None:
    services.replies = dict(SENT)
    before = set(threading.enumerate())
    execution = world.start(world.create({"StartAt": "Ask", "States": {"Ask": ASK}}))
    world.await_event(execution, "TaskSubmitted")
    states.shutdown(world.aws)
    eventually(lambda: set(threading.enumerate()) <= before)
    assert world.describe(execution)["status"] == "RUNNING"


def test_what_is_started_while_the_server_stops_runs_after_the_restart(world: StatesWorld) -> None:
    machine = world.create({"StartAt": "Only", "States": {"Only": {"Type": "Pass", "End": True}}})
    states.shutdown(world.aws)
    execution = world.start(machine)
    assert len(world.events(execution)) == 1
    world.restart()
    assert world.ended(execution)["status"] == "SUCCEEDED"


def test_a_kill_between_two_iterations_loses_none(world: StatesWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    # The thread that would start the second iteration ends instead, as if the server had been killed right then.
    launch = fork._launch

    def first_only(flow: Any, state: Any, children: Any) -> None:
        if children.fork["launched"]:
            raise HaltedError
        launch(flow, state, children)

    monkeypatch.setattr(fork, "_launch", first_only)
    work = {"StartAt": "Work", "States": {"Work": {"Type": "Pass", "End": True}}}
    each = {"Type": "Map", "Items": [1, 2], "MaxConcurrency": 1, "ItemProcessor": work, "End": True}
    execution = world.start(world.create({"StartAt": "Each", "States": {"Each": each}}))
    world.await_event(execution, "MapIterationSucceeded")
    monkeypatch.undo()
    world.restart()
    assert world.ended(execution)["output"] == "[1,2]"
    started = [event for event in world.events(execution) if event["type"] == "MapIterationStarted"]
    exits = [event["id"] for event in world.events(execution) if event["type"] == "PassStateExited"]
    assert started[1]["previousEventId"] == exits[0]
