"""Recording how a run ended: the runs table, the model package, a notice. The reason is what a person can act on."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from vigil.moments import Clock
from vigil.approvals.redaction import redact_text
from vigil.aws.executions import Executions
from vigil.aws.model_packages import ModelPackages
from vigil.aws.notifications import Notifications
from vigil.aws.run_records import RUNNING, RunRecords

logger = logging.getLogger(__name__)

IN_SERVICE = "InService"
STOPPED = "Stopped"
REASON_CHARACTERS = 1000
#: Where the services put the reason in the JSON text that they give as a cause, outermost first.
REASON_FIELDS = ("FailureReason", "errorMessage", "Cause", "ExitMessage", "StatusMessage")


class OutcomeEvent(BaseModel):
    """``candidate`` and ``run`` are what the execution knew when it ended, which may be nothing."""

    model_config = ConfigDict(extra="forbid")

    execution_arn: str
    outcome: str
    cause: str = ""
    run: dict[str, Any] = Field(default_factory=dict)
    candidate: dict[str, Any] = Field(default_factory=dict)


class OutcomeResult(BaseModel):
    outcome: str
    reason: str


@dataclass(frozen=True)
class OutcomePorts:
    records: RunRecords
    packages: ModelPackages
    notifications: Notifications
    clock: Clock


def record_outcome(event: OutcomeEvent, ports: OutcomePorts) -> OutcomeResult:
    """Record the end of a run once; a retry records nothing twice and notifies nobody twice."""
    reason = readable_reason(event.cause) or ("" if event.outcome == IN_SERVICE else "no reason was given")
    package = str(event.candidate.get("model_package_arn", ""))
    if package and event.outcome != IN_SERVICE:
        _reject_package(package, event.outcome, reason, ports.packages)
    if ports.records.finish(event.execution_arn, event.outcome, reason, ports.clock()):
        ports.notifications.publish(f"Vigil: {event.outcome}", _facts(event, reason, package))
    return OutcomeResult(outcome=event.outcome, reason=reason)


def readable_reason(cause: str) -> str:
    """The innermost reason of a cause, redacted. Services give it as JSON text, sometimes as JSON inside JSON."""
    text = cause
    for _ in range(5):
        inner = _inner_reason(text)
        if inner is None:
            break
        text = inner
    return redact_text(text)[:REASON_CHARACTERS]


def record_stopped(state_machine: str, executions: Executions, ports: OutcomePorts) -> list[str]:
    """Record executions that were stopped from outside, which no state of theirs could do. Gives their ARNs."""
    done = []
    for status in ("ABORTED", "TIMED_OUT"):
        for arn in executions.recently_ended(state_machine, status):
            record = ports.records.get(arn) or {}
            if record.get("outcome", RUNNING) != RUNNING:
                continue
            described = executions.describe(arn)
            cause = str(described.get("cause") or described.get("error") or f"the execution was {status.lower()}")
            record_outcome(_stopped_event(arn, cause, record), ports)
            done.append(arn)
    return done


def _stopped_event(arn: str, cause: str, record: dict[str, str]) -> OutcomeEvent:
    """The run can no longer say what it was: its record does."""
    run = _of(record, "requested_by", "dataset_version")
    candidate = _of(record, "model_package_arn")
    return OutcomeEvent(execution_arn=arn, outcome=STOPPED, cause=cause, run=run, candidate=candidate)


def _of(record: dict[str, str], *names: str) -> dict[str, Any]:
    return {name: record[name] for name in names if name in record}


def _inner_reason(text: str) -> str | None:
    if not text.lstrip().startswith("{"):
        return None
    try:
        document = json.loads(text)
    except ValueError:
        return None
    for name in REASON_FIELDS:
        value = document.get(name)
        if isinstance(value, str) and value:
            return value
    return None


def _reject_package(arn: str, outcome: str, reason: str, packages: ModelPackages) -> None:
    """A candidate that did not get into service is rejected; one that serves (Approved, not rolled back) stays."""
    if packages.status(arn) == "Approved" and outcome != "EndpointRolledBack":
        logger.warning("%s is in service although its run ended as %s", arn, outcome)
        return
    packages.set_status(arn, "Rejected", f"{outcome}: {reason}")


def _facts(event: OutcomeEvent, reason: str, package: str) -> dict[str, object]:
    facts: dict[str, object] = {
        "event": "run-ended",
        "outcome": event.outcome,
        "reason": reason,
        "execution_arn": event.execution_arn,
        "requested_by": event.run.get("requested_by"),
        "dataset_version": event.run.get("dataset_version") or event.candidate.get("dataset_version"),
        "model_package_arn": package or None,
    }
    return {name: value for name, value in facts.items() if value is not None}
