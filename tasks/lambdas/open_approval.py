"""Consumer of the training-results queue: keeps the task token, encrypted, and opens the approval request.

People hear of it from remind_approvers, within a minute: it marks whom it tells, and looks whether the request still
waits.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vigil.approvals.models import WaitMessage
from vigil.approvals.open import open_request
from vigil.aws.approval_ports import opening_ports
from vigil.aws.environment import load_parameters
from vigil.aws.message_batches import each_message


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    parameters = load_parameters()

    def open_one(record: Mapping[str, Any]) -> None:
        open_request(WaitMessage.model_validate_json(record["body"]), opening_ports(parameters))

    return each_message(event, open_one)
