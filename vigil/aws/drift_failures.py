"""Recording that drift could not be dealt with: in the ledger, and to somebody who can do something about it."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict

from vigil.audit.models import Actor
from vigil.aws.drift_records import DriftRecords
from vigil.aws.notifications import Notifications
from vigil.aws.outcomes import readable_reason


class FailureEvent(BaseModel):
    """``decision_id``: empty where no decision could be made."""

    model_config = ConfigDict(extra="forbid")

    execution_arn: str
    outcome: str
    cause: str
    decision_id: str


class FailureResult(BaseModel):
    reason: str


@dataclass(frozen=True)
class FailurePorts:
    endpoint: str
    records: DriftRecords
    notifications: Notifications
    actor: Actor


def record_failure(event: FailureEvent, ports: FailurePorts) -> FailureResult:
    """Tell and record; the decision, if there is one, stands as it was recorded. Doing it again tells again.

    What could not be recorded is told all the same: the ledger's absence may be why there is a failure at all.
    """
    reason = readable_reason(event.cause) or "no reason was given"
    subject = f"drift:{event.decision_id}" if event.decision_id else ports.endpoint
    facts = {"outcome": event.outcome, "reason": reason, "execution_arn": event.execution_arn}
    notice = {"event": "drift-not-handled", "decision_id": event.decision_id, **facts}
    try:
        ports.notifications.publish(f"Vigil: drift, {event.outcome}", notice)
    finally:
        ports.records.not_handled(subject, event.execution_arn, facts, ports.actor)
    return FailureResult(reason=reason)
