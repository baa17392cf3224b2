from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from fake_task import AsyncClient, first_event, lines, remade
from vigil_airflow import trigger as trigger_module
from vigil_airflow.execution_trigger import ExecutionTrigger
from vigil_airflow.polling import Patience

ARN = "arn:aws:states:us-east-1:123456789012:execution:vigil-x-train-and-promote:train-model-1"
TOKEN = "AQCEAAAAKgAAAAMAAAAA" * 20
MOMENT = datetime(2026, 11, 23, 19, 10, 4, tzinfo=UTC)
RUNNING, SUCCEEDED = {"status": "RUNNING"}, {"status": "SUCCEEDED"}


def entered(number: int, name: str) -> dict[str, Any]:
    return {
        "id": number,
        "timestamp": MOMENT,
        "type": "TaskStateEntered",
        "stateEnteredEventDetails": {"name": name, "input": TOKEN},
    }


def exited(number: int, name: str) -> dict[str, Any]:
    return {
        "id": number,
        "timestamp": MOMENT,
        "type": "TaskStateExited",
        "stateExitedEventDetails": {"name": name, "output": TOKEN},
    }


def scheduled(number: int) -> dict[str, Any]:
    parameters = f'{{"MessageBody": {{"task_token": "{TOKEN}"}}}}'
    details = {"resourceType": "sqs", "resource": "sendMessage.waitForTaskToken", "parameters": parameters}
    return {"id": number, "timestamp": MOMENT, "type": "TaskScheduled", "taskScheduledEventDetails": details}


def submitted(number: int) -> dict[str, Any]:
    details = {"resourceType": "sqs", "resource": "sendMessage.waitForTaskToken", "output": TOKEN}
    return {"id": number, "timestamp": MOMENT, "type": "TaskSubmitted", "taskSubmittedEventDetails": details}


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [line for line in lines(caplog) if {"→", "←"} & set(line)]


def newest_first(*events: dict[str, Any]) -> dict[str, Any]:
    return {"events": list(reversed(events))}


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    async def at_once(_: float) -> None: ...

    monkeypatch.setattr(trigger_module.asyncio, "sleep", at_once)


def connected(trigger: ExecutionTrigger, client: AsyncClient, monkeypatch: pytest.MonkeyPatch) -> ExecutionTrigger:
    async def connect() -> AsyncClient:
        return client

    monkeypatch.setattr(trigger, "_connect", connect)
    return trigger


def test_each_state_is_told_once_in_order(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    first = newest_first(entered(1, "PinRun"), exited(2, "PinRun"))
    second = newest_first(entered(1, "PinRun"), exited(2, "PinRun"), entered(3, "Train"), exited(4, "Train"))
    client = AsyncClient(describe_execution=[RUNNING, RUNNING, SUCCEEDED], get_execution_history=[first, first, second])
    payload = first_event(connected(ExecutionTrigger(ARN, "killed"), client, monkeypatch))
    assert payload == {"status": "SUCCEEDED", "state": "Train", "last_event": 4}
    assert told(caplog) == ["19:10:04Z → PinRun", "19:10:04Z ← PinRun", "19:10:04Z → Train", "19:10:04Z ← Train"]


def test_no_line_and_no_payload_ever_holds_a_task_token(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    failed = {
        "id": 4,
        "timestamp": MOMENT,
        "type": "TaskFailed",
        "taskFailedEventDetails": {"error": "SQS.AmazonSQSException", "cause": f'task_token: "{TOKEN}" was refused'},
    }
    page = newest_first(entered(1, "WaitForApproval"), scheduled(2), submitted(3), failed)
    client = AsyncClient(describe_execution=[{"status": "FAILED"}], get_execution_history=[page])
    payload = first_event(connected(ExecutionTrigger(ARN, "killed"), client, monkeypatch))
    text = "\n".join(lines(caplog))
    assert "SQS.AmazonSQSException" in text
    assert "waits for an answer (sqs)" in text
    assert TOKEN[:24] not in text + str(payload)


def test_it_fires_when_a_task_begins_to_wait_for_an_answer_and_goes_on_after_that(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    waiting = newest_first(entered(1, "WaitForApproval"), scheduled(2), submitted(3))
    ended = newest_first(entered(1, "WaitForApproval"), scheduled(2), submitted(3), exited(4, "WaitForApproval"))
    client = AsyncClient(describe_execution=[RUNNING], get_execution_history=[waiting])
    payload = first_event(connected(ExecutionTrigger(ARN, "killed"), client, monkeypatch))
    assert payload == {"status": "WAITS_FOR_ANSWER", "state": "WaitForApproval", "last_event": 3}

    client = AsyncClient(describe_execution=[SUCCEEDED], get_execution_history=[ended])
    following = remade(ExecutionTrigger(ARN, "killed", payload["last_event"], payload["state"]))
    caplog.clear()
    assert first_event(connected(following, client, monkeypatch))["status"] == "SUCCEEDED"
    assert told(caplog) == ["19:10:04Z ← WaitForApproval"]


def test_a_wait_that_was_answered_before_the_next_look_does_not_fire(monkeypatch: pytest.MonkeyPatch) -> None:
    page = newest_first(entered(1, "WaitForApproval"), submitted(2), exited(3, "WaitForApproval"), entered(4, "Update"))
    client = AsyncClient(describe_execution=[RUNNING, SUCCEEDED], get_execution_history=[page])
    payload = first_event(connected(ExecutionTrigger(ARN, "killed"), client, monkeypatch))
    assert payload["status"] == "SUCCEEDED"


def test_it_reads_only_as_many_pages_as_hold_new_events(monkeypatch: pytest.MonkeyPatch) -> None:
    newest = {"events": [entered(4, "D"), exited(3, "C")], "nextToken": "older"}
    older = {"events": [entered(2, "B"), exited(1, "A")], "nextToken": "oldest"}
    client = AsyncClient(describe_execution=[SUCCEEDED], get_execution_history=[newest, older])
    first_event(connected(ExecutionTrigger(ARN, "killed", after_event=1), client, monkeypatch))
    requests = [request for name, request in client.calls if name == "get_execution_history"]
    assert [request.get("nextToken") for request in requests] == [None, "older"]
    assert all(request["reverseOrder"] and not request["includeExecutionData"] for request in requests)


def test_it_outlasts_a_service_that_restarts(monkeypatch: pytest.MonkeyPatch) -> None:
    lost = EndpointConnectionError(endpoint_url="http://127.0.0.1:1")
    client = AsyncClient(describe_execution=[lost, lost, SUCCEEDED], get_execution_history=[newest_first()])
    assert first_event(connected(ExecutionTrigger(ARN, "killed"), client, monkeypatch))["status"] == "SUCCEEDED"


def test_outages_with_answers_between_them_do_not_add_up(monkeypatch: pytest.MonkeyPatch) -> None:
    moments = iter(range(0, 100_000, 1000))
    monkeypatch.setattr(trigger_module, "Patience", lambda limit: Patience(limit, lambda: float(next(moments))))
    lost = EndpointConnectionError(endpoint_url="http://127.0.0.1:1")
    answers = [lost, RUNNING, lost, RUNNING, lost, SUCCEEDED]
    client = AsyncClient(describe_execution=answers, get_execution_history=[newest_first()])
    assert first_event(connected(ExecutionTrigger(ARN, "killed"), client, monkeypatch))["status"] == "SUCCEEDED"


def test_it_gives_up_on_a_service_that_stays_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trigger_module, "UNREACHABLE_LIMIT_SECONDS", 0.0)
    client = AsyncClient(describe_execution=[EndpointConnectionError(endpoint_url="http://127.0.0.1:1")])
    payload = first_event(connected(ExecutionTrigger(ARN, "killed"), client, monkeypatch))
    assert payload == {"status": "UNREACHABLE", "reason": "EndpointConnectionError"}


def test_an_error_that_asking_again_cannot_mend_ends_the_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    refused = ClientError({"Error": {"Code": "AccessDeniedException"}}, "DescribeExecution")
    client = AsyncClient(describe_execution=[refused])
    with pytest.raises(ClientError):
        first_event(connected(ExecutionTrigger(ARN, "killed"), client, monkeypatch))


def test_intervals_grow_while_nothing_happens_and_start_again_when_something_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    slept: list[float] = []

    async def note(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr(trigger_module.asyncio, "sleep", note)
    quiet, news = newest_first(entered(1, "A")), newest_first(entered(1, "A"), exited(2, "A"))
    client = AsyncClient(describe_execution=[RUNNING] * 5 + [SUCCEEDED], get_execution_history=[quiet] * 4 + [news])
    first_event(connected(ExecutionTrigger(ARN, "killed"), client, monkeypatch))
    assert slept == [2.0, 2.5, 3.125, 3.90625, 2.0]


def test_a_kill_stops_the_execution_and_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    client = AsyncClient(stop_execution=[{}])
    trigger = connected(remade(ExecutionTrigger(ARN, "task x was killed")), client, monkeypatch)
    asyncio.run(trigger.on_kill())
    request = {"executionArn": ARN, "error": "Airflow.TaskKilled", "cause": "task x was killed"}
    assert client.calls == [("stop_execution", request)]
