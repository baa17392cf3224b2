"""Archives: moto keeps what they are, the store keeps their events, and a replay puts these on the bus again."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

from moto.events.models import Archive, Rule, events_backends

from local_aws.api import Context
from local_aws.services import event_bus
from local_aws.services.events.pattern_checks import checked
from local_aws.services.events.patterns import matches

RULE_PREFIX = "Events-Archive-"


def is_archive(target_arn: str) -> bool:
    """moto gives the rule that feeds an archive a target of EventBridge itself, without a resource."""
    return target_arn.split(":")[2] == "events" and not target_arn.rpartition(":")[2]


def keep(aws: Context, rule: Rule, event: dict[str, Any]) -> None:
    archive = events_backends[aws.account][aws.region].archives.get(rule.name.removeprefix(RULE_PREFIX))
    if archive is not None and "replay-name" not in event:
        aws.store.append(stream_of(archive), event)


def stream_of(archive: Archive) -> str:
    return f"events:archive:{archive.uuid}"


def replay(aws: Context, archive: Archive, start: float, end: float, name: str, bus: str) -> int:
    """Put the archive's events of a span of time (seconds since 1970) on the bus; returns how many.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-replay-archived-event.html
    """
    text = archive.event_pattern.dump()
    count = 0
    with aws.store.transaction():
        for _, event in aws.store.read(stream_of(archive)):
            at = datetime.strptime(event["time"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp()
            if start <= at <= end and (not text or matches(checked(text), event)):
                event_bus.accept(aws, {**event_bus.envelope(aws, "", "", [], {}), **event, **_again(name)}, bus)
                count += 1
    return count


def _again(name: str) -> dict[str, str]:
    return {"id": str(uuid.uuid4()), "replay-name": name}
