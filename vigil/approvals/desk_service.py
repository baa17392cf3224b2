"""The desk: the one place where requests are shown with their evidence, prepared for signing, and signed."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from vigil.approvals import records
from vigil.approvals.desk import Challenge, SigningAnswer, SigningOrder, SigningResult
from vigil.approvals.dossier import Dossier
from vigil.approvals.errors import ApprovalError
from vigil.approvals.evidence import pinned_plan
from vigil.approvals.models import ApprovalRequest, Status
from vigil.approvals.ports import SigningPorts
from vigil.approvals.prepare import prepare
from vigil.approvals.quorum import missing_seats
from vigil.approvals.refusals import record_refused_order
from vigil.approvals.requests import find_request, shown_requests
from vigil.approvals.sign import sign
from vigil.audit.events import EventName
from vigil.audit.models import STACK_CHAIN, Actor, Entry

logger = logging.getLogger(__name__)

#: What an interface may have recorded. Everything else is recorded by whoever did it.
NOTABLE = frozenset({EventName.LEDGER_EXPORTED})


class NotNotableError(ValueError):
    """An interface asked to record an event that is not for interfaces to record."""


class DeskService:
    """``Desk``. ``dossier`` builds what an approver sees of a request."""

    def __init__(self, ports: SigningPorts, dossier: Callable[[ApprovalRequest], Dossier]) -> None:
        self._ports = ports
        self._dossier = dossier

    def requests(self) -> list[dict[str, object]]:
        return [request.public() | self._open_seats(request) for request in shown_requests(self._ports.store)]

    def _open_seats(self, request: ApprovalRequest) -> dict[str, object]:
        """Nothing for a request that waits no more, or whose plan cannot be relied on: then nobody can approve."""
        if request.status is not Status.PENDING:
            return {}
        try:
            rules = pinned_plan(request.facts, self._ports.evidence).protocol.approval
        except ApprovalError:
            return {}
        return {"open_seats": [seat.model_dump(mode="json") for seat in missing_seats(rules, request.signatures)]}

    def show(self, request_id: str, reader: Actor) -> Dossier:
        """Evidence is given only once it is recorded who reads it."""
        request = find_request(request_id, self._ports.store)
        self._ports.ledger.append(records.evidence_read(request, reader, self._ports.new_id()))
        return self._dossier(request)

    def prepare(self, order: SigningOrder, reader: Actor) -> Challenge:
        """What is shown for confirmation is evidence too: that it was read is recorded, and who was refused it."""
        try:
            challenge = prepare(order, self._ports)
        except ApprovalError as refusal:
            record_refused_order(order, reader, refusal, self._ports)
            raise
        request = find_request(order.request_id, self._ports.store)
        self._ports.ledger.append(records.evidence_read(request, reader, challenge.challenge_id))
        return challenge

    def sign(self, answer: SigningAnswer) -> SigningResult:
        return sign(answer, self._ports)

    def note(self, event: EventName, actor: Actor, subject: str, details: dict[str, Any]) -> None:
        """Record that somebody exported the ledger, as an interface says."""
        if event not in NOTABLE:
            raise NotNotableError(f"{event} is not recorded through the desk, only {', '.join(sorted(NOTABLE))}")
        key = f"{event.value}#{self._ports.new_id()}"
        self._ports.ledger.append(
            Entry(chain=STACK_CHAIN, event=event, key=key, actor=actor, subject=subject, details=details)
        )
