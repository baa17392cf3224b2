"""Events that AWS services put on the account's default bus themselves: "Step Functions Execution Status Change", ...

``emit`` belongs into the transaction that makes the change it tells of: the event is then kept with the change, and
a killed server publishes it after its next start. Events are delivered at least once, as at AWS:
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event.html
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from local_aws.api import Context

OUTBOX = "events:outbox"


def emit(aws: Context, source: str, detail_type: str, resources: Sequence[str], detail: dict[str, Any]) -> str:
    """Keep an event for publication; returns its id. ``detail`` holds JSON values only."""
    event_id = str(uuid.uuid4())
    event = {
        "version": "0",
        "id": event_id,
        "detail-type": detail_type,
        "source": source,
        "account": aws.account,
        "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": aws.region,
        "resources": list(resources),
        "detail": detail,
    }
    aws.store.put(OUTBOX, event_id, event)
    return event_id


def pending(aws: Context) -> list[dict[str, Any]]:
    """The events that are not published yet, oldest first."""
    return [event for _, event in aws.store.list(OUTBOX)]
