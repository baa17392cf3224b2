"""Finding a request, and what stands against signing it now: one clear answer for each way it may have ended."""

from __future__ import annotations

from datetime import datetime

from vigil.approvals.errors import (
    AlreadyDecidedError,
    ApprovalError,
    RequestClosedError,
    RequestExpiredError,
    UnknownRequestError,
)
from vigil.approvals.models import ApprovalRequest, Status
from vigil.approvals.ports import ApprovalStore
from vigil.moments import timestamp

#: How to ask anew, by the kind of request.
AGAIN = {"promotion": "train again", "rollback": "ask for the roll-back again"}
MOST_PAST = 500  # of a few kilobytes each, which leaves room for as many that wait


def find_request(request_id: str, store: ApprovalStore) -> ApprovalRequest:
    request = store.get(request_id)
    if request is None:
        raise UnknownRequestError(f"there is no approval request {request_id!r}: see `vigil approvals list`")
    return request


def all_requests(store: ApprovalStore) -> list[ApprovalRequest]:
    """Newest first. A request that changes its status meanwhile is given once."""
    found = {request.request_id: request for status in Status for request in store.with_status(status)}
    return sorted(found.values(), key=lambda request: (request.created_at, request.request_id), reverse=True)


def shown_requests(store: ApprovalStore) -> list[ApprovalRequest]:
    """All that wait, and the newest of the past ones: a function's answer is limited to 6 MB (AWS Lambda, quotas)."""
    found = all_requests(store)
    past = [request.request_id for request in found if request.status is not Status.PENDING][MOST_PAST:]
    left_out = frozenset(past)
    return [request for request in found if request.request_id not in left_out]


def refuse_closed(request: ApprovalRequest, now: datetime) -> None:
    """Raises what stands against a signature on this request."""
    closed = _closure(request)
    if closed is not None:
        raise closed
    if now >= request.expires_at:
        again = AGAIN[request.facts.kind]
        raise RequestExpiredError(
            f"request {request.request_id} expired at {timestamp(request.expires_at)}: {again} to ask anew"
        )


def _closure(request: ApprovalRequest) -> ApprovalError | None:
    name = f"request {request.request_id}"
    if request.status is Status.PENDING:
        return None
    if request.status is Status.EXPIRED:
        return RequestExpiredError(f"{name} has expired: {AGAIN[request.facts.kind]} to ask anew")
    if request.status in (Status.WITHDRAWN, Status.SUPERSEDED):
        return RequestClosedError(f"{name} is {request.status}: {request.note or 'no longer asked'}")
    if request.status is Status.DECIDED_NOT_APPLIED:
        why = request.note or "its run no longer waited"
        again = AGAIN[request.facts.kind]
        return AlreadyDecidedError(f"{name} was decided, and the decision could not be applied: {why}; {again}")
    if not request.signatures:
        return AlreadyDecidedError(f"{name} is {request.status} and takes no signature")
    last = request.rejection or request.signatures[-1]
    return AlreadyDecidedError(
        f"{name} was {request.status} by {last.printed_name} at {timestamp(last.signed_at)}; that decision stands"
    )
