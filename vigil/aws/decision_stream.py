"""The approvals table's stream. Shape: "Using AWS Lambda with Amazon DynamoDB", AWS Lambda Developer Guide."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from vigil.approvals.deliver import deliver
from vigil.approvals.models import DECIDED
from vigil.approvals.ports import DeliveryPorts

logger = logging.getLogger(__name__)


def deliver_changes(event: Mapping[str, Any], ports: DeliveryPorts) -> dict[str, str]:
    """Deliver each request whose new image is decided. What fails is left to the sweep, so that the stream goes on.

    Only ids are taken from the event: the row itself is read anew.
    """
    done: dict[str, str] = {}
    for record in event["Records"]:
        image = record["dynamodb"].get("NewImage", {})
        if image.get("status", {}).get("S") not in DECIDED or "delivered_at" in image:
            continue
        request_id = image["request_id"]["S"]
        try:
            done[request_id] = deliver(request_id, ports).value
        except Exception as error:
            logger.exception("delivering approval request %s failed; the sweep tries again", request_id)
            done[request_id] = f"failed: {type(error).__name__}"
    return done
