"""The one function that decides, for every interface: authenticate, check authority, bind, sign, store."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from vigil.approvals.errors import (
    AlreadyDecidedError,
    ApprovalError,
    AuthenticationError,
    IncompleteDecisionError,
    NotEntitledError,
    NotPendingError,
    RequestClosedError,
    RequestExpiredError,
    UnknownRequestError,
)
from vigil.approvals.evidence import check_evidence, pinned_plan
from vigil.approvals.models import (
    ApprovalRequest,
    Authentication,
    Decision,
    DecisionFacts,
    PasswordProof,
    SignedDecision,
    Status,
)
from vigil.approvals.ports import ApprovalStore, Clock, DecidingPorts
from vigil.approvals.statement import is_requester, statement_digest
from vigil.approvals.timing import is_fresh
from vigil.change_control.models import Plan
from vigil.moments import timestamp

MEANINGS = {
    Decision.APPROVED: "I reviewed the evidence and approve this model for service",
    Decision.REJECTED: "I reviewed the evidence and reject this model",
}


@dataclass(frozen=True)
class DecisionOrder:
    """What the signer wants. ``meaning`` is the signature's (21 CFR 11.50(a)(3)); empty takes the usual one."""

    request_id: str
    decision: Decision
    comment: str = ""
    meaning: str = ""


def decide(order: DecisionOrder, proof: PasswordProof, ports: DecidingPorts) -> ApprovalRequest:
    """Take a decision, signed, or raise an ``ApprovalError`` and change nothing.

    The answer reaches the waiting run through ``deliver``; nothing is sent from here, so a crash loses nothing.
    """
    request = find_request(order.request_id, ports.store)
    _refuse_closed(request, ports.clock)
    if order.decision is Decision.REJECTED and not order.comment.strip():
        raise IncompleteDecisionError("a rejection needs a comment that says why")
    plan = pinned_plan(request.facts, ports.evidence)
    authentication = ports.authenticator.authenticate(proof)
    now = ports.clock()
    _refuse_stale(authentication, now)
    role = _signing_role(request, authentication, plan)
    if order.decision is Decision.APPROVED:
        check_evidence(request.facts, plan, ports.evidence)
    signed = _sign(request, order, authentication, role, now, ports)
    try:
        ports.store.decide(request.request_id, signed)
    except NotPendingError:
        return _after_conflict(request.request_id, signed, ports)
    return find_request(request.request_id, ports.store)


def find_request(request_id: str, store: ApprovalStore) -> ApprovalRequest:
    request = store.get(request_id)
    if request is None:
        raise UnknownRequestError(f"there is no approval request {request_id!r}: see `vigil approvals list`")
    return request


def _refuse_closed(request: ApprovalRequest, clock: Clock) -> None:
    """Raises what stands against a decision on this request now."""
    closed = _closure(request)
    if closed is not None:
        raise closed
    if clock() >= request.expires_at:
        raise RequestExpiredError(
            f"request {request.request_id} expired at {timestamp(request.expires_at)}: train again to ask anew"
        )


def _closure(request: ApprovalRequest) -> ApprovalError | None:
    if request.status is Status.PENDING:
        return None
    if request.decision is not None:
        decision = request.decision
        return AlreadyDecidedError(
            f"request {request.request_id} was {decision.decision} by {decision.printed_name} "
            f"at {timestamp(decision.decided_at)}; that decision stands"
        )
    if request.status is Status.EXPIRED:
        return RequestExpiredError(f"request {request.request_id} has expired: train again to ask anew")
    if request.status in (Status.WITHDRAWN, Status.SUPERSEDED):
        return RequestClosedError(
            f"request {request.request_id} is {request.status}: {request.note or 'no longer asked'}"
        )
    return AlreadyDecidedError(f"request {request.request_id} is {request.status} and takes no decision")


def _refuse_stale(authentication: Authentication, now: datetime) -> None:
    if not is_fresh(authentication.authenticated_at, now):
        raise AuthenticationError("the sign-in is not fresh: sign in again for this signature")


def _signing_role(request: ApprovalRequest, authentication: Authentication, plan: Plan) -> str:
    """The role that the signer signs in, of those that the plan names (21 CFR 11.10(g))."""
    rules = plan.protocol.approval
    if rules.four_eyes and is_requester(request, authentication.username, authentication.subject):
        raise NotEntitledError(
            f"{authentication.username} asked for this training and so cannot sign for it (four eyes): "
            f"ask another {' or '.join(rules.roles)}"
        )
    for role in rules.roles:
        if role in authentication.groups:
            return role
    raise NotEntitledError(
        f"{authentication.username} has none of the roles that may sign ({', '.join(rules.roles)}): "
        "ask somebody who has"
    )


def _sign(
    request: ApprovalRequest,
    order: DecisionOrder,
    authentication: Authentication,
    role: str,
    now: datetime,
    ports: DecidingPorts,
) -> SignedDecision:
    facts = DecisionFacts(
        decision=order.decision,
        meaning=order.meaning.strip() or MEANINGS[order.decision],
        comment=order.comment.strip(),
        subject=authentication.subject,
        signer=authentication.username,
        printed_name=authentication.printed_name,
        role=role,
        authenticated_at=authentication.authenticated_at,
        decided_at=now,
        signing_key=ports.signer.key,
    )
    digest = statement_digest(request, facts)
    signature = ports.signer.sign(bytes.fromhex(digest))
    return SignedDecision(**facts.model_dump(), statement_digest=digest, signature=signature.value)


def _after_conflict(request_id: str, signed: SignedDecision, ports: DecidingPorts) -> ApprovalRequest:
    """The store refused: say precisely why, unless our own decision is in it (its answer had been lost)."""
    request = find_request(request_id, ports.store)
    if request.decision is not None and request.decision.signature == signed.signature:
        return request
    _refuse_closed(request, ports.clock)
    raise NotPendingError(f"request {request_id} could not be decided: try again")
