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
    assert found == [text.replace("PAGE", "/plugin/approvals/apr-1") for text in (approval, evidence)]


def test_the_approval_link_stays_within_airflow_and_opens_the_request() -> None:
    """Airflow shows a plugin's page with the route `approvals` at this path, whatever comes behind it."""
    assert approval_page("apr-0123456789ab") == "/plugin/approvals/apr-0123456789ab"
    assert approval_page("a/../b") == "/plugin/approvals/a%2F..%2Fb"
