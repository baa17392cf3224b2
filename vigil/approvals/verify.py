"""The verification that opens the way to the endpoint: everything is read, fetched and computed anew.

It does not ask who started it. The signature, not the task token, is what promotes a model.
"""

from __future__ import annotations

from datetime import datetime

from vigil.approvals.errors import EvidenceError, SignatureInvalidError
from vigil.approvals.evidence import check_evidence, pinned_plan
from vigil.approvals.models import ApprovalRequest, Status
from vigil.approvals.ports import Pins, VerificationPorts
from vigil.approvals.statement import check_signature, is_requester
from vigil.approvals.timing import is_fresh, may_still_be_applied
from vigil.moments import timestamp

#: Fields of the facts that a run fixes before it computes anything.
PINNED = ("plan_digest", "dataset_version", "code_revision", "image", "requested_by")


def verify_release(
    request_id: str, requested_execution: str, execution_arn: str, ports: VerificationPorts
) -> ApprovalRequest:
    """The approved request, if it may go into service now, by the execution ``execution_arn`` and by no other.

    Raises ``SignatureInvalidError`` with the reason otherwise, whatever it is.
    """
    request = ports.store.get(request_id)
    if request is None:
        raise SignatureInvalidError(f"there is no approval request {request_id!r}")
    if request.status is not Status.APPROVED:
        raise SignatureInvalidError(f"approval request {request_id} is {request.status}, not {Status.APPROVED}")
    if request.execution_arn != requested_execution:
        raise SignatureInvalidError(f"approval request {request_id} was asked for by another execution")
    check_signature(request, ports.signer)
    try:
        _check_times(request, ports.clock())
        _check_pins(request, ports.pins)
        _check_content(request, ports)
    except EvidenceError as error:
        raise SignatureInvalidError(f"approval request {request_id}: {error}") from error
    if not ports.store.claim(request_id, execution_arn):
        raise SignatureInvalidError(f"approval request {request_id} was used already: one approval, one replacement")
    return request


def _check_times(request: ApprovalRequest, now: datetime) -> None:
    decision = request.decision
    if decision is None or not is_fresh(decision.authenticated_at, decision.decided_at):
        raise EvidenceError("the sign-in was not fresh when it was signed")
    if decision.decided_at >= request.expires_at:
        raise EvidenceError(f"it was signed after it had expired at {timestamp(request.expires_at)}")
    if request.applied_by is None and not may_still_be_applied(request.expires_at, now):
        raise EvidenceError(f"it expired at {timestamp(request.expires_at)} and was never applied: train again")


def _check_pins(request: ApprovalRequest, pins: Pins) -> None:
    """What was signed must be what the run fixed before anything was computed."""
    pinned = pins.pinned(request.execution_arn)
    for name in PINNED:
        if pinned.get(name) != getattr(request.facts, name):
            raise EvidenceError(
                f"its {name} is {getattr(request.facts, name)}, its run pinned {pinned.get(name, 'nothing')}"
            )


def _check_content(request: ApprovalRequest, ports: VerificationPorts) -> None:
    facts = request.facts
    plan = pinned_plan(facts, ports.evidence)
    check_evidence(facts, plan, ports.evidence)
    _check_authority(request, plan.protocol.approval.roles, plan.protocol.approval.four_eyes)
    found = ports.evidence.artefact_digest(facts)
    if found != facts.artefact_digest:
        raise EvidenceError(f"the artefact's digest is {found}, signed was {facts.artefact_digest}")


def _check_authority(request: ApprovalRequest, roles: list[str], four_eyes: bool) -> None:
    decision = request.decision
    if decision is None or decision.role not in roles:
        raise EvidenceError("it was not signed in a role that the plan names")
    if four_eyes and is_requester(request, decision.signer, decision.subject):
        raise EvidenceError("it was signed by the person who asked for the training")
