"""Where moto would deliver by itself, this server takes over.

Put in place before moto serves or repeats its first request: moto's own deliveries must never run.
"""

from __future__ import annotations

from typing import Any

from moto.events.models import Rule

from local_aws.services.connections import seams as connections
from local_aws.services.s3_notifications import seams as s3
from local_aws.services.scheduler import seams as scheduler
from local_aws.services.sns import seams as sns


def install() -> None:
    connections.install()
    s3.install()
    scheduler.install()
    sns.install()
    Rule.send_to_targets = _nothing  # type: ignore[method-assign, assignment]


def _nothing(rule: Rule, original_event: Any, transform_input: bool = True) -> None:
    """moto announces some events of its own; those of this server come by the outbox."""
