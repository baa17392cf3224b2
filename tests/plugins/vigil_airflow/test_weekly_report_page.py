"""Who may see the weekly report, and that it is the run's own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from airflow.api_fastapi.core_api.security import get_user
from fastapi import HTTPException
from fastapi.testclient import TestClient
from vigil_airflow.pages import weekly_report
from vigil_airflow.pages.app import app

ADDRESS = "/weekly/watch_model/manual__2026-01-01T00:00:00+00:00"
KEPT = "reports/triage/weekly/"


class Manager:
    """An auth manager that lets one user read one DAG's results."""

    def is_authorized_dag(self, *, method: str, access_entity: Any, details: Any, user: str) -> bool:
        assert (method, access_entity.value) == ("GET", "XCOM")
        return user == "reader" and details.id == "watch_model"


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    monkeypatch.setattr(weekly_report, "get_auth_manager", Manager)
    monkeypatch.setattr(weekly_report, "_place", lambda run: f"s3://c/{run}" if "manual" in run else None)
    monkeypatch.setattr(weekly_report, "_report", lambda place: f"<h1>{place}</h1>".encode())
    yield TestClient(app)
    app.dependency_overrides.clear()


def sign_in(user: str) -> None:
    app.dependency_overrides[get_user] = lambda: user


def test_nobody_sees_it_without_signing_in_nor_without_the_right_to_read_the_dag(client: TestClient) -> None:
    assert client.get(ADDRESS).status_code == 401
    sign_in("stranger")
    assert client.get(ADDRESS).status_code == 403


def test_who_may_read_the_dag_gets_the_runs_own_report_with_a_strict_policy(client: TestClient) -> None:
    sign_in("reader")
    answer = client.get(ADDRESS)
    assert (answer.status_code, answer.text) == (200, "<h1>s3://c/manual__2026-01-01T00:00:00+00:00</h1>")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "script-src" not in policy


@pytest.mark.parametrize(
    ("address", "words"),
    [("/weekly/train_model/manual__1", "only the runs of watch_model"), ("/weekly/watch_model/no-such", "no report")],
)
def test_what_is_not_there_is_said_in_plain_words(client: TestClient, address: str, words: str) -> None:
    sign_in("reader")
    answer = client.get(address)
    assert answer.status_code == 404 and words in answer.text


@pytest.mark.parametrize(
    "place",
    [f"s3://other/{KEPT}one.html", "s3://capture/captured/triage/one.jsonl", f"s3://capture/{KEPT}a/../one.html", "no"],
)
def test_an_edited_xcom_shows_nothing_but_weekly_reports(monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    from vigil.aws import environment, monitoring_places, objects
    from vigil.aws.objects import S3Uri

    class Parameters:
        class sagemaker:  # noqa: N801 -- as the parameters' field is called
            endpoint = "triage"

    monkeypatch.setattr(environment, "load_parameters", Parameters)
    monkeypatch.setattr(monitoring_places, "weekly_reports", lambda parameters, endpoint: S3Uri("capture", KEPT))
    monkeypatch.setattr(objects, "get_bytes", lambda place: b"report")
    assert weekly_report._report(f"s3://capture/{KEPT}one.html") == b"report"
    with pytest.raises(HTTPException) as refused:
        weekly_report._report(place)
    assert refused.value.status_code == 404
