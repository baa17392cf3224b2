"""Deleting a state machine while its executions run.

https://docs.aws.amazon.com/step-functions/latest/apireference/API_DeleteStateMachine.html: the machine is DELETING, its
executions end at their next transition, and then it is gone.
"""

from __future__ import annotations

from typing import Any

import pytest
from state_machines import FakeServices, StatesWorld, eventually

from local_aws.api import ApiError
from local_aws.services.states.machines import machine_operations as machines
from local_aws.services.states.machines import version_operations as versions

TOKEN = "{% $states.context.Task.Token %}"
ASK = {
    "Type": "Task",
    "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
    "Arguments": {"QueueUrl": "https://queue", "MessageBody": TOKEN},
}
TWO_STEPS = {"StartAt": "Ask", "States": {"Ask": {**ASK, "Next": "Never"}, "Never": {"Type": "Succeed"}}}
ONE_STEP = {"StartAt": "Ask", "States": {"Ask": {**ASK, "End": True}}}


@pytest.fixture(autouse=True)
def queue(services: FakeServices) -> None:
    services.replies = {"sqs.send_message": [{"MessageId": "m"}]}


def deleting(world: StatesWorld, definition: dict[str, Any]) -> tuple[str, str, str]:
    machine = world.create(definition)
    execution = world.start(machine)
    [token] = world.await_tokens()
    machines.delete_state_machine(world.aws, {"stateMachineArn": machine})
    return machine, execution, token


def is_gone(world: StatesWorld, machine: str) -> bool:
    return world.aws.store.get("states:machine", machine) is None


@pytest.mark.parametrize("restarted", [False, True])
def test_executions_end_at_their_next_transition(world: StatesWorld, restarted: bool) -> None:
    machine, execution, token = deleting(world, TWO_STEPS)
    assert machines.describe_state_machine(world.aws, {"stateMachineArn": machine})["status"] == "DELETING"
    if restarted:
        world.restart()
    assert world.describe(execution)["status"] == "RUNNING"
    world.succeed(token, "yes")
    assert world.ended(execution)["status"] == "ABORTED"
    entered = [event["type"] for event in world.events(execution)]
    assert "SucceedStateEntered" not in entered
    eventually(lambda: is_gone(world, machine))


def test_an_execution_without_another_transition_succeeds(world: StatesWorld) -> None:
    machine, execution, token = deleting(world, ONE_STEP)
    world.succeed(token, "yes")
    assert world.ended(execution)["status"] == "SUCCEEDED"
    eventually(lambda: is_gone(world, machine))


def test_a_machine_that_is_being_deleted_takes_nothing_more(world: StatesWorld) -> None:
    machine, execution, _ = deleting(world, ONE_STEP)
    update: Any = {"stateMachineArn": machine, "roleArn": "arn:aws:iam::123456789012:role/other"}
    for refused in (
        lambda: world.start(machine, name="another"),
        lambda: machines.update_state_machine(world.aws, update),
        lambda: versions.publish_state_machine_version(world.aws, {"stateMachineArn": machine}),
        lambda: world.create(ONE_STEP),
    ):
        with pytest.raises(ApiError, match="StateMachineDeleting"):
            refused()
    world.stop(execution)
    eventually(lambda: is_gone(world, machine))


def test_only_a_whole_machine_can_be_deleted(world: StatesWorld) -> None:
    machine = world.create(ONE_STEP)
    for arn in (f"{machine}:1", f"{machine}:PROD", f"{machine}/label"):
        with pytest.raises(ApiError, match="ValidationException"):
            machines.delete_state_machine(world.aws, {"stateMachineArn": arn})
