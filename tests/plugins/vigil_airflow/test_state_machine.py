"""The hand-off operator against a running local_aws: real executions, no Airflow database."""

from __future__ import annotations

import asyncio
import json
import logging
import time
import uuid
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from airflow.sdk.exceptions import AirflowFailException, TaskDeferred
from fake_task import FakeTaskInstance, first_event
from stack_parameters import put_parameters
from vigil_airflow.executions import ExecutionEndedError, NoAnswerError
from vigil_airflow.state_machine import StateMachineOperator

pytestmark = pytest.mark.stack

REQUEST = {"dataset_version": "a" * 64, "requested_by": "airflow:jane", "reason": "drift", "hyperparameters": {}}
SUCCEED = {"Type": "Pass", "Output": {"outcome": "InService"}, "End": True}
WAIT = {"Type": "Wait", "Seconds": 600, "Next": "Done"}

MakeMachine = Callable[[dict[str, Any]], str]


@pytest.fixture
def make_machine(stack_on_local_aws: str) -> MakeMachine:
    def make(states: dict[str, Any]) -> str:
        definition = {"QueryLanguage": "JSONata", "StartAt": next(iter(states)), "States": states}
        arn: str = boto3.client("stepfunctions").create_state_machine(
            name=f"machine-{uuid.uuid4().hex[:8]}",
            roleArn="arn:aws:iam::123456789012:role/x",
            definition=json.dumps(definition),
        )["stateMachineArn"]
        put_parameters(boto3.client("ssm"), "plugins", state_machines__train_and_promote=arn)
        return arn

    return make


def operator() -> StateMachineOperator:
    made = StateMachineOperator(task_id="hand_off", machine="train_and_promote", request=REQUEST)
    made._cached_logger = logging.getLogger("operator")
    return made


def context_of(task_instance: FakeTaskInstance) -> Any:
    return {"ti": task_instance}


def started(task_instance: FakeTaskInstance) -> TaskDeferred:
    with pytest.raises(TaskDeferred) as deferred:
        operator().execute(context_of(task_instance))
    return deferred.value


def ended(task_instance: FakeTaskInstance) -> Any:
    """Execute, wait as the triggerer does, resume as a worker does."""
    deferral = started(task_instance)
    return operator().resume(context_of(task_instance), first_event(deferral.trigger))


def executions(machine: str) -> dict[str, str]:
    listed = boto3.client("stepfunctions").list_executions(stateMachineArn=machine)["executions"]
    return {execution["name"]: execution["status"] for execution in listed}


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    messages = [record.getMessage() for record in caplog.records]
    return [message[len("00:00:00Z ") :] for message in messages if {"→", "←"} & set(message)]


def new_run() -> FakeTaskInstance:
    return FakeTaskInstance(run_id=f"manual__{uuid.uuid4().hex}")


def test_it_waits_deferred_without_a_limit_and_gives_the_executions_output(make_machine: MakeMachine) -> None:
    make_machine({"Done": SUCCEED})
    task = new_run()
    deferral = started(task)
    assert deferral.timeout is None
    assert operator().resume(context_of(task), first_event(deferral.trigger)) == {"outcome": "InService"}
    assert task.xcoms["execution_arn"].endswith(deferral.trigger.execution_arn.rpartition(":")[2])


def test_the_request_is_the_executions_input(make_machine: MakeMachine) -> None:
    make_machine({"Done": {"Type": "Pass", "Output": "{% $states.input %}", "End": True}})
    assert ended(new_run()) == REQUEST


def test_a_retry_joins_the_running_execution(make_machine: MakeMachine) -> None:
    machine = make_machine({"Wait": WAIT, "Done": SUCCEED})
    task = new_run()
    first, second = started(task), started(task)
    assert first.trigger.execution_arn == second.trigger.execution_arn
    assert list(executions(machine).values()) == ["RUNNING"]
    boto3.client("stepfunctions").stop_execution(executionArn=first.trigger.execution_arn)


def test_a_retry_after_success_takes_the_same_output(make_machine: MakeMachine) -> None:
    machine = make_machine({"Done": SUCCEED})
    task = new_run()
    assert ended(task) == ended(task) == {"outcome": "InService"}
    assert len(executions(machine)) == 1


def test_another_run_starts_an_execution_of_its_own(make_machine: MakeMachine) -> None:
    machine = make_machine({"Done": SUCCEED})
    ended(new_run())
    ended(new_run())
    assert len(executions(machine)) == 2


def test_a_rejection_fails_the_task_for_good_with_state_error_and_cause(make_machine: MakeMachine) -> None:
    make_machine({"Rejected": {"Type": "Fail", "Error": "Rejected", "Cause": "calibration is poor"}})
    with pytest.raises(ExecutionEndedError, match="in state Rejected: Rejected: calibration is poor") as caught:
        ended(new_run())
    assert isinstance(caught.value, AirflowFailException)


def test_after_a_fault_nothing_trains_again_by_itself_and_clearing_starts_the_next_name(
    make_machine: MakeMachine,
) -> None:
    machine = make_machine({"InternalFailure": {"Type": "Fail", "Error": "InternalFailure", "Cause": "lost a bucket"}})
    task = new_run()
    for _ in range(2):
        with pytest.raises(ExecutionEndedError, match="lost a bucket"):
            ended(task)
    names = sorted(executions(machine), key=len)
    assert names[1] == f"{names[0]}-r1"


def test_a_kill_while_waiting_stops_the_execution_and_a_cleared_task_starts_the_next(make_machine: MakeMachine) -> None:
    machine = make_machine({"Wait": WAIT, "Done": SUCCEED})
    task = new_run()
    first = started(task)
    asyncio.run(first.trigger.on_kill())
    described = boto3.client("stepfunctions").describe_execution(executionArn=first.trigger.execution_arn)
    assert (described["status"], described["error"]) == ("ABORTED", "Airflow.TaskKilled")
    assert task.run_id in described["cause"]
    second = started(task)
    assert second.trigger.execution_arn == f"{first.trigger.execution_arn}-r1"
    assert sorted(executions(machine).values()) == ["ABORTED", "RUNNING"]
    operator_on_worker = operator()
    operator_on_worker._execution_arn = second.trigger.execution_arn
    operator_on_worker.on_kill()
    assert set(executions(machine).values()) == {"ABORTED"}


def test_a_cleared_task_that_joined_before_the_kill_came_through_starts_the_next(make_machine: MakeMachine) -> None:
    machine = make_machine({"Wait": WAIT, "Done": SUCCEED})
    task = new_run()
    killed, joined = started(task), started(task)
    assert joined.trigger.execution_arn == killed.trigger.execution_arn
    asyncio.run(killed.trigger.on_kill())
    with pytest.raises(TaskDeferred) as again:
        operator().resume(context_of(task), first_event(joined.trigger))
    assert again.value.trigger.execution_arn == f"{killed.trigger.execution_arn}-r1"
    assert task.xcoms["execution_arn"] == again.value.trigger.execution_arn
    assert sorted(executions(machine).values()) == ["ABORTED", "RUNNING"]
    boto3.client("stepfunctions").stop_execution(executionArn=again.value.trigger.execution_arn)


def test_where_step_functions_does_not_answer_a_retry_is_left_to_airflow(make_machine: MakeMachine) -> None:
    make_machine({"Done": SUCCEED})
    task = new_run()
    started(task)
    with pytest.raises(NoAnswerError, match="a retry joins it") as caught:
        operator().resume(context_of(task), {"status": "UNREACHABLE", "reason": "ConnectTimeoutError"})
    assert not isinstance(caught.value, AirflowFailException)


def test_an_output_that_holds_a_task_token_reaches_airflow_without_it(make_machine: MakeMachine) -> None:
    token = "AQCEAAAAKgAAAAMAAAAA" * 20
    make_machine({"Done": {"Type": "Pass", "Output": {"outcome": "InService", "said": token}, "End": True}})
    assert ended(new_run()) == {"outcome": "InService", "said": "[redacted]"}


def test_someone_elses_stop_ends_the_task_for_good(make_machine: MakeMachine) -> None:
    make_machine({"Wait": WAIT, "Done": SUCCEED})
    task = new_run()
    deferral = started(task)
    boto3.client("stepfunctions").stop_execution(
        executionArn=deferral.trigger.execution_arn, error="Ops", cause="maintenance"
    )
    with pytest.raises(ExecutionEndedError, match="ABORTED in state Wait: Ops: maintenance"):
        operator().resume(context_of(task), first_event(deferral.trigger))


def test_the_log_tells_each_state(make_machine: MakeMachine, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    make_machine({"PinRun": {"Type": "Pass", "Next": "Done"}, "Done": SUCCEED})
    ended(new_run())
    assert told(caplog) == ["→ PinRun", "← PinRun", "→ Done", "← Done"]


def test_a_wait_for_an_answer_is_published_without_its_token_and_the_task_waits_on(
    make_machine: MakeMachine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    sqs = boto3.client("sqs")
    queue = sqs.create_queue(QueueName=f"answers-{uuid.uuid4().hex[:8]}")["QueueUrl"]
    make_machine(
        {
            "PinRun": {"Type": "Pass", "Next": "WaitForApproval"},
            "WaitForApproval": {
                "Type": "Task",
                "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
                "Arguments": {"QueueUrl": queue, "MessageBody": {"task_token": "{% $states.context.Task.Token %}"}},
                "TimeoutSeconds": 600,
                "Next": "Done",
            },
            "Done": SUCCEED,
        }
    )
    published: list[str] = []
    monkeypatch.setattr(
        "vigil_airflow.approval_notice.publish_approval_request", lambda ti, arn, log: published.append(arn)
    )
    task = new_run()
    event = first_event(started(task).trigger)
    assert event["status"] == "WAITS_FOR_ANSWER"
    caplog.clear()
    with pytest.raises(TaskDeferred) as again:
        operator().resume(context_of(task), event)
    assert told(caplog) == ["→ PinRun", "← PinRun", "→ WaitForApproval"]
    assert published == [task.xcoms["execution_arn"]]

    token = json.loads(_receive(sqs, queue))["task_token"]
    boto3.client("stepfunctions").send_task_success(taskToken=token, output="{}")
    assert operator().resume(context_of(task), first_event(again.value.trigger)) == {"outcome": "InService"}
    assert token not in caplog.text + json.dumps(event) + json.dumps(task.xcoms)


def _receive(sqs: Any, queue: str) -> str:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        for message in sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=1).get("Messages", []):
            return str(message["Body"])
    raise TimeoutError("the message with the token never came")
