"""Express state machines and StartSyncExecution.

https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartSyncExecution.html; ARNs, messages and the
billing figures are recorded behaviour.
"""

from __future__ import annotations

import json
import re
import threading
from typing import Any

import pytest
from state_machines import ROLE, FakeServices, StatesWorld, eventually

from local_aws.api import ApiError
from local_aws.services import event_bus
from local_aws.services.states import history
from local_aws.services.states.executions import execution_operations as executions
from local_aws.services.states.executions import execution_start as starts
from local_aws.services.states.executions import express
from local_aws.services.states.machines import machine_operations as machines
from local_aws.services.states.records import EXECUTION, FRAME

UUID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
ONCE = re.compile(rf"arn:aws:states:us-east-1:123456789012:express:quick:once:{UUID}")
DOUBLE = {"Type": "Pass", "Output": "{% $states.input.n * 2 %}", "End": True}
HOLD = {"Type": "Wait", "Seconds": 600, "End": True}


def create(world: StatesWorld, state: dict[str, Any], name: str = "quick", **definition: Any) -> str:
    text = json.dumps({"QueryLanguage": "JSONata", "StartAt": "Only", "States": {"Only": state}, **definition})
    request: Any = {"name": name, "definition": text, "roleArn": ROLE, "type": "EXPRESS"}
    return machines.create_state_machine(world.aws, request)["stateMachineArn"]


def run(world: StatesWorld, machine: str, value: Any = None, **more: Any) -> dict[str, Any]:
    request: Any = {"stateMachineArn": machine, "input": json.dumps(value or {}), **more}
    return dict(starts.start_sync_execution(world.aws, request))


def test_a_synchronous_start_answers_with_the_output(world: StatesWorld) -> None:
    machine = create(world, DOUBLE)
    answer = run(world, machine, {"n": 21}, name="once", traceHeader="Root=1")
    assert ONCE.fullmatch(answer.pop("executionArn"))
    assert answer.pop("startDate") <= answer.pop("stopDate")
    assert answer.pop("billingDetails")["billedMemoryUsedInMB"] == 64
    assert answer == {
        "stateMachineArn": machine,
        "name": "once",
        "status": "SUCCEEDED",
        "input": '{"n": 21}',
        "inputDetails": {"included": True},
        "output": "42",
        "outputDetails": {"included": True},
        "traceHeader": "Root=1",
    }


def test_a_failure_is_an_answer_too(world: StatesWorld) -> None:
    answer = run(world, create(world, {"Type": "Fail", "Error": "Broken", "Cause": "on purpose"}))
    assert (answer["status"], answer["error"], answer["cause"]) == ("FAILED", "Broken", "on purpose")
    assert "output" not in answer


def test_time_is_up_after_five_minutes_at_the_latest(world: StatesWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    # https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
    assert express.LONGEST_SECONDS == 300
    monkeypatch.setattr(express, "LONGEST_SECONDS", 0.2)
    assert run(world, create(world, HOLD, TimeoutSeconds=600))["status"] == "TIMED_OUT"


def test_the_bill_is_in_steps_of_100_ms(world: StatesWorld) -> None:
    answer = run(world, create(world, {"Type": "Wait", "Seconds": 1, "End": True}))
    billed = answer["billingDetails"]["billedDurationInMilliseconds"]
    assert billed >= 1000
    assert billed % 100 == 0


def test_nothing_is_kept_and_names_are_free_at_once(world: StatesWorld) -> None:
    machine = create(world, DOUBLE)
    arns = {run(world, machine, {"n": 1}, name="same")["executionArn"] for _ in range(2)}
    assert len(arns) == 2
    for arn in arns:
        assert world.aws.store.read(history.stream(arn)) == []
    assert world.aws.store.list(EXECUTION) == world.aws.store.list(FRAME) == []
    assert event_bus.pending(world.aws) == []


def test_an_asynchronous_start_runs_and_forgets(world: StatesWorld, services: FakeServices) -> None:
    services.replies = {"sqs.send_message": [{"MessageId": "m"}]}
    send = {
        "Type": "Task",
        "Resource": "arn:aws:states:::sqs:sendMessage",
        "Arguments": {"QueueUrl": "https://queue", "MessageBody": "{% $states.context.Execution %}"},
        "End": True,
    }
    machine = create(world, send)
    started = starts.start_execution(world.aws, {"stateMachineArn": machine, "name": "later"})
    [call] = eventually(lambda: services.made("sqs.send_message"))
    shown = json.loads(call["MessageBody"])
    assert shown["Id"] == started["executionArn"]
    assert "RedriveCount" not in shown
    eventually(lambda: world.aws.store.list(EXECUTION) == [])


@pytest.mark.parametrize("operation", ["describe_execution", "get_execution_history", "stop_execution"])
def test_what_asks_for_an_execution_refuses_express(world: StatesWorld, operation: str) -> None:
    arn = run(world, create(world, DOUBLE), {"n": 1})["executionArn"]
    with pytest.raises(ApiError, match="InvalidArn: Invalid Arn: 'Resource type not valid in this context: express'"):
        getattr(executions, operation)(world.aws, {"executionArn": arn})


def test_lists_of_executions_are_for_standard_machines(world: StatesWorld) -> None:
    machine = create(world, DOUBLE)
    with pytest.raises(ApiError, match="StateMachineTypeNotSupported: This operation is not supported by this type"):
        executions.list_executions(world.aws, {"stateMachineArn": machine})


def test_a_standard_machine_cannot_be_started_synchronously(world: StatesWorld) -> None:
    machine = world.create({"StartAt": "Only", "States": {"Only": DOUBLE}})
    with pytest.raises(ApiError, match="StateMachineTypeNotSupported: This operation is not supported by this type"):
        run(world, machine)


@pytest.mark.parametrize(
    ("resource", "arguments", "message"),
    [
        (
            "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
            {"QueueUrl": "q", "MessageBody": "{% $states.context.Task.Token %}"},
            "Express state machine does not support '.waitForTaskToken' service integration",
        ),
        (
            "arn:aws:states:::states:startExecution.sync:2",
            {"StateMachineArn": "arn"},
            "Express state machine does not support '.sync' service integration",
        ),
    ],
)
def test_definitions_that_wait_are_refused(world: StatesWorld, resource: str, arguments: Any, message: str) -> None:
    task = {"Type": "Task", "Resource": resource, "Arguments": arguments, "End": True}
    both = {"Type": "Parallel", "Branches": [{"StartAt": "Ask", "States": {"Ask": task}}], "End": True}
    with pytest.raises(ApiError) as refused:
        create(world, both)
    place = "/States/Only/Branches[0]/States/Ask/Resource"
    expected = f"Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: {message} at {place}'"
    assert (refused.value.code, refused.value.message) == ("InvalidDefinition", expected)


def test_describe_says_express(world: StatesWorld) -> None:
    machine = create(world, DOUBLE)
    assert machines.describe_state_machine(world.aws, {"stateMachineArn": machine})["type"] == "EXPRESS"
    [item] = machines.list_state_machines(world.aws, {})["stateMachines"]
    assert item["type"] == "EXPRESS"


def test_a_history_has_no_greatest_length(world: StatesWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    # https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html: unlimited for Express
    monkeypatch.setattr(history, "MAX_EVENTS", 10)
    count = {"Type": "Pass", "Output": "{% $states.input + 1 %}", "Next": "Enough"}
    rule = {"Condition": "{% $states.input < 20 %}", "Next": "Count"}
    states = {
        "Count": count,
        "Enough": {"Type": "Choice", "Choices": [rule], "Default": "End"},
        "End": {"Type": "Succeed"},
    }
    text = json.dumps({"QueryLanguage": "JSONata", "StartAt": "Count", "States": states})
    request: Any = {"name": "long", "definition": text, "roleArn": ROLE, "type": "EXPRESS"}
    machine = machines.create_state_machine(world.aws, request)["stateMachineArn"]
    answer = starts.start_sync_execution(world.aws, {"stateMachineArn": machine, "input": "1"})
    assert answer["output"] == "20"


def test_a_server_that_ends_answers_and_takes_up_asynchronous_executions_only(world: StatesWorld) -> None:
    # https://docs.aws.amazon.com/step-functions/latest/dg/choosing-workflow-type.html: at most once, and at least once
    machine = create(world, HOLD)
    starts.start_execution(world.aws, {"stateMachineArn": machine, "name": "asynchronous"})
    answers: list[str] = []

    def ask() -> None:
        try:
            run(world, machine, name="synchronous")
        except ApiError as error:
            answers.append(error.code)

    asking = threading.Thread(target=ask)
    asking.start()
    # Only then does the caller wait: a real server closes its store when every request has been answered.
    eventually(lambda: [frame["entered"] is not None for _, frame in world.aws.store.list(FRAME)] == [True, True])
    world.restart()
    asking.join(60)
    assert answers == ["ServiceUnavailable"]
    [(arn, _)] = world.aws.store.list(EXECUTION)
    assert ":asynchronous:" in arn
    assert [frame["execution"] for _, frame in world.aws.store.list(FRAME)] == [arn]
