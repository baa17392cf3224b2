"""Recording how a run ended: the runs table, the model package, a notice. The reason is what a person can act on."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from vigil.approvals.redaction import redact_text
from vigil.audit.models import Actor
from vigil.audit.ports import LedgerWriter
from vigil.aws.endpoint_ledger import endpoint_restored
from vigil.aws.endpoint_release import ServingRecords
from vigil.aws.model_packages import ModelPackages
from vigil.aws.notifications import Notifications
from vigil.aws.outcome_ledger import record_run_ended
from vigil.aws.pinning import run_key
from vigil.aws.run_records import STOPPED, RunRecords
from vigil.moments import Clock

logger = logging.getLogger(__name__)

IN_SERVICE = "InService"
ROLLED_BACK = "EndpointRolledBack"
INTERNAL_FAILURE = "InternalFailure"
ROLLBACK = "rollback"  # ``kind`` of an execution or a release
REASON_CHARACTERS = 1000
#: Where the services put the reason in the JSON text that they give as a cause, outermost first.
REASON_FIELDS = ("FailureReason", "errorMessage", "Cause", "ExitMessage", "StatusMessage")


class OutcomeEvent(BaseModel):
    """``candidate`` and ``run`` are what the execution knew when it ended, which may be nothing.

    ``requested_execution``: of an update-endpoint execution, the run whose model it was to put into service, as its
    input says; nobody has checked it. ``redrives``: how often the execution had been redriven when it ended.
    """

    model_config = ConfigDict(extra="forbid")

    execution_arn: str
    outcome: str
    cause: str = ""
    run: dict[str, Any] = Field(default_factory=dict)
    candidate: dict[str, Any] = Field(default_factory=dict)
    requested_execution: str = ""
    redrives: int = Field(default=0, ge=0)


class OutcomeResult(BaseModel):
    outcome: str
    reason: str


@dataclass(frozen=True)
class OutcomePorts:
    """``update_endpoint`` and ``roll_back``: ARNs of those state machines; ``actor``: the function that records."""

    records: RunRecords
    packages: ModelPackages
    notifications: Notifications
    clock: Clock
    ledger: LedgerWriter
    actor: Actor
    serving: ServingRecords
    endpoint: str
    update_endpoint: str
    roll_back: str


def record_outcome(event: OutcomeEvent, ports: OutcomePorts) -> OutcomeResult:
    """Record this end of a run once; a retry records nothing twice and notifies nobody twice.

    A run that was stopped may be redriven, and its signatures are carried on: its package is not rejected here.
    The ledger comes first: where it cannot be written, the run is not yet recorded as ended, and the sweep finds it.
    """
    reason = readable_reason(event.cause) or ("" if event.outcome == IN_SERVICE else "no reason was given")
    package = str(event.candidate.get("model_package_arn", ""))
    if package and event.outcome not in (IN_SERVICE, STOPPED) and not _is_rollback(event):
        reject_package(package, event.outcome, reason, ports.packages)
    facts = _facts(event, reason, package)
    first = _enter(event, reason, facts, ports)
    if ports.records.finish(event.execution_arn, first["outcome"], first["reason"], ports.clock(), event.redrives):
        ports.notifications.publish(f"Vigil: {first['outcome']}", facts | first)
    return OutcomeResult(outcome=event.outcome, reason=reason)


def _enter(event: OutcomeEvent, reason: str, facts: dict[str, object], ports: OutcomePorts) -> dict[str, str]:
    """Into the ledger. Gives the outcome and reason that are recorded there: those of the first call."""
    arn, key = event.execution_arn, _run_key(event, ports)
    if event.outcome == ROLLED_BACK and _is_of(arn, ports.update_endpoint):
        serving = ports.serving.serving(ports.endpoint)
        left = {"active_package": str(facts["model_package_arn"])} if "model_package_arn" in facts else None
        ports.ledger.append(endpoint_restored(arn, key, ports.endpoint, left, serving, reason, ports.actor))
    recorded = record_run_ended(arn, key, event.outcome, reason, facts, ports.actor, ports.ledger, event.redrives)
    return {name: str(recorded.new[name]) for name in ("outcome", "reason")}


def _run_key(event: OutcomeEvent, ports: OutcomePorts) -> str | None:
    """Of the run whose model is concerned; None where an update or a roll-back names none that is recorded."""
    arn = event.execution_arn
    if _is_of(arn, ports.update_endpoint):
        if event.candidate.get("run_key"):
            return str(event.candidate["run_key"])  # of a release that was verified
        return model_key(event.requested_execution, ports.records) if event.requested_execution else None
    return model_key(arn, ports.records) or (None if _is_of(arn, ports.roll_back) else run_key(arn))


def model_key(execution_arn: str, records: RunRecords) -> str | None:
    """The key of the run that made the model: its own, or the one that a roll-back brings back. None where the
    execution is not recorded."""
    if records.get(execution_arn) is None:
        return None
    return str(records.pinned(execution_arn).get("key") or run_key(execution_arn))


def _is_of(execution_arn: str, state_machine: str) -> bool:
    return execution_arn.startswith(state_machine.replace(":stateMachine:", ":execution:") + ":")


def _is_rollback(event: OutcomeEvent) -> bool:
    """A roll-back that is rejected, expires or fails says nothing against the model: it may be asked for again."""
    return ROLLBACK in (event.run.get("kind"), event.candidate.get("kind"))


def readable_reason(cause: str) -> str:
    """The innermost reason of a cause, redacted. Services give it as JSON text, sometimes as JSON inside JSON."""
    text = cause
    for _ in range(5):
        inner = _inner_reason(text)
        if inner is None:
            break
        text = inner
    return redact_text(text)[:REASON_CHARACTERS]


def failed_as(described: Mapping[str, Any]) -> str:
    """The name under which a failed execution ended: its Fail state's, or one for whatever the engine calls it."""
    error = str(described.get("error", ""))
    return error if error.isalpha() else INTERNAL_FAILURE


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


def reject_package(arn: str, outcome: str, reason: str, packages: ModelPackages) -> None:
    """A candidate that did not get into service is rejected; one that serves (Approved, not rolled back) stays."""
    if packages.status(arn) == "Approved" and outcome != ROLLED_BACK:
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
        "kind": ROLLBACK if _is_rollback(event) else None,
        "redrives": event.redrives or None,
    }
    return {name: value for name, value in facts.items() if value is not None}
