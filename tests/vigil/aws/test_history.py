from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from vigil.aws.history import CAUSE_LIMIT, awaits_token, describe_end, describe_event, log_line, state_entered

TOKEN = "AQCEAAAAKgAAAAMAAAAA" * 20


def event(kind: str, **details: Any) -> dict[str, Any]:
    name = f"{kind[0].lower()}{kind[1:]}EventDetails"
    return {"id": 1, "type": kind, name: details}


@pytest.mark.parametrize("kind", ["TaskStateEntered", "ChoiceStateEntered", "WaitStateEntered", "FailStateEntered"])
def test_a_state_of_any_kind_is_told_when_it_is_entered(kind: str) -> None:
    entered = {"id": 1, "type": kind, "stateEnteredEventDetails": {"name": "Train", "input": "{}"}}
    assert describe_event(entered) == "→ Train"
    assert state_entered(entered) == "Train"


def test_a_state_is_told_when_it_is_left() -> None:
    left = {"id": 1, "type": "TaskStateExited", "stateExitedEventDetails": {"name": "Train", "output": "{}"}}
    assert describe_event(left) == "← Train"
    assert state_entered(left) is None


def test_the_parameters_of_a_task_are_never_told() -> None:
    scheduled = event("TaskScheduled", resource="sendMessage.waitForTaskToken", parameters=f'{{"t": "{TOKEN}"}}')
    assert describe_event(scheduled) is None


def test_a_wait_for_an_answer_is_told_without_what_was_sent() -> None:
    sent = event("TaskSubmitted", resourceType="sqs", resource="sendMessage.waitForTaskToken", output=TOKEN)
    assert awaits_token(sent)
    assert describe_event(sent) == "  waits for an answer (sqs)"
    assert not awaits_token(event("TaskSubmitted", resourceType="sagemaker", resource="createTrainingJob.sync"))


@pytest.mark.parametrize(
    "cause",
    [
        f"the message with task_token={TOKEN} was refused",
        json.dumps({"task_token": "short-token-1234"}),
        f'MessageBody: {{\\"task_token\\": \\"{TOKEN}\\"}}',
        f"unexpected {TOKEN}",
    ],
)
def test_a_failure_is_told_with_error_and_cause_but_no_token(cause: str) -> None:
    told = describe_event(event("TaskFailed", error="SQS.AmazonSQSException", cause=cause, resource="sendMessage"))
    assert told is not None
    assert told.startswith("  TaskFailed: SQS.AmazonSQSException: ")
    assert TOKEN[:40] not in told
    assert "short-token-1234" not in told


def test_a_long_cause_is_cut() -> None:
    told = describe_event(event("ExecutionFailed", error="TrainingFailed", cause="word " * 2000))
    assert told is not None
    assert len(told) == CAUSE_LIMIT


def test_digests_and_addresses_are_told_whole() -> None:
    cause = f"s3://vigil-demo-models/artefacts/{'a1' * 32}/model.tar.gz has not the digest {'b2' * 32}"
    told = describe_event(event("LambdaFunctionFailed", error="SignatureInvalidError", cause=cause))
    assert told is not None
    assert cause in told


def test_the_end_names_status_state_error_and_cause() -> None:
    execution = {"executionArn": "arn:e", "status": "FAILED", "error": "Rejected", "cause": f"poor; token={TOKEN}"}
    told = describe_end(execution, "Rejected")
    assert told.startswith("arn:e ended FAILED in state Rejected: Rejected: poor")
    assert TOKEN[:40] not in told


def test_an_end_without_error_or_cause_is_told_too() -> None:
    assert describe_end({"executionArn": "arn:e", "status": "ABORTED"}, "") == "arn:e ended ABORTED in state (none)"


def test_a_line_of_a_log_has_the_events_own_time_in_utc() -> None:
    moment = datetime(2026, 1, 1, 1, 30, tzinfo=timezone(timedelta(hours=2)))
    entered = {"id": 1, "timestamp": moment, "type": "TaskStateEntered", "stateEnteredEventDetails": {"name": "Train"}}
    assert log_line(entered) == "23:30:00Z → Train"
    assert log_line({**event("TaskStarted", resource="x"), "timestamp": moment}) is None
