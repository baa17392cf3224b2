from __future__ import annotations

from vigil_airflow.links import approval_page, object_page


def test_on_aws_the_evidence_opens_in_the_console() -> None:
    page = object_page("s3://models/evaluations/ab/evaluation.json", "https://s3.us-east-1.amazonaws.com", "us-east-1")
    assert page == (
        "https://console.aws.amazon.com/s3/object/models?region=us-east-1&prefix=evaluations/ab/evaluation.json"
    )


def test_on_an_endpoint_of_ones_own_the_evidence_is_the_object_itself() -> None:
    page = object_page("s3://models/evaluations/ab/evaluation.json", "http://127.0.0.1:4566/", "us-east-1")
    assert page == "http://127.0.0.1:4566/models/evaluations/ab/evaluation.json"


def test_the_approval_link_stays_within_airflow_and_quotes_the_run() -> None:
    page = approval_page("train_model", "manual__2026-01-01T00:00:00+00:00", "hand_off")
    assert page == "/dags/train_model/runs/manual__2026-01-01T00%3A00%3A00%2B00%3A00/tasks/hand_off/xcom"
