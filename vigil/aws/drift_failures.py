"""Recording that drift could not be dealt with: in the ledger, and to somebody who can do something about it."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict

from vigil.audit.models import Actor
from vigil.aws.drift_records import DriftRecords
from vigil.aws.executions import Executions
from vigil.aws.notifications import Notifications
from vigil.aws.outcomes import readable_reason
from vigil.aws.run_records import STOPPED, RunRecords, has_ended
from vigil.moments import Clock
from vigil.monitoring.models import WindowReport

logger = logging.getLogger(__name__)


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


def record_stopped_drift(
    machine: str, executions: Executions, runs: RunRecords, ports: FailurePorts, clock: Clock
) -> list[str]:
    """Record and tell, once, of executions that were stopped from outside: no state of theirs could. Gives their ARNs.

    ``machine``: the ARN of retrain-on-drift. ``runs`` remembers what was told, whichever model serves by then.
    """
    done = []
    for status in ("ABORTED", "TIMED_OUT"):
        for arn, redrives in executions.recently_ended(machine, status):
            if has_ended(runs.get(arn) or {}, redrives):
                continue
            try:
                reason = _record_stopped(executions.describe(arn), arn, ports)
                runs.finish(arn, STOPPED, reason, clock(), redrives)
            except Exception:  # the next sweep tries again; the others must not wait for this one
                logger.exception("that %s was stopped could not be recorded", arn)
                continue
            done.append(arn)
    return done


def _record_stopped(described: Mapping[str, Any], arn: str, ports: FailurePorts) -> str:
    """The ledger comes first: while it cannot be written, nobody is told each minute anew. Gives the reason."""
    cause = described.get("cause") or described.get("error") or f"the execution was {described['status'].lower()}"
    reason = readable_reason(str(cause))
    decision_id = _decision_id(described, arn, ports.records)
    subject = f"drift:{decision_id}" if decision_id else ports.endpoint
    facts = {"outcome": STOPPED, "reason": reason, "execution_arn": arn}
    ports.records.not_handled(subject, arn, facts, ports.actor)
    notice = {"event": "drift-not-handled", "decision_id": decision_id, **facts}
    ports.notifications.publish(f"Vigil: drift, {STOPPED}", notice)
    return reason


def _decision_id(described: Mapping[str, Any], arn: str, records: DriftRecords) -> str:
    """What the execution was started to take up, or has decided; empty where it had decided nothing yet."""
    try:
        value = json.loads(described.get("input") or "{}")
        if value.get("override"):
            return str(value["override"])
        decision_id = WindowReport.model_validate(value.get("detail")).id
    except (ValueError, AttributeError):  # whatever somebody started it with; pydantic's error is a ValueError
        return ""
    return decision_id if records.was_decided_by(decision_id, arn) else ""
