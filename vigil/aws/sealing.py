"""Each minute: seal the ledger, and say what of it cannot be sealed, by a metric with an alarm and by a notice."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from vigil.audit.checkpoint import seal
from vigil.audit.findings import Finding, LedgerBrokenError
from vigil.aws.audit_ports import sealing_ports
from vigil.aws.checkpoints import CheckpointBucket
from vigil.aws.environment import StackParameters, aws_client
from vigil.aws.notifications import Notifications
from vigil.aws.watchdog import NOT_YET, count

METRIC = "LedgerDoesNotFollow"
SEALED = "LedgerSealed"  # 1 in each minute after which nothing was left unsealed
SUBJECT = "The ledger does not follow its checkpoint"

logger = logging.getLogger(__name__)


def seal_stack(parameters: StackParameters, hint: int = 0) -> dict[str, Any]:
    """What was done. ``hint`` is the number of a checkpoint that is known to be there."""
    try:
        done = seal(sealing_ports(parameters, hint))
    except LedgerBrokenError as error:
        tell(parameters, error.findings)
        count({METRIC: 1, SEALED: 0, **NOT_YET})
        return {"broken": plain(error.findings)}
    # What was planted stays, locked: it is told once, and must not hide by its alarm what comes later.
    is_news = tell(parameters, done.planted)
    tell(parameters, done.broken)
    count({METRIC: int(is_news or bool(done.broken)), SEALED: int(done.whole), **NOT_YET})
    shown: dict[str, Any] = {"checkpoint": done.checkpoint.number if done.checkpoint else None}
    parts = {"planted": done.planted, "broken": done.broken}
    return shown | {name: plain(findings) for name, findings in parts.items() if findings}


def plain(findings: Sequence[Finding]) -> list[dict[str, Any]]:
    return [finding.model_dump(mode="json", exclude_none=True) for finding in findings]


def tell(parameters: StackParameters, findings: Sequence[Finding]) -> bool:
    """Keep each finding, and send a notice for what was not found before; whether there was any such."""
    told = False
    bucket = CheckpointBucket(aws_client("s3"), parameters.buckets.audit)
    notifications = Notifications(aws_client("sns"), parameters.topics.notifications)
    for finding in findings:
        logger.error("%s: %s", SUBJECT, finding)
        if bucket.keep_finding(finding):
            notifications.publish(SUBJECT, finding.model_dump(mode="json", exclude_none=True))
            told = True
    return told
