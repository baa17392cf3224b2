import json
from datetime import UTC, datetime

import boto3
import pytest
from botocore.stub import Stubber

from vigil.approvals.errors import WaitEndedError
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
        for number, event in zip(range(9, 0, -1), events, strict=False)
    ]
    return {"events": numbered}


def succeeded(output):
    details = {"resourceType": "sqs", "resource": "sendMessage.waitForTaskToken", "output": json.dumps(output)}
    return {"type": "TaskSucceeded", "taskSucceededEventDetails": details}


ENTERED = {"type": "TaskStateEntered", "stateEnteredEventDetails": {"name": "WaitForApproval"}}
SCHEDULED = {
    "type": "TaskScheduled",
    "taskScheduledEventDetails": {
        "resourceType": "sqs",
        "resource": "sendMessage.waitForTaskToken",
        "region": "us-east-1",
        "parameters": json.dumps({"MessageBody": {"task_token": TOKEN}, "QueueUrl": "https://sqs/queue"}),
    },
}


@pytest.mark.parametrize(
    ("events", "received"),
    [
        ((succeeded({"request_id": "apr-1", "decision": "APPROVED"}), ENTERED), True),
        ((succeeded({"request_id": "apr-2", "decision": "APPROVED"}), ENTERED), False),
        ((succeeded("apr-1"), ENTERED), False),
        ((SCHEDULED, ENTERED, succeeded({"request_id": "apr-1"})), False),
        ((), False),
    ],
    ids=["this answer", "another request's", "no object", "an earlier wait's", "nothing"],
)
def test_whether_the_wait_received_this_answer_is_read_from_the_history(stubbed, events, received):
    executions, stubber = stubbed
    stubber.add_response("get_execution_history", history(*events))
    assert executions.has_received(EXECUTION, "WaitForApproval", "apr-1") is received


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
