"""Tells an operator, from the task that waits, what there is to decide and how."""

from __future__ import annotations

import logging
import time
from typing import Any

from vigil_airflow.links import APPROVAL_REQUEST, EVALUATION_URL, approval_page, object_page

# The request is opened by a function behind a queue: moments later, or minutes when the queue is busy.
APPEARS_WITHIN_SECONDS = 60.0
LOOK_EVERY_SECONDS = 2.0
# A person's role says which of `review` and `approve` is theirs; the command refuses the other one.
COMMANDS = (
    "show {request}",
    "review {request} --user YOU",
    "approve {request} --user YOU",
    'reject {request} --user YOU --comment "WHY"',
)


def publish_approval_request(task_instance: Any, execution_arn: str, log: logging.Logger) -> None:
    """Push the pending approval request of an execution as XCom, for the links, and log what to do.

    Where no request appears in time the wait goes on without the links: they are a courtesy, the wait is not.
    """
    request = _pending_request(execution_arn, log)
    if request is None:
        log.warning("no approval request has appeared yet: `vigil approvals list` shows it once it is there")
        return
    from vigil.aws.environment import aws_client

    s3 = aws_client("s3")
    facts, request_id = request["facts"], request["request_id"]
    if page := object_page(facts["evaluation_uri"], s3.meta.endpoint_url, s3.meta.region_name):
        task_instance.xcom_push(key=EVALUATION_URL, value=page)
    task_instance.xcom_push(key=APPROVAL_REQUEST, value=_summary(request))
    log.info("approval request %s waits for a decision until %s", request_id, request["expires_at"])
    for line in criteria_lines(facts["verdict"]["criteria"]):
        log.info("%s", line)
    log.info("see it and sign: Approvals in this UI, at %s", approval_page(request_id))
    log.info("or by command:")
    for command in COMMANDS:
        log.info("  vigil approvals %s", command.format(request=request_id))


def criteria_lines(criteria: list[dict[str, Any]]) -> list[str]:
    """What the change-control gate measured, one line for each criterion."""
    return [
        f"{'met' if each['passed'] else 'NOT MET'}: {each['name']} {each['measured']}, limit {each['limit']}"
        for each in criteria
    ]


def _summary(request: dict[str, Any]) -> dict[str, Any]:
    facts = request["facts"]
    return {
        "request_id": request["request_id"],
        "expires_at": request["expires_at"],
        "dataset_version": facts["dataset_version"],
        "artefact_digest": facts["artefact_digest"],
        "model_package_arn": facts["model_package_arn"],
        "evaluation_uri": facts["evaluation_uri"],
        "verdict": facts["verdict"],
        "page": approval_page(request["request_id"]),
        "show": f"vigil approvals show {request['request_id']}",
    }


def _pending_request(execution_arn: str, log: logging.Logger) -> dict[str, Any] | None:
    """Asked of the desk, which alone may read the table. That it gives no answer must not end the wait either."""
    from vigil.approvals.errors import ApprovalError
    from vigil.aws.desk_client import desk_client
    from vigil.aws.environment import load_parameters

    desk = desk_client(load_parameters())
    deadline = time.monotonic() + APPEARS_WITHIN_SECONDS
    while True:
        try:
            for request in desk.requests():
                if (request["execution_arn"], request["status"]) == (execution_arn, "PENDING"):
                    return request
        except ApprovalError as error:
            log.warning("%s", error)
        if time.monotonic() >= deadline:
            return None
        time.sleep(LOOK_EVERY_SECONDS)
