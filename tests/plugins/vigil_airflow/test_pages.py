"""Who may see the quality report, and what is sent with it. Airflow's own sign-in decides who somebody is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from airflow.api_fastapi.core_api.security import get_user
from fastapi import HTTPException
from fastapi.testclient import TestClient
from state_machines import client_error
from vigil_airflow.pages import quality_report
from vigil_airflow.pages.app import app

ADDRESS = "/quality/build_dataset/manual__2026-01-01T00:00:00+00:00"


class Manager:
    """An auth manager that lets one user read one DAG's results."""

    def is_authorized_dag(self, *, method: str, access_entity: Any, details: Any, user: str) -> bool:
        assert (method, access_entity.value if hasattr(access_entity, "value") else access_entity) == ("GET", "XCOM")
        return user == "reader" and details.id == "build_dataset"


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    monkeypatch.setattr(quality_report, "get_auth_manager", Manager)
    monkeypatch.setattr(quality_report, "_staging", lambda run: f"s3://d/staging/{run}/" if "manual" in run else None)
    monkeypatch.setattr(quality_report, "_report", lambda staging: f"<h1>{staging}</h1>".encode())
    yield TestClient(app)
    app.dependency_overrides.clear()


def sign_in(user: str) -> None:
    app.dependency_overrides[get_user] = lambda: user


def test_nobody_sees_it_without_signing_in(client: TestClient) -> None:
    answer = client.get(ADDRESS)
    assert answer.status_code == 401
    assert "staging" not in answer.text


def test_who_may_not_read_the_dag_is_refused(client: TestClient) -> None:
    sign_in("stranger")
    answer = client.get(ADDRESS)
    assert answer.status_code == 403
    assert "may not read" in answer.text and "staging" not in answer.text


def test_who_may_read_the_dag_gets_the_runs_own_report_with_a_strict_policy(client: TestClient) -> None:
    sign_in("reader")
    answer = client.get(ADDRESS)
    assert answer.status_code == 200
    assert answer.text == "<h1>s3://d/staging/manual__2026-01-01T00:00:00+00:00/</h1>"
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "frame-ancestors 'self'" in policy and "script-src" not in policy
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("/quality/train_model/manual__1", "only build_dataset has"),
        ("/quality/build_dataset/no-such-run", "has staged nothing"),
    ],
)
def test_what_is_not_there_is_said_in_plain_words(client: TestClient, address: str, words: str) -> None:
    sign_in("reader")
    answer = client.get(address)
    assert answer.status_code == 404
    assert words in answer.text


@pytest.mark.parametrize("address", ["/quality/train_model/manual__1", "/quality/a<script>b/manual__1", ADDRESS])
def test_what_is_refused_is_a_page_for_people_that_names_the_next_step(client: TestClient, address: str) -> None:
    for user in (None, "stranger"):
        app.dependency_overrides.clear()
        if user:
            sign_in(user)
        answer = client.get(address)
        assert answer.headers["content-type"].startswith("text/html") and "<h1>" in answer.text
        assert "<script>" not in answer.text and "script-src 'self'" in answer.headers["content-security-policy"]
        assert ("sign in" in answer.text) == (answer.status_code == 401)
    if "quality/build_dataset" not in address:
        assert "in the same tab of the run of build_dataset" in client.get(address).text


def test_when_aws_does_not_answer_a_page_says_so_without_its_text(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(staging: str) -> bytes:
        raise client_error("SlowDown", "not now")

    monkeypatch.setattr(quality_report, "_report", refuse)
    sign_in("reader")
    answer = client.get(ADDRESS)
    assert answer.status_code == 503 and "again in a minute" in answer.text and "ClientError" in answer.text
    assert "not now" not in answer.text


@pytest.mark.parametrize(
    "staging", ["s3://elsewhere/staging/x/", "s3://datasets/datasets/faers/x/", "https://datasets/staging/x/"]
)
def test_what_lies_outside_the_staging_area_is_never_shown(staging: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A person may edit an XCom."""

    class Parameters:
        class buckets:  # noqa: N801 - a field
            datasets = "datasets"

    monkeypatch.setattr("vigil.aws.environment.load_parameters", Parameters)
    monkeypatch.setattr("vigil.aws.objects.get_bytes", lambda uri: b"foreign")
    with pytest.raises(HTTPException) as caught:
        quality_report._report(staging)
    assert caught.value.status_code == 404
    assert quality_report._report("s3://datasets/staging/x/") == b"foreign"


def test_nothing_but_reading_is_possible(client: TestClient) -> None:
    sign_in("reader")
    for method in ("post", "put", "delete", "patch"):
        assert getattr(client, method)(ADDRESS).status_code == 405
