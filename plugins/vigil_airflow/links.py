"""Buttons on a task's page: the approval request that it waits for, and the evidence for it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from airflow.sdk import BaseOperatorLink
from airflow.sdk.execution_time.xcom import XCom

if TYPE_CHECKING:
    from airflow.sdk import BaseOperator
    from airflow.sdk.types import TaskInstanceKey

APPROVAL_REQUEST = "approval_request"  # XCom: the request as people may see it
EVALUATION_URL = "evaluation_url"  # XCom: where a browser finds the evaluation


class ApprovalRequestLink(BaseOperatorLink):
    """Opens the request on the approver's page, within Airflow's UI."""

    name = "Approval request"

    def get_link(self, operator: BaseOperator, *, ti_key: TaskInstanceKey) -> str:
        request = XCom.get_value(key=APPROVAL_REQUEST, ti_key=ti_key)
        return approval_page(request["request_id"]) if request else ""


class EvaluationLink(BaseOperatorLink):
    """Opens the evaluation that the candidate was judged by; without a console, the page that shows its figures."""

    name = "Evidence"

    def get_link(self, operator: BaseOperator, *, ti_key: TaskInstanceKey) -> str:
        if url := XCom.get_value(key=EVALUATION_URL, ti_key=ti_key):
            return str(url)
        return ApprovalRequestLink().get_link(operator, ti_key=ti_key)


def approval_page(request_id: str) -> str:
    """A path within Airflow's UI, the same on every home of it; the page opens the request that its address names."""
    return f"/plugin/approvals/{quote(request_id, safe='')}"


def object_page(uri: str, endpoint: str, region: str) -> str | None:
    """The console's page of an object, where S3 is AWS's; elsewhere a browser, which signs nothing, cannot open it."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    host = urlsplit(endpoint).hostname or ""
    if host.endswith((".amazonaws.com", ".amazonaws.com.cn")):
        return f"https://console.aws.amazon.com/s3/object/{bucket}?region={region}&prefix={quote(key)}"
    return None
