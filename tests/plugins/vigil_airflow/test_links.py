from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from vigil_airflow import links
from vigil_airflow.links import approval_page, object_page


def test_on_aws_the_evidence_opens_in_the_console() -> None:
    page = object_page("s3://models/evaluations/ab/evaluation.json", "https://s3.us-east-1.amazonaws.com", "us-east-1")
    assert page == (
        "https://console.aws.amazon.com/s3/object/models?region=us-east-1&prefix=evaluations/ab/evaluation.json"
    )


def test_on_an_endpoint_of_ones_own_there_is_no_page_that_a_browser_could_open() -> None:
    assert object_page("s3://models/evaluations/ab/evaluation.json", "http://127.0.0.1:4566/", "us-east-1") is None


@pytest.mark.parametrize(
    ("xcoms", "approval", "evidence"),
    [
        ({}, "", ""),
        ({"approval_request": {"request_id": "apr-1"}}, "PAGE", "PAGE"),
        (
            {"approval_request": {"request_id": "apr-1"}, "evaluation_url": "https://console/x"},
            "PAGE",
            "https://console/x",
        ),
    ],
)
def test_links_lead_to_what_the_task_has_published(
    xcoms: dict[str, Any], approval: str, evidence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(links.XCom, "get_value", lambda key, ti_key: xcoms.get(key))
    key = SimpleNamespace(dag_id="d", run_id="r", task_id="t")
    found = [link.get_link(None, ti_key=key) for link in (links.ApprovalRequestLink(), links.EvaluationLink())]
    assert found == [text.replace("PAGE", "/dags/d/runs/r/tasks/t/xcom") for text in (approval, evidence)]


def test_the_approval_link_stays_within_airflow_and_quotes_the_run() -> None:
    page = approval_page("train_model", "manual__2026-01-01T00:00:00+00:00", "hand_off")
    assert page == "/dags/train_model/runs/manual__2026-01-01T00%3A00%3A00%2B00%3A00/tasks/hand_off/xcom"
