"""Airflow asked through MWAA: what is success, what is worth another try, and what is not.

Errors: https://docs.aws.amazon.com/mwaa/latest/API/API_InvokeRestApi.html; what Airflow answers is its stable REST API.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from vigil.aws.airflow_rest import AirflowRefusedError, AirflowUnavailableError, Announced, Follower, MwaaAirflow

NOW = datetime(2026, 3, 10, 6, tzinfo=UTC)


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
