"""Holding a request against the ledger: a row can be copied or cut by whoever may write the table, the chain cannot.

What no signature covers (that the request was opened, that it carries another's signatures, that nobody rejected it,
that its approval was not used before) is believed only where the model's chain says it too.
"""

from __future__ import annotations

from collections.abc import Iterable

from vigil.approvals.errors import EvidenceError
from vigil.approvals.models import ApprovalRequest, Meaning
from vigil.audit.events import EventName
from vigil.audit.models import Record
from vigil.digests import digest_of

#: After one of these about a request, its approval opens nothing any more.
ENDED = (EventName.REQUEST_CLOSED, EventName.DECISION_NOT_APPLIED)


def release_key(request: ApprovalRequest) -> str:
    """Names the signatures, whichever rows hold them: one set of signatures opens one release."""
    return digest_of(sorted(record.statement_digest for record in request.signatures))


def check_recorded(request: ApprovalRequest, chain: Iterable[Record]) -> None:
    """Raises ``EvidenceError`` unless the model's chain tells of this very request, and of nothing against it."""
    records = list(chain)
    opened = {each.subject: each for each in records if each.event is EventName.REQUEST_OPENED}
    _check_opened(request, opened)
    if any(each.event in ENDED and each.subject == request.request_id for each in records):
        raise EvidenceError("the ledger says that it was closed or not applied")
    made = [_signature(each) for each in records if each.event is EventName.SIGNATURE_MADE]
    family = _family(request, opened)
    if any(each.get("meaning") == Meaning.REJECTED and each.get("request_id") in family for each in made):
        raise EvidenceError("the ledger has a rejection of it")
    digests = {(each.get("request_id"), each.get("statement_digest")) for each in made}
    for record in request.signatures:
        if record.request_id not in family or (record.request_id, record.statement_digest) not in digests:
            raise EvidenceError(f"the ledger does not know the signature of {record.signer}")


def _check_opened(request: ApprovalRequest, opened: dict[str, Record]) -> None:
    record = opened.get(request.request_id)
    if record is None:
        raise EvidenceError("the ledger does not know that it was ever asked for")
    shown = request.model_dump(mode="json")
    for name in ("facts", "execution_arn", "state_name", "attempt", "entered_at", "expires_at", "carried_from"):
        if record.details.get(name) != shown[name]:
            raise EvidenceError(f"its {name} is not the one that the ledger has of when it was opened")


def _family(request: ApprovalRequest, opened: dict[str, Record]) -> set[str]:
    """The request, and those whose signatures it carries, as the ledger tells it."""
    family: set[str] = set()
    name: str | None = request.request_id
    while name is not None and name not in family:
        family.add(name)
        record = opened.get(name)
        name = record.details.get("carried_from") if record is not None else None
    return family


def _signature(record: Record) -> dict[str, object]:
    signature = record.details.get("signature")
    return signature if isinstance(signature, dict) else {}
