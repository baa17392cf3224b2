"""Opening a request: from the message of a waiting run to a row that people can decide on."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta

from vigil.approvals.models import ApprovalRequest, Status, WaitMessage
from vigil.approvals.ports import ApprovalStore, Clock, TokenVault
from vigil.approvals.request_ids import id_of_wait

logger = logging.getLogger(__name__)


def request_id_of(message: WaitMessage) -> str:
    """The same wait always has the same id; a retried or redriven wait has another."""
    return id_of_wait(message.execution_arn, message.state_name, message.entered_at, message.attempt)


@dataclass(frozen=True)
class Opened:
    """``is_new``: this message opened it; false where the same message had arrived before."""

    request: ApprovalRequest
    is_new: bool


def open_request(message: WaitMessage, store: ApprovalStore, vault: TokenVault, clock: Clock) -> Opened:
    """Store the wait as a PENDING request. A message that arrives twice changes nothing.

    An older request of the same execution and state is superseded: its token can no longer be answered.
    """
    request_id = request_id_of(message)
    request = ApprovalRequest(
        request_id=request_id,
        status=Status.PENDING,
        facts=message.facts,
        execution_arn=message.execution_arn,
        state_name=message.state_name,
        attempt=message.attempt,
        entered_at=message.entered_at,
        created_at=clock(),
        expires_at=message.entered_at + timedelta(seconds=message.timeout_seconds),
        token_ciphertext=vault.seal(request_id, message.task_token.get_secret_value()),
    )
    is_new = store.insert(request)
    logger.info("approval request %s of %s is %s", request_id, request.execution_arn, "new" if is_new else "known")
    supersede_older(store)
    return Opened(store.get(request_id) or request, is_new)


def supersede_older(store: ApprovalStore) -> list[str]:
    """Of several pending requests for one wait, only the newest is left pending. Gives the ids of the others."""
    newest: dict[tuple[str, str], ApprovalRequest] = {}
    superseded = []
    pending = sorted(store.with_status(Status.PENDING), key=lambda request: (request.entered_at, request.attempt))
    for request in reversed(pending):
        wait = (request.execution_arn, request.state_name)
        successor = newest.setdefault(wait, request)
        if successor is not request and store.move(
            request.request_id, Status.PENDING, Status.SUPERSEDED, f"the wait was retried: see {successor.request_id}"
        ):
            superseded.append(request.request_id)
    return superseded
