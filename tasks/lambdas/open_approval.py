"""Consumer of the training-results queue: keeps the task token, encrypted, and opens the approval request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vigil.approvals.models import WaitMessage
from vigil.approvals.open import open_request
from vigil.aws.approval_ports import opening_ports
from vigil.aws.environment import aws_client, load_parameters
from vigil.aws.message_batches import each_message
from vigil.aws.notifications import Notifications
from vigil.moments import timestamp


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    parameters = load_parameters()
    notifications = Notifications(aws_client("sns"), parameters.topics.notifications)

    def open_one(record: Mapping[str, Any]) -> None:
        message = WaitMessage.model_validate_json(record["body"])
        opened = open_request(message, opening_ports(parameters))
        if opened.is_new:
            request = opened.request
            facts = {
                "event": "approval-requested",
                "request_id": request.request_id,
                "requested_by": request.facts.requested_by,
            }
            what = "a model waits" if request.facts.rollback is None else "a roll-back waits"
            notifications.publish(f"Vigil: {what} for approval", facts | {"expires_at": timestamp(request.expires_at)})

    return each_message(event, open_one)
