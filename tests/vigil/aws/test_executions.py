import json
from datetime import UTC, datetime

import boto3
import pytest
from botocore.stub import Stubber

from vigil.approvals.errors import WaitEndedError
from vigil.approvals.identity import request_id_for
from vigil.approvals.ports import WaitEnd
from vigil.aws.executions import Executions

MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:vigil-unit-train-and-promote"
EXECUTION = "arn:aws:states:us-east-1:123456789012:execution:vigil-unit-train-and-promote:run-1"
TOKEN = "AQCEAAAAKgAAAAMAAAAAAAAAAZ" + "x" * 300


@pytest.fixture
def stubbed():
    client = boto3.client(
        "stepfunctions", region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
    )
    with Stubber(client) as stubber:
        yield Executions(client), stubber


@pytest.mark.parametrize("code", ["TaskTimedOut", "TaskDoesNotExist", "InvalidToken"])
def test_a_wait_that_has_ended_is_one_error_that_does_not_hold_the_token(stubbed, code):
    executions, stubber = stubbed
    stubber.add_client_error("send_task_success", code, f"Task Timed Out: '{TOKEN}'")
    with pytest.raises(WaitEndedError, match=code) as caught:
        executions.succeed(TOKEN, {"decision": "APPROVED"})
    assert TOKEN not in str(caught.value)
    assert caught.value.__suppress_context__


def test_another_refusal_is_not_mistaken_for_the_end_of_the_wait(stubbed):
    executions, stubber = stubbed
    stubber.add_client_error("send_task_failure", "AccessDeniedException")
    with pytest.raises(Exception, match="AccessDenied"):
        executions.fail(TOKEN, "SignatureInvalid", "cause")


def test_starting_twice_under_one_name_gives_the_same_execution(stubbed):
    executions, stubber = stubbed
    expected = {"stateMachineArn": MACHINE, "name": "run-1", "input": '{"a": 1}'}
    answer = {"executionArn": EXECUTION, "startDate": datetime.now(UTC)}
    stubber.add_response("start_execution", answer, expected)
    stubber.add_client_error("start_execution", "ExecutionAlreadyExists")
    assert executions.start(MACHINE, "run-1", {"a": 1}) == EXECUTION
    assert executions.start(MACHINE, "run-1", {"a": 1}) == EXECUTION


def history(*events):
    """GetExecutionHistory's answer, newest first. Shape: API reference, HistoryEvent."""
    numbered = [
        {"id": number, "timestamp": datetime.now(UTC), **event}
        for number, event in zip(range(12, 0, -1), events, strict=False)
    ]
    return {"events": numbered}


def succeeded(output):
    details = {"resourceType": "sqs", "resource": "sendMessage.waitForTaskToken", "output": json.dumps(output)}
    return {"type": "TaskSucceeded", "taskSucceededEventDetails": details}


def scheduled(attempt=0):
    body = {"task_token": TOKEN, "execution_arn": EXECUTION, "state_name": "WaitForApproval", "attempt": attempt}
    body["entered_at"] = "2026-03-02T09:30:00.000Z"
    details = {"resourceType": "sqs", "resource": "sendMessage.waitForTaskToken", "region": "us-east-1"}
    details["parameters"] = json.dumps({"MessageBody": body, "QueueUrl": "https://sqs/queue"})
    return {"type": "TaskScheduled", "taskScheduledEventDetails": details}


def event(kind):
    return {"type": kind}


ENTERED = {"type": "TaskStateEntered", "stateEnteredEventDetails": {"name": "WaitForApproval"}}
SCHEDULED = scheduled()
WAITS = (event("TaskSubmitted"), event("TaskStarted"), SCHEDULED, ENTERED)
AGAIN = (event("TaskSubmitted"), event("TaskStarted"), scheduled(1))
REQUEST, NEXT = (
    request_id_for(EXECUTION, "WaitForApproval", datetime(2026, 3, 2, 9, 30, tzinfo=UTC), attempt) for attempt in (0, 1)
)
ANSWERED = succeeded({"request_id": REQUEST, "decision": "APPROVED"})


@pytest.mark.parametrize(
    ("events", "end"),
    [
        ((ANSWERED, *WAITS), WaitEnd.RECEIVED),
        ((event("ExecutionFailed"), ANSWERED, *WAITS), WaitEnd.RECEIVED),
        ((succeeded({"request_id": NEXT, "decision": "APPROVED"}), *WAITS), WaitEnd.OTHERWISE),
        ((succeeded("apr-1"), *WAITS), WaitEnd.OTHERWISE),
        ((event("TaskTimedOut"), *WAITS), WaitEnd.OTHERWISE),
        ((event("ExecutionAborted"), *WAITS), WaitEnd.OTHERWISE),
        ((*AGAIN, event("ExecutionRedriven"), event("ExecutionAborted"), *WAITS), WaitEnd.OTHERWISE),
        ((*AGAIN, *WAITS), WaitEnd.OTHERWISE),
        (WAITS, WaitEnd.UNKNOWN),
        (WAITS[2:], WaitEnd.UNKNOWN),
        ((ENTERED,), WaitEnd.UNKNOWN),
        ((), WaitEnd.UNKNOWN),
    ],
    ids=[
        "this answer", "this answer, then the end", "another answer", "no object", "timed out", "stopped", "redriven",
        "retried", "it waits", "not submitted yet", "not scheduled yet", "nothing",
    ],
)  # fmt: skip
def test_how_a_wait_ended_is_read_from_the_newest_of_the_history(stubbed, events, end):
    executions, stubber = stubbed
    stubber.add_response("get_execution_history", history(*events))
    assert executions.how_wait_ended(EXECUTION, REQUEST) is end


def test_a_redriven_wait_is_not_taken_for_the_one_before(stubbed):
    executions, stubber = stubbed
    events = (*AGAIN, event("ExecutionRedriven"), event("ExecutionAborted"), *WAITS)
    stubber.add_response("get_execution_history", history(*events))
    assert executions.how_wait_ended(EXECUTION, NEXT) is WaitEnd.UNKNOWN


def test_how_a_wait_ended_whose_execution_is_forgotten_is_not_known(stubbed):
    executions, stubber = stubbed
    stubber.add_client_error("get_execution_history", "ExecutionDoesNotExist")
    assert executions.how_wait_ended(EXECUTION, REQUEST) is WaitEnd.UNKNOWN


def test_a_history_is_redacted_before_anybody_sees_it(stubbed):
    executions, stubber = stubbed
    stubber.add_response("get_execution_history", history(SCHEDULED, ENTERED))
    events = list(executions.history(EXECUTION))
    assert TOKEN not in str(events)
    assert "https://sqs/queue" in str(events)


def test_a_secret_that_one_event_names_is_masked_in_the_others_of_the_page(stubbed):
    executions, stubber = stubbed
    named = SCHEDULED | {"taskScheduledEventDetails": dict(SCHEDULED["taskScheduledEventDetails"])}
    named["taskScheduledEventDetails"]["parameters"] = json.dumps({"task_token": "a-short-token"})
    stubber.add_response("get_execution_history", history(named, succeeded("answered with a-short-token")))
    assert "a-short-token" not in str(list(executions.history(EXECUTION)))
