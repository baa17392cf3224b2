"""What approvals write into the ledger: one entry for each thing that happened to a request, in its model's chain.

Texts that people wrote are in an entry only as part of a signature that was made (21 CFR 11.50(b)); never those of an
attempt that was refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from vigil.approvals.errors import ApprovalError
from vigil.approvals.models import ApprovalRequest, SignatureRecord, Status
from vigil.approvals.recorded import release_key
from vigil.audit.events import EventName
from vigil.audit.models import STACK_CHAIN, Actor, Entry, model_chain

OPENER = Actor(name="open_approval", via="function of this stack", verified=True)
DELIVERER = Actor(name="deliver_decision", via="function of this stack", verified=True)
VERIFIER = Actor(name="verify_approval", via="function of this stack", verified=True)
#: Where an attempt to sign was refused: before anything was shown for it, or when it was to be signed.
PREPARING, SIGNING = "prepare", "sign"
NO_REQUEST = "no request that is known"


def opened(request: ApprovalRequest) -> Entry:
    """With all facts: who reads the ledger alone can check the signatures."""
    return _entry(
        request, EventName.REQUEST_OPENED, OPENER, request.request_id,
        new=_state(request),
        details={
            "facts": request.facts.model_dump(mode="json"), "execution_arn": request.execution_arn,
            "state_name": request.state_name, **_shown(request, "attempt", "entered_at", "expires_at", "carried_from"),
        },
    )  # fmt: skip


def carried(request: ApprovalRequest) -> Entry:
    signatures = [record.statement_digest for record in request.signatures]
    details = {"from": request.carried_from, "statement_digests": signatures}
    return _entry(request, EventName.SIGNATURES_CARRIED, OPENER, request.request_id, details=details)


def closed(before: ApprovalRequest, after: ApprovalRequest, actor: Actor) -> Entry:
    """Expired, withdrawn or superseded."""
    return _entry(
        after, EventName.REQUEST_CLOSED, actor, before.request_id, _state(before), _state(after), {"why": after.note}
    )


def signature_made(before: ApprovalRequest, after: ApprovalRequest, record: SignatureRecord) -> Entry:
    """``challenge_id`` is good for one signature, and so is the entry's key."""
    actor = Actor(name=record.signer, via=record.issuer, verified=True)
    details = {"signature": record.model_dump(mode="json")}
    return _entry(
        after, EventName.SIGNATURE_MADE, actor, record.challenge_id, _state(before), _state(after), details
    )  # fmt: skip


def signature_refused(
    request: ApprovalRequest | None, actor: Actor, attempt: str, step: str, refusal: ApprovalError
) -> Entry:
    """``request``: None where nobody knows what was to be signed; what was given as its name is not recorded."""
    event, error = EventName.SIGNATURE_REFUSED, type(refusal).__name__
    if request is not None:
        details = {"step": step, "error": error, "why": str(refusal)}
        return _entry(request, event, actor, attempt, details=details)
    return Entry(
        chain=STACK_CHAIN, event=event, key=f"{event.value}#{attempt}", actor=actor, subject=NO_REQUEST,
        details={"step": step, "error": error},
    )  # fmt: skip


def decided(before: ApprovalRequest | None, after: ApprovalRequest) -> list[Entry]:
    """The decision's record, where this change decides: it belongs into the transaction of the change. ``before``: None
    for a request that is opened with signatures which decide it."""
    if after.status is Status.PENDING:
        return []
    last = after.signatures[-1]
    details = {
        "signers": [
            {"printed_name": each.printed_name, "role": each.role, "meaning": each.meaning.value}
            for each in after.signatures
        ],
        **_shown(after, "decided_at"),
    }
    actor = OPENER if before is None else Actor(name=last.signer, via=last.issuer, verified=True)
    old = None if before is None else _state(before)
    return [_entry(after, EventName.DECISION_MADE, actor, after.request_id, old, _state(after), details)]


def delivered(request: ApprovalRequest) -> Entry:
    return _entry(request, EventName.DECISION_DELIVERED, DELIVERER, request.request_id, new=_state(request))


def not_applied(before: ApprovalRequest, after: ApprovalRequest, actor: Actor = DELIVERER) -> Entry:
    return _entry(
        after, EventName.DECISION_NOT_APPLIED, actor, before.request_id, _state(before), _state(after),
        {"why": after.note},
    )  # fmt: skip


def evidence_read(request: ApprovalRequest, reader: Actor, reading: str) -> Entry:
    return _entry(request, EventName.EVIDENCE_READ, reader, reading)


def release_verified(request: ApprovalRequest, execution_arn: str, pace: Mapping[str, object]) -> Entry:
    """``pace``: the times of this roll-out, in seconds. A stack may shorten the plan's, so they are recorded."""
    signers = [each.printed_name for each in request.signatures]
    details = {"execution_arn": execution_arn, "signed_by": signers, "pace": dict(pace)}
    return _entry(request, EventName.RELEASE_VERIFIED, VERIFIER, release_key(request), details=details)


def release_refused(request: ApprovalRequest, execution_arn: str, at: datetime, why: str) -> Entry:
    key = f"{request.request_id}#{execution_arn}#{at.isoformat()}"
    details = {"execution_arn": execution_arn, "why": why}
    return _entry(request, EventName.RELEASE_REFUSED, VERIFIER, key, details=details)


def _entry(
    request: ApprovalRequest,
    event: EventName,
    actor: Actor,
    key: str,
    old: Any = None,
    new: Any = None,
    details: dict[str, Any] | None = None,
) -> Entry:
    return Entry(
        chain=model_chain(request.run_key),
        event=event,
        key=f"{event.value}#{key}",
        actor=actor,
        subject=request.request_id,
        old=old,
        new=new,
        details=details or {},
    )


def _state(request: ApprovalRequest) -> dict[str, Any]:
    return {"status": request.status.value, "signatures": len(request.signatures)}


def _shown(request: ApprovalRequest, *names: str) -> dict[str, Any]:
    return request.model_dump(mode="json", include=set(names))
