"""Delivering a decision to the run that waits, and the sweep that makes up for whatever was interrupted.

A crash between the decision and its delivery loses nothing: the table's stream and the sweep both come here, and
delivering twice does no harm. The transaction that decided has recorded the decision, so the ledger has it before the
run has it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from enum import StrEnum

from vigil.approvals import records
from vigil.approvals.errors import BusyError, EvidenceError, SignatureInvalidError, WaitEndedError
from vigil.approvals.evidence import pinned_plan
from vigil.approvals.models import DECIDED, ApprovalRequest, Status
from vigil.approvals.open import supersede_older
from vigil.approvals.ports import DeliveryPorts, WaitEnd
from vigil.approvals.quorum import QuorumError, check_decides
from vigil.approvals.statement import check_signatures
from vigil.approvals.timing import may_still_be_applied

logger = logging.getLogger(__name__)

REASON_CHARACTERS = 1000  # of a comment, in what the run receives
SIGNATURE_INVALID = "SignatureInvalid"  # the error that train-and-promote catches by name
MOST_ATTEMPTS = 10  # of marking a row that others mark at the same moment


class Delivery(StrEnum):
    NOTHING_TO_DO = "nothing to do"
    DELIVERED = "delivered"
    NOT_APPLIED = "decided, but the run no longer waits"
    UNCLEAR = "the run no longer waits, and its history does not say why yet"
    SIGNATURE_INVALID = "signature invalid"


def deliver(request_id: str, ports: DeliveryPorts) -> Delivery:
    """Answer the run with the decision, if there is one that was not delivered yet.

    A decision whose signatures do not verify, or are not the plan's quorum, ends the run instead: a flipped row
    promotes nothing. Raises ``EvidenceError`` where the plan cannot be read, as long as that may pass.
    """
    request = ports.store.get(request_id)
    if request is None or request.status not in DECIDED or request.delivered_at is not None:
        return Delivery.NOTHING_TO_DO
    token = ports.vault.unseal(request_id, request.token_ciphertext)
    try:
        _check(request, ports)
    except (SignatureInvalidError, QuorumError) as invalid:
        return _refuse(request, token, str(invalid), ports)
    except EvidenceError as unreadable:
        if may_still_be_applied(request.expires_at, ports.clock()):
            raise
        return _settle(request, f"it was never delivered before it expired: {unreadable}", ports)
    try:
        ports.runs.succeed(token, answer(request))
    except WaitEndedError as ended:
        return _settle(request, str(ended), ports)
    return _delivered(request, ports)


def answer(request: ApprovalRequest) -> dict[str, object]:
    """What the run receives. No signature: ``update-endpoint`` reads and verifies the row itself."""
    result: dict[str, object] = {"request_id": request.request_id, "decision": request.status.value}
    rejection = request.rejection
    if rejection is not None:
        result["reason"] = f"rejected by {rejection.printed_name}: {rejection.comment}"[:REASON_CHARACTERS]
    return result


def _check(request: ApprovalRequest, ports: DeliveryPorts) -> None:
    """Raises ``SignatureInvalidError`` or ``QuorumError``; ``EvidenceError`` where the plan cannot be read now."""
    check_signatures(request, ports.signer)
    rules = pinned_plan(request.facts, ports.evidence).protocol.approval
    check_decides(request.facts, rules, request.signatures, request.status)


def _settle(request: ApprovalRequest, note: str, ports: DeliveryPorts) -> Delivery:
    """Of a wait that takes no answer any more: it may have got this one, from a delivery that could not be marked yet.

    A run that has its answer must not lose it, so nothing is marked before the history shows how the wait ended; past
    the time in which the decision could be used, it makes no difference any more.
    """
    end = ports.runs.how_wait_ended(request.execution_arn, request.request_id)
    if end is WaitEnd.RECEIVED or request.applied_by is not None:
        return _delivered(request, ports)
    if end is WaitEnd.UNKNOWN and may_still_be_applied(request.expires_at, ports.clock()):
        logger.info("approval request %s: %s; the sweep looks again", request.request_id, Delivery.UNCLEAR)
        return Delivery.UNCLEAR
    _not_applied(request, note, ports)
    logger.warning("approval request %s was decided, but its run no longer waits", request.request_id)
    return Delivery.NOT_APPLIED


def _delivered(request: ApprovalRequest, ports: DeliveryPorts) -> Delivery:
    """The run goes on at once and may use the approval before this: the mark is made on the row as it is then."""
    current: ApprovalRequest | None = request
    for _ in range(MOST_ATTEMPTS):
        if current is None or current.status not in DECIDED:
            logger.error("approval request %s was delivered, and is not decided any more", request.request_id)
            return Delivery.NOT_APPLIED
        if current.delivered_at is not None:
            return Delivery.DELIVERED
        after = current.changed(delivered_at=ports.clock())
        if ports.store.replace(current, after, records.delivered(after)):
            logger.info("delivered %s of approval request %s", request.status, request.request_id)
            return Delivery.DELIVERED
        current = ports.store.get(request.request_id)
    raise BusyError(f"request {request.request_id} was delivered and could not be marked; the sweep tries again")


def _not_applied(request: ApprovalRequest, note: str, ports: DeliveryPorts) -> bool:
    after = request.moved(Status.DECIDED_NOT_APPLIED, note)
    return ports.store.replace(request, after, records.not_applied(request, after))


def _refuse(request: ApprovalRequest, token: str, cause: str, ports: DeliveryPorts) -> Delivery:
    logger.error("approval request %s is not delivered: %s", request.request_id, cause)
    try:
        ports.runs.fail(token, SIGNATURE_INVALID, cause)
    except WaitEndedError:
        logger.warning("the run of approval request %s no longer waits", request.request_id)
    _not_applied(request, cause, ports)
    return Delivery.SIGNATURE_INVALID


def sweep(ports: DeliveryPorts) -> dict[str, str]:
    """Deliver what is decided and undelivered; close what is pending and can no longer be answered.

    Gives what was done, by request id. One request that fails does not stop the others.
    """
    done = _supersede(ports)
    for status in DECIDED:
        for request in ports.store.with_status(status):
            act = _deliver if request.delivered_at is None else _age_out
            _note(done, request, ports, act)
    for request in ports.store.with_status(Status.PENDING):
        _note(done, request, ports, _close)
    return done


def _supersede(ports: DeliveryPorts) -> dict[str, str]:
    try:
        return dict.fromkeys(supersede_older(ports.store, records.DELIVERER), Status.SUPERSEDED.value)
    except Exception:  # the next sweep tries again; no decision must wait for it
        logger.exception("superseding older approval requests failed")
        return {}


def _note(
    done: dict[str, str],
    request: ApprovalRequest,
    ports: DeliveryPorts,
    act: Callable[[ApprovalRequest, DeliveryPorts], str | None],
) -> None:
    try:
        result = act(request, ports)
    except Exception as error:  # the next sweep tries again; the others must not wait for this one
        logger.exception("sweeping approval request %s failed", request.request_id)
        result = f"failed: {type(error).__name__}"
    if result:
        done[request.request_id] = result


def _deliver(request: ApprovalRequest, ports: DeliveryPorts) -> str:
    return deliver(request.request_id, ports).value


def _age_out(request: ApprovalRequest, ports: DeliveryPorts) -> str | None:
    """An approval that reached its run and was not used before it expired, or the run ended, as one that is stopped."""
    if request.status is not Status.APPROVED or request.applied_by is not None:
        return None
    if not may_still_be_applied(request.expires_at, ports.clock()):
        note = "it was approved, and never applied before it expired"
    elif not ports.runs.is_running(request.execution_arn):
        note = "it was approved, and its run ended before it was applied"
    else:
        return None
    done = _not_applied(request, note, ports)
    return Status.DECIDED_NOT_APPLIED.value if done else None


def _close(request: ApprovalRequest, ports: DeliveryPorts) -> str | None:
    expired = ports.clock() >= request.expires_at
    if not expired and ports.runs.is_running(request.execution_arn):
        return None
    target = Status.EXPIRED if expired else Status.WITHDRAWN
    note = "nobody decided in time" if expired else "the run ended before a decision"
    after = request.moved(target, note)
    done = ports.store.replace(request, after, records.closed(request, after, records.DELIVERER))
    return target.value if done else None
