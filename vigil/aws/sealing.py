"""Each minute: seal the ledger, or say that it cannot be sealed, by a metric with an alarm and by a notice."""

from __future__ import annotations

import logging
from typing import Any

from vigil.audit.checkpoint import seal
from vigil.audit.findings import LedgerBrokenError
from vigil.aws.audit_ports import sealing_ports
from vigil.aws.checkpoints import CheckpointBucket
from vigil.aws.environment import StackParameters, aws_client, stack_name
from vigil.aws.notifications import Notifications

NAMESPACE = "Vigil/Audit"
METRIC = "LedgerDoesNotFollow"
SUBJECT = "The ledger does not follow its checkpoint"

logger = logging.getLogger(__name__)


def seal_stack(parameters: StackParameters, hint: int = 0) -> dict[str, Any]:
    """What was done. ``hint`` is the number of a checkpoint that is known to be there."""
    try:
        checkpoint = seal(sealing_ports(parameters, hint))
    except LedgerBrokenError as error:
        _alarm(parameters, error)
        return {"broken": [finding.model_dump(mode="json", exclude_none=True) for finding in error.findings]}
    _count(0)
    return {"checkpoint": checkpoint.number if checkpoint else None}


def _alarm(parameters: StackParameters, error: LedgerBrokenError) -> None:
    logger.error("%s: %s", SUBJECT, error)
    _count(1)
    bucket = CheckpointBucket(aws_client("s3"), parameters.buckets.audit)
    notifications = Notifications(aws_client("sns"), parameters.topics.notifications)
    for finding in error.findings:
        if bucket.keep_finding(finding):  # the alarm lasts; a notice for each finding is enough
            notifications.publish(SUBJECT, finding.model_dump(mode="json", exclude_none=True))


def _count(value: int) -> None:
    aws_client("cloudwatch").put_metric_data(
        Namespace=NAMESPACE,
        MetricData=[{"MetricName": METRIC, "Value": value, "Dimensions": [{"Name": "Stack", "Value": stack_name()}]}],
    )
