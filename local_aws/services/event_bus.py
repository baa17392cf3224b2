"""Events on their way to an event bus: of the services themselves ("Step Functions Execution Status Change", ...) and
of PutEvents.

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
from local_aws.services.bells import bell_of
from local_aws.times import iso_seconds

OUTBOX = "events:outbox"
DEFAULT_BUS = "default"
#: Where the outbox keeps the bus of an event that is not for the default one.
BUS_KEY = "$bus"


def emit(aws: Context, source: str, detail_type: str, resources: Sequence[str], detail: dict[str, Any]) -> str:
    """Keep an event for publication; returns its id. ``detail`` holds JSON values only."""
    return accept(aws, envelope(aws, source, detail_type, resources, detail))


def envelope(
    aws: Context, source: str, detail_type: str, resources: Sequence[str], detail: Any, at: datetime | None = None
) -> dict[str, Any]:
    """https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-events-structure.html"""
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": detail_type,
        "source": source,
        "account": aws.account,
        "time": iso_seconds(at or datetime.now(UTC)),
        "region": aws.region,
        "resources": list(resources),
        "detail": detail,
    }


def accept(aws: Context, event: dict[str, Any], bus: str = DEFAULT_BUS) -> str:
    """Keep a whole event for publication on ``bus``; returns its id."""
    kept = event if bus == DEFAULT_BUS else {**event, BUS_KEY: bus}
    aws.store.put(OUTBOX, event["id"], kept)
    bell_of(aws.store, OUTBOX).set()
    return str(event["id"])


def pending(aws: Context) -> list[dict[str, Any]]:
    """The events that are not published yet, oldest first."""
    return [event for _, event in aws.store.list(OUTBOX)]
