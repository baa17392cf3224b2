"""Opening a request: from the message of a waiting run to a row that people can sign."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta

from vigil.approvals import records
from vigil.approvals.carry import with_carried
from vigil.approvals.errors import BusyError
from vigil.approvals.identity import request_id_for
from vigil.approvals.models import DECIDED, ApprovalRequest, Status, WaitMessage
from vigil.approvals.ports import ApprovalStore, OpeningPorts
from vigil.approvals.serving import witnessed
from vigil.audit.models import Actor

logger = logging.getLogger(__name__)

MOST_ATTEMPTS = 10  # each round that fails was somebody else's signature, and there are fewer seats than that


def request_id_of(message: WaitMessage) -> str:
    return request_id_for(message.execution_arn, message.state_name, message.entered_at, message.attempt)


@dataclass(frozen=True)
class Opened:
    """``is_new``: this message opened it; false where the same message had arrived before."""

    request: ApprovalRequest
    is_new: bool


def open_request(message: WaitMessage, ports: OpeningPorts) -> Opened:
    """Store the wait as a PENDING request. A message that arrives twice changes nothing.

    An older request of the same execution and state is superseded first: its token can no longer be answered, and what
    was signed on it until then is carried over. The new request may so be decided at once.
    """
    request_id = request_id_of(message)
    known = ports.store.get(request_id)
    if known is not None:
        return _finish(known, False, ports)
    request = ApprovalRequest(
        request_id=request_id,
        run_key=message.run_key,
        status=Status.PENDING,
        facts=message.facts,
        execution_arn=message.execution_arn,
        state_name=message.state_name,
        attempt=message.attempt,
        entered_at=message.entered_at,
        created_at=ports.clock(),
        expires_at=message.entered_at + timedelta(seconds=message.timeout_seconds),
        token_ciphertext=ports.vault.seal(request_id, message.task_token.get_secret_value()),
        served=witnessed([], ports.serving.serving(), ports.clock()),
    )
    request = with_carried(request, _earlier(request, ports.store), ports)
    is_new = ports.store.insert(request, [records.opened(request), *records.decided(None, request)])
    logger.info("approval request %s of %s is %s", request_id, request.execution_arn, "new" if is_new else "known")
    return _finish(ports.store.get(request_id) or request, is_new, ports)


def supersede_older(store: ApprovalStore, actor: Actor) -> list[str]:
    """Of several pending requests for one wait, only the newest is left pending. Gives the ids of the others."""
    newest: dict[tuple[str, str], ApprovalRequest] = {}
    superseded = []
    pending = sorted(store.with_status(Status.PENDING), key=lambda request: (request.entered_at, request.attempt))
    for request in reversed(pending):
        wait = (request.execution_arn, request.state_name)
        successor = newest.setdefault(wait, request)
        if successor is not request and _supersede(request, successor.request_id, store, actor) is not None:
            superseded.append(request.request_id)
    return superseded


def _finish(request: ApprovalRequest, is_new: bool, ports: OpeningPorts) -> Opened:
    """Said again for a message that comes again: the function may have ended before this."""
    if request.carried_from is not None:
        ports.ledger.append(records.carried(request))
    supersede_older(ports.store, records.OPENER)
    return Opened(ports.store.get(request.request_id) or request, is_new)


def _earlier(request: ApprovalRequest, store: ApprovalStore) -> list[ApprovalRequest]:
    """Earlier requests of the same wait, none of which can be signed or delivered any more."""
    wait = (request.execution_arn, request.state_name)
    found = [each for status in Status if status is not Status.EXPIRED for each in store.with_status(status)]
    earlier = [
        each
        for each in found
        if (each.execution_arn, each.state_name) == wait
        and (each.entered_at, each.attempt) < (request.entered_at, request.attempt)
    ]
    return [_closed(each, request.request_id, store) for each in earlier]


def _closed(older: ApprovalRequest, successor: str, store: ApprovalStore) -> ApprovalRequest:
    """Superseded where it was pending, not applied where it was decided and its run has not got that; in every case as
    it is stored now: the index lags behind.

    A signature that comes at this very moment is either carried with the rest, or refused because it came too late.
    """
    for _ in range(MOST_ATTEMPTS):
        current = store.get(older.request_id) or older
        if current.status is Status.PENDING:
            closed = _supersede(current, successor, store, records.OPENER)
        elif current.status in DECIDED and current.delivered_at is None and current.applied_by is None:
            closed = _not_applied(current, successor, store)
        else:
            return current
        if closed is not None:
            return closed
    raise BusyError(f"request {older.request_id} changes too quickly to be superseded: try again")


def _not_applied(request: ApprovalRequest, successor: str, store: ApprovalStore) -> ApprovalRequest | None:
    """Its run waits anew: it has not got this decision, and cannot get it any more."""
    after = request.moved(Status.DECIDED_NOT_APPLIED, f"the wait was redriven before it was delivered: see {successor}")
    return after if store.replace(request, after, records.not_applied(request, after, records.OPENER)) else None


def _supersede(request: ApprovalRequest, successor: str, store: ApprovalStore, actor: Actor) -> ApprovalRequest | None:
    note = f"the wait was retried: see {successor}"
    after = request.moved(Status.SUPERSEDED, note)
    return after if store.replace(request, after, records.closed(request, after, actor)) else None
