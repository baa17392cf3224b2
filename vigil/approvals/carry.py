"""Carrying signatures: a wait that was redriven or retried with the same facts reuses what people signed before.

The statement names the execution, the state and the facts, so it holds for the new request word for word; with any
other fact its digest is another, and people are asked again. What was used, or rejected and delivered, is never reused.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from vigil.approvals.errors import EvidenceError, SignatureInvalidError
from vigil.approvals.evidence import pinned_plan
from vigil.approvals.models import ApprovalRequest, Status
from vigil.approvals.ports import OpeningPorts
from vigil.approvals.quorum import QuorumError, check_signers, outcome
from vigil.approvals.statement import check_signature
from vigil.approvals.verify import check_times

#: What an earlier request of the same wait may be, for its signatures to be reused.
REUSABLE = (Status.SUPERSEDED, Status.WITHDRAWN, Status.DECIDED_NOT_APPLIED)


def with_carried(request: ApprovalRequest, earlier: Iterable[ApprovalRequest], ports: OpeningPorts) -> ApprovalRequest:
    """The new request with the signatures of the newest earlier one that has any which hold; perhaps decided."""
    now = ports.clock()
    for older in sorted(earlier, key=lambda each: (each.entered_at, each.attempt), reverse=True):
        if _may_lend(older, request):
            taken = _take(request, older, now, ports)
            if taken is not None:
                return taken
    return request


def _may_lend(older: ApprovalRequest, request: ApprovalRequest) -> bool:
    return (
        bool(older.signatures)
        and older.request_id != request.request_id
        and (older.execution_arn, older.state_name) == (request.execution_arn, request.state_name)
        and older.status in REUSABLE
        and older.applied_by is None
        and older.facts == request.facts
        and (older.entered_at, older.attempt) < (request.entered_at, request.attempt)
    )


def _take(
    request: ApprovalRequest, older: ApprovalRequest, now: datetime, ports: OpeningPorts
) -> ApprovalRequest | None:
    """None where a signature does not hold: what was tampered with is not carried on, in no part."""
    taken = {"signatures": older.signatures, "carried_from": older.request_id, "served": older.served}
    carried = request.model_copy(update=taken)
    # Outside: a plan that cannot be read now says nothing about the signatures; the message comes again.
    rules = pinned_plan(request.facts, ports.evidence).protocol.approval
    try:
        for record in carried.signatures:
            check_signature(carried, record, ports.signer)
            check_times(record)
        check_signers(carried.facts, rules, carried.signatures)
    except (SignatureInvalidError, QuorumError, EvidenceError):
        return None
    if any(now >= record.expires_at for record in carried.signatures):
        return None
    status = outcome(rules, carried.signatures)
    return carried.model_copy(update={"status": status, "decided_at": None if status is Status.PENDING else now})
