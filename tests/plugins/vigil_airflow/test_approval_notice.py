from __future__ import annotations

import logging
from typing import Any

import pytest
from fake_task import FakeTaskInstance
from vigil_airflow import approval_notice
from vigil_airflow.approval_notice import publish_approval_request

from vigil.approvals.errors import DeskUnavailableError

ARN = "arn:aws:states:us-east-1:123456789012:execution:machine:one"
REQUEST = {
    "request_id": "apr-0123456789ab",
    "expires_at": "2026-12-01T00:00:00.000000Z",
    "facts": {
        "dataset_version": "a" * 64,
        "artefact_digest": "b" * 64,
        "model_package_arn": "arn:aws:sagemaker:us-east-1:123456789012:model-package/triage/1",
        "evaluation_uri": "s3://models/evaluations/c/evaluation.json",
        "verdict": {
            "passed": True,
            "outcome": "within-plan",
            "criteria": [{"name": "AUROC", "measured": "0.88", "limit": "at least 0.8", "passed": True, "reason": "r"}],
        },
    },
}


def row(execution_arn: str) -> dict[str, Any]:
    return {**REQUEST, "execution_arn": execution_arn, "status": "PENDING"}


def desk_with(looks: list[list[Any] | Exception], monkeypatch: pytest.MonkeyPatch) -> None:
    """A desk whose requests are, look after look, those given; the last stay."""

    class Desk:
        def requests(self) -> list[Any]:
            found = looks.pop(0) if len(looks) > 1 else looks[0]
            if isinstance(found, Exception):
                raise found
            return found

    monkeypatch.setattr("vigil.aws.desk_client.desk_client", lambda _parameters: Desk())
    monkeypatch.setattr("vigil.aws.environment.load_parameters", lambda: None)
    monkeypatch.setattr(approval_notice, "LOOK_EVERY_SECONDS", 0.0)


@pytest.fixture(autouse=True)
def _variables(monkeypatch: pytest.MonkeyPatch) -> None:
    from vigil.aws.environment import aws_client

    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:4566")
    aws_client.cache_clear()


def test_the_request_of_this_execution_is_published_once_it_has_appeared(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    decided = {**row(ARN), "status": "SUPERSEDED"}
    unavailable = DeskUnavailableError("the approval desk gave no answer")
    desk_with([[], unavailable, [row("another"), decided], [row("another"), row(ARN)]], monkeypatch)
    task = FakeTaskInstance()
    publish_approval_request(task, ARN, logging.getLogger("task"))
    published = task.xcoms["approval_request"]
    assert published["request_id"] == REQUEST["request_id"]
    assert published["evaluation_uri"] == "s3://models/evaluations/c/evaluation.json"
    assert published["page"] == "/plugin/approvals/apr-0123456789ab"
    assert published["show"] == "vigil approvals show apr-0123456789ab"
    assert "evaluation_url" not in task.xcoms
    assert published["verdict"]["criteria"][0]["measured"] == "0.88"
    assert "met: AUROC 0.88, limit at least 0.8" in caplog.text
    assert "apr-0123456789ab waits for a decision until 2026-12-01" in caplog.text
    assert "sign: Approvals in this UI, at /plugin/approvals/apr-0123456789ab" in caplog.text
    for command in ("show", "review", "approve", "reject"):
        assert f"vigil approvals {command} apr-0123456789ab" in caplog.text


def test_a_request_that_does_not_appear_in_time_is_no_failure(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    desk_with([[row("another")]], monkeypatch)
    monkeypatch.setattr(approval_notice, "APPEARS_WITHIN_SECONDS", 0.0)
    task = FakeTaskInstance()
    publish_approval_request(task, ARN, logging.getLogger("task"))
    assert task.xcoms == {}
    assert "no approval request has appeared yet" in caplog.text
