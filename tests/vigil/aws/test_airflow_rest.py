"""Airflow asked through MWAA: what is success, what is worth another try, and what is not.

Errors: https://docs.aws.amazon.com/mwaa/latest/API/API_InvokeRestApi.html; what Airflow answers is its stable REST API.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from vigil.aws.airflow_rest import AirflowRefusedError, AirflowUnavailableError, Announced, Follower, MwaaAirflow
from vigil.aws.retraining_progress import RetrainingProgress
from vigil.monitoring.retraining import Retraining

NOW = datetime(2026, 3, 10, 6, tzinfo=UTC)
HELD = Retraining(endpoint="triage", decision_id="d1", execution_arn="arn:own", since=NOW)
TRAIN = "arn:aws:states:us-east-1:123456789012:stateMachine:train-and-promote"


def client_error(code: str, **more: Any) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "so it was said"}, **more}, "InvokeRestApi")


def rest_error(status: int) -> ClientError:
    code = "RestApiServerException" if status >= 500 else "RestApiClientException"
    return client_error(code, RestApiStatusCode=status, RestApiResponse={"detail": "why"})


class Mwaa:
    """Answers with one document, or raises one error; keeps what it was asked."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer
        self.asked: list[dict[str, Any]] = []

    def invoke_rest_api(self, **request: Any) -> dict[str, Any]:
        self.asked.append(request)
        if isinstance(self.answer, Exception):
            raise self.answer
        return {"RestApiStatusCode": 200, "RestApiResponse": self.answer}


def airflow(answer: Any) -> MwaaAirflow:
    return MwaaAirflow(Mwaa(answer), "airflow")


def test_a_run_is_asked_for_by_its_name_and_without_a_date() -> None:
    client = Mwaa({"state": "queued"})
    assert MwaaAirflow(client, "airflow").trigger("build_dataset", "drift-1", {"archives": ["s3://a/b.zip"]})
    assert client.asked == [
        {
            "Name": "airflow", "Path": "/dags/build_dataset/dagRuns", "Method": "POST",
            "Body": {"dag_run_id": "drift-1", "logical_date": None, "conf": {"archives": ["s3://a/b.zip"]}},
        }
    ]  # fmt: skip


def test_a_run_that_is_there_already_is_success() -> None:
    assert airflow(rest_error(409)).trigger("build_dataset", "drift-1", {}) is False


@pytest.mark.parametrize(
    "error",
    [
        rest_error(503), rest_error(429), client_error("InternalServerException"), client_error("ThrottlingException"),
        ReadTimeoutError(endpoint_url="https://airflow"),
    ],
)  # fmt: skip
def test_what_may_pass_is_worth_another_try(error: Exception) -> None:
    with pytest.raises(AirflowUnavailableError):
        airflow(error).trigger("build_dataset", "drift-1", {})


@pytest.mark.parametrize(
    "error",
    [
        rest_error(400), rest_error(403), rest_error(404), client_error("AccessDeniedException"),
        client_error("ResourceNotFoundException"), client_error("ValidationException"),
    ],
)  # fmt: skip
def test_a_refusal_is_not_asked_again(error: Exception) -> None:
    with pytest.raises(AirflowRefusedError):
        airflow(error).trigger("build_dataset", "drift-1", {})


def test_a_stack_without_an_environment_says_so() -> None:
    with pytest.raises(AirflowRefusedError, match="deploy the stack with AirflowEnvironment"):
        MwaaAirflow(Mwaa({}), "none").run_state("build_dataset", "drift-1")


def test_what_an_event_started_is_read() -> None:
    run = {"dag_id": "train_model", "run_id": "r", "state": "running", "more": 1}
    found = airflow({"asset_events": [{"timestamp": "2026-03-10T06:00:00Z", "created_dagruns": [run]}]})
    assert found.announced("build_dataset", "d") == [Announced(NOW, (Follower("train_model", "r", "running"),))]


class Known:
    """An Airflow that knows one run."""

    def __init__(self, state: str | Exception | None, *events: Announced) -> None:
        self.state, self.events = state, list(events)

    def run_state(self, dag_id: str, run_id: str) -> str | None:
        assert (dag_id, run_id) == ("build_dataset", "drift-d1")
        if isinstance(self.state, Exception):
            raise self.state
        return self.state

    def announced(self, dag_id: str, run_id: str) -> list[Announced]:
        return self.events


class States:
    """Step Functions: executions that run, by ARN, with who asked for them."""

    def __init__(self, **running: str) -> None:
        self.running = {f"arn:{name}": asker for name, asker in running.items()}

    def describe_execution(self, executionArn: str) -> dict[str, Any]:  # noqa: N803 - as boto3 spells it
        if executionArn not in self.running:
            raise client_error("ExecutionDoesNotExist")
        return {"status": "RUNNING", "input": f'{{"requested_by": "{self.running[executionArn]}"}}'}

    def get_paginator(self, name: str) -> States:
        return self

    def paginate(self, **request: Any) -> list[dict[str, Any]]:
        assert request == {"stateMachineArn": TRAIN, "statusFilter": "RUNNING"}
        return [{"executions": [{"executionArn": arn} for arn in self.running if arn != "arn:own"]}]


def started(state: str, at: datetime = NOW) -> Announced:
    return Announced(at, (Follower("train_model", "r", state),))


@pytest.mark.parametrize(
    ("known", "states", "runs"),
    [
        (Known(None), States(), False),  # never asked for, and nobody is at it
        (Known(None), States(own=""), True),  # about to be asked for
        (Known("queued"), States(), True),
        (Known("running"), States(), True),
        (Known("failed"), States(), False),
        (Known(AirflowUnavailableError("away")), States(), True),
        (Known(AirflowRefusedError("no right")), States(), True),
        (Known("success"), States(), False),  # nothing was announced: the version was known
        (Known("success", Announced(NOW - timedelta(minutes=1), ())), States(), True),  # train_model is about to start
        (Known("success", Announced(NOW - timedelta(hours=2), ())), States(), False),  # train_model is switched off
        (Known("success", started("queued")), States(), True),
        (Known("success", started("running")), States(), True),  # signatures are waited for
        (Known("success", started("success")), States(), False),
        (Known("success", started("failed")), States(), False),  # refused by the gate, rejected, expired
        (Known("success", started("failed")), States(x="airflow:drift:d1"), True),  # only its Airflow task failed
        (Known("success", started("failed")), States(x="airflow:drift:d2"), False),
    ],
)
def test_whether_a_retraining_goes_on_is_asked_of_those_who_run_it(known: Any, states: States, runs: bool) -> None:
    assert RetrainingProgress(known, states, TRAIN, lambda: NOW).is_running(HELD) is runs
