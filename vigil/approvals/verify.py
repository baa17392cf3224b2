"""The verification that opens the way to the endpoint: everything is read, fetched and computed anew.

It does not ask who started it. The signatures, not the task token, are what promotes a model.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from vigil.approvals import records
from vigil.approvals.errors import EvidenceError, RollbackRefusedError, SignatureInvalidError
from vigil.approvals.evidence import check_evidence, pinned_plan
from vigil.approvals.identity import request_id_for
from vigil.approvals.models import ApprovalRequest, SignatureRecord, Status
from vigil.approvals.ports import Pins, VerificationPorts
from vigil.approvals.quorum import QuorumError, check_decides
from vigil.approvals.recorded import check_recorded
from vigil.approvals.rollback import check_rollback
from vigil.approvals.statement import check_signatures
from vigil.approvals.timing import is_for, may_still_be_applied
from vigil.audit.models import model_chain
from vigil.change_control.models import Plan
from vigil.moments import timestamp

#: Fields of the facts that a run fixes before it computes anything.
PINNED = ("plan_digest", "dataset_version", "code_revision", "image", "requested_by", "sent_by", "plan_changed_by")
#: What a roll-back fixes besides: it computes nothing, so all of its facts.
PINNED_FACTS = "facts"


def verify_release(
    request_id: str,
    requested_execution: str,
    execution_arn: str,
    ports: VerificationPorts,
    pace_of: Callable[[Plan], Mapping[str, object]] = lambda plan: {},
    before_use: Callable[[ApprovalRequest], None] = lambda request: None,
) -> ApprovalRequest:
    """The approved request, if it may go into service now, by the execution ``execution_arn`` and by no other.

    ``pace_of``: the times at which the stack rolls out under a plan, recorded with the release. ``before_use`` is
    called when all holds and nothing is used up yet; what it raises leaves the approval as it was.

    Raises ``SignatureInvalidError`` with the reason otherwise, whatever it is.
    """
    request = ports.store.get(request_id)
    if request is None:
        raise SignatureInvalidError(f"there is no approval request {request_id!r}")
    if request.status is not Status.APPROVED:
        raise SignatureInvalidError(f"approval request {request_id} is {request.status}, not {Status.APPROVED}")
    if request.execution_arn != requested_execution:
        raise SignatureInvalidError(f"approval request {request_id} was asked for by another execution")
    if request_id != request_id_for(request.execution_arn, request.state_name, request.entered_at, request.attempt):
        raise SignatureInvalidError(f"approval request {request_id} names another wait than its id does")
    check_signatures(request, ports.signer)
    try:
        _check_times(request, ports.clock())
        _check_pins(request, ports.pins)
        _check_content(request, ports)
        chain = list(ports.ledger.read(model_chain(request.run_key)))
        check_recorded(request, chain)
        check_rollback(request, chain, ports.models)
    except (EvidenceError, QuorumError, RollbackRefusedError) as error:
        raise SignatureInvalidError(f"approval request {request_id}: {error}") from error
    before_use(request)
    if not ports.store.claim(request_id, execution_arn):
        raise SignatureInvalidError(f"approval request {request_id} was used already: one approval, one replacement")
    _use_once(request, execution_arn, pace_of(ports.evidence.plan(request.facts.plan_digest)), ports)
    return request


def _use_once(
    request: ApprovalRequest, execution_arn: str, pace: Mapping[str, object], ports: VerificationPorts
) -> None:
    """The ledger has the use of these signatures once, whatever rows hold them; a retry finds its own record."""
    recorded = ports.ledger.append(records.release_verified(request, execution_arn, pace))
    if recorded.details.get("execution_arn") != execution_arn:
        raise SignatureInvalidError(
            f"the signatures of approval request {request.request_id} were used already, as record "
            f"{recorded.sequence} of {recorded.chain} says: one approval, one replacement"
        )


def check_times(record: SignatureRecord) -> None:
    """Raises ``EvidenceError`` unless the sign-in was for this signature, and the request had not expired."""
    if not is_for(record.authenticated_at, record.shown_at, record.signed_at):
        raise EvidenceError(f"the sign-in of {record.signer} was not fresh when it was signed")
    if record.signed_at >= record.expires_at:
        raise EvidenceError(f"{record.signer} signed after it had expired at {timestamp(record.expires_at)}")


def _check_times(request: ApprovalRequest, now: datetime) -> None:
    for record in request.signatures:
        check_times(record)
    if request.applied_by is None and not may_still_be_applied(request.expires_at, now):
        raise EvidenceError(f"it expired at {timestamp(request.expires_at)} and was never applied: ask again")


def _check_pins(request: ApprovalRequest, pins: Pins) -> None:
    """What was signed must be what the run fixed before anything was computed."""
    pinned = pins.pinned(request.execution_arn)
    for name in PINNED:
        if pinned.get(name) != getattr(request.facts, name):
            raise EvidenceError(
                f"its {name} is {getattr(request.facts, name)}, its run pinned {pinned.get(name, 'nothing')}"
            )
    if pinned.get("key") != request.run_key:  # the ledger's chain of this model
        raise EvidenceError(f"its run_key is {request.run_key}, its run pinned {pinned.get('key', 'nothing')}")
    whole = None if request.facts.rollback is None else request.facts.model_dump(mode="json")
    if pinned.get(PINNED_FACTS) != whole:
        raise EvidenceError(f"it is a {request.facts.kind} with other facts than its execution pinned")


def _check_content(request: ApprovalRequest, ports: VerificationPorts) -> None:
    facts = request.facts
    plan = pinned_plan(facts, ports.evidence)
    check_evidence(facts, plan, ports.evidence)
    check_decides(facts, plan.protocol.approval, request.signatures, Status.APPROVED)
    found = ports.evidence.artefact_digest(facts)
    if found != facts.artefact_digest:
        raise EvidenceError(f"the artefact's digest is {found}, signed was {facts.artefact_digest}")
