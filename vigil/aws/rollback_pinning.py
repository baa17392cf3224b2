"""Pinning a roll-back: the model that comes back, its evidence and who asks are fixed before people are asked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from vigil.approvals.errors import EvidenceError, RollbackRefusedError
from vigil.approvals.evidence import check_evidence, pinned_plan
from vigil.approvals.models import Facts, Rollback
from vigil.approvals.redaction import redact_text
from vigil.approvals.rollback import asked_digest, check_asker, check_quorum
from vigil.audit.events import EventName
from vigil.audit.models import Actor, Entry, model_chain
from vigil.aws.evidence_store import EvidenceStore
from vigil.aws.rollback_target import RollbackOrder, Target, TargetPorts, find_target
from vigil.aws.run_records import RunRecords
from vigil.change_control.gate import judge
from vigil.change_control.models import Plan


class PinRollbackEvent(BaseModel):
    """What roll-back hands over. ``request`` is the execution's input: believed only as far as the ledger has it."""

    model_config = ConfigDict(extra="forbid")

    request: Any
    execution_arn: str
    execution_name: str
    started_at: datetime


class PinnedRollback(BaseModel):
    """What the whole roll-back uses. ``key`` is that of the run that made the model: its chain goes on.

    The flat fields are those that ``verify_release`` holds against any pinned run; ``facts`` are what is signed.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["rollback"] = "rollback"
    key: str
    execution_arn: str
    requested_by: str
    sent_by: None = None
    plan_changed_by: str
    reason: str
    dataset_version: str
    plan_digest: str
    code_revision: str
    image: str
    facts: Facts
    approval_timeout_seconds: int


@dataclass(frozen=True)
class RollbackPorts:
    """``in_force``: the plan of this package. ``longest_wait_seconds``: what the stack allows for a decision."""

    target: TargetPorts
    serving: dict[str, str]
    evidence: EvidenceStore
    records: RunRecords
    in_force: Plan
    longest_wait_seconds: int


def pin_rollback(event: PinRollbackEvent, ports: RollbackPorts) -> PinnedRollback:
    """Check everything, record the execution; a retry gets what was pinned first.

    Raises ``RollbackRefusedError`` where the model may not come back.
    """
    known = (ports.records.get(event.execution_arn) or {}).get("pinned")
    if known is not None:
        return PinnedRollback.model_validate_json(known)
    order = RollbackOrder.of(event.request)
    target = find_target(order, ports.target)
    try:
        pinned = _pinned(event.execution_arn, order, target, ports)
    except EvidenceError as error:
        raise RollbackRefusedError(f"{target.served.model_package_arn} cannot come back: {error}") from error
    recorded = ports.records.start(
        event.execution_arn,
        {
            "pinned": pinned.model_dump_json(),
            "kind": pinned.kind,
            "requested_by": pinned.requested_by,
            "reason_asked": pinned.reason,
            "dataset_version": pinned.dataset_version,
            "started_at": event.started_at.isoformat(),
        },
    )
    return PinnedRollback.model_validate_json(recorded["pinned"])


def rollback_requested(pinned: PinnedRollback) -> Entry:
    """In the chain of the model that is to come back, once for each execution."""
    facts, rollback = pinned.facts, pinned.facts.rollback
    if rollback is None:
        raise ValueError("a pinned roll-back says what it replaces")
    return Entry(
        chain=model_chain(pinned.key),
        event=EventName.ROLLBACK_REQUESTED,
        key=f"{EventName.ROLLBACK_REQUESTED}#{pinned.execution_arn}",
        actor=Actor(name=pinned.requested_by, via=rollback.asked_via, verified=True),
        subject=pinned.execution_arn,
        old={"package": rollback.replaces_package, "artefact_digest": rollback.replaces_artefact},
        new={"package": facts.model_package_arn, "artefact_digest": facts.artefact_digest},
        details={"reason": rollback.reason, "facts_digest": asked_digest(facts), "plan_digest": facts.plan_digest},
    )


def _pinned(execution_arn: str, order: RollbackOrder, target: Target, ports: RollbackPorts) -> PinnedRollback:
    served, evidence = target.served, ports.evidence
    plan = pinned_plan(served, evidence)
    check_quorum(plan.protocol.approval, ports.in_force.protocol.approval)
    # Judged anew, by today's gate: what would not pass any more does not come back.
    verdict = judge(evidence.evaluation(served), plan)
    own = {"requested_by": order.requested_by, "sent_by": None, "verdict": verdict}
    facts = served.model_copy(update=own | {"rollback": _rollback(order, ports.serving)})
    check_asker(facts, execution_arn, target.chain)
    check_evidence(facts, plan, evidence)
    found = evidence.artefact_digest(facts)
    if found != facts.artefact_digest:
        raise RollbackRefusedError(f"the artefact's digest is {found}, it served as {facts.artefact_digest}")
    return PinnedRollback(
        key=target.run_key,
        execution_arn=execution_arn,
        requested_by=order.requested_by,
        plan_changed_by=facts.plan_changed_by,
        reason=_rollback(order, ports.serving).reason,
        dataset_version=facts.dataset_version,
        plan_digest=facts.plan_digest,
        code_revision=facts.code_revision,
        image=facts.image,
        facts=facts,
        approval_timeout_seconds=min(plan.protocol.approval.timeout_seconds, ports.longest_wait_seconds),
    )


def _rollback(order: RollbackOrder, serving: dict[str, str]) -> Rollback:
    if not serving.get("active_package"):
        raise RollbackRefusedError("nothing serves that could be replaced: promote a model instead")
    return Rollback(
        replaces_package=serving["active_package"],
        replaces_artefact=serving["artefact_digest"],
        replaces_run_key=serving["run_key"],
        reason=redact_text(order.reason.strip()),
        asked_via=order.asked_via,
        asked_subject=order.asked_subject,
    )
