"""Where moto would deliver, or judge a bucket's policy, by itself, this server takes over.

Put in place before moto serves or repeats its first request: moto's own deliveries must never run.
"""

from __future__ import annotations

from typing import Any

from moto.events.models import Rule
from moto.iam.access_control import PermissionResult
from moto.s3.models import FakeBucket

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
    FakeBucket.get_permission = _no_opinion  # type: ignore[method-assign, assignment]


def _nothing(rule: Rule, original_event: Any, transform_input: bool = True) -> None:
    """moto announces some events of its own; those of this server come by the outbox."""


def _no_opinion(bucket: FakeBucket, action: str, resource: str) -> PermissionResult:
    """moto knows no conditions: a policy that denies what is not encrypted would deny everything. See ``access``."""
    return PermissionResult.NEUTRAL
