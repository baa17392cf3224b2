"""The quorum: which signatures an approval needs, whose signature fills which seat, and when a request is decided.

Pure: everything follows from the plan's rules, the request's facts and the signatures. Authority: 21 CFR 11.10(g). That
the signers are distinct and that one of them has no stake (four eyes) is the plan's own choice.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from vigil.approvals.errors import NotEntitledError, SeatFilledError
from vigil.approvals.identity import changers, is_same_person, names_of
from vigil.approvals.models import ApprovalRequest, Facts, Meaning, SignatureFacts, Status
from vigil.change_control.models import ApprovalRules, Seat

#: What somebody asked for, by the kind of request.
ASKED = {"promotion": "training", "rollback": "roll-back"}


class QuorumError(Exception):
    """Signatures are too few, by the wrong people, or not what the plan lets them mean."""


@dataclass(frozen=True)
class Candidate:
    """Somebody who wants to sign, as the quorum sees one: names, the user name first, and the roles held."""

    subject: str
    names: tuple[str, ...]
    roles: frozenset[str]


@dataclass(frozen=True)
class Place:
    """A seat, and the role by which somebody may take it: the seat's own or its deputy's."""

    seat: Seat
    role: str

    @property
    def deputy_role(self) -> str | None:
        return None if self.role == self.seat.role else self.role


def missing_seats(rules: ApprovalRules, signatures: Sequence[SignatureFacts]) -> list[Seat]:
    """Seats that nobody has signed in."""
    taken = {(signature.role, signature.meaning.value) for signature in signatures}
    return [seat for seat in rules.signatures if (seat.role, seat.meaning) not in taken]


def outcome(rules: ApprovalRules, signatures: Sequence[SignatureFacts]) -> Status:
    """What the signatures decide: one rejection ends it, an approval needs every seat, else it is still PENDING."""
    if any(signature.meaning is Meaning.REJECTED for signature in signatures):
        return Status.REJECTED
    return Status.PENDING if missing_seats(rules, signatures) else Status.APPROVED


def choose_place(
    request: ApprovalRequest, rules: ApprovalRules, person: Candidate, meaning: Meaning, now: datetime
) -> Place:
    """The seat that the person would sign in. Raises ``NotEntitledError`` or ``SeatFilledError`` with what to do."""
    mine = [record for record in request.signatures if _is_by(record, person)]
    if mine:
        raise SeatFilledError(
            f"{person.names[0]} has signed this request already ({mine[0].meaning}, as {mine[0].role}): "
            "nobody signs twice, ask the holder of another role"
        )
    places = [place for place in _places(rules, person.roles) if place.deputy_role is None]
    if deputies_may_sign(request, rules, now):
        places = list(_places(rules, person.roles))
    if not places:
        raise _not_entitled(rules, person)
    if meaning is Meaning.REJECTED:
        return places[0]
    meant = [place for place in places if place.seat.meaning == meaning.value]
    if not meant:
        words = " or ".join(f"{place.seat.meaning} as {place.seat.role}" for place in places)
        raise NotEntitledError(f"{person.names[0]} may sign as {words}, not as {meaning.value}")
    missing = missing_seats(rules, request.signatures)
    free = [place for place in meant if place.seat in missing]
    if not free:
        raise SeatFilledError(f"{meant[0].seat.role} has {meaning.value} this already: there is nothing left to sign")
    return free[0]


def deputies_may_sign(request: ApprovalRequest, rules: ApprovalRules, now: datetime) -> bool:
    """Only once the request was escalated, and never earlier than the plan says."""
    return request.escalated_at is not None and now >= _escalation(rules, request.expires_at)


def check_four_eyes(rules: ApprovalRules, facts: Facts, signatures: Sequence[SignatureFacts]) -> None:
    """Raises ``NotEntitledError`` where signatures that decide are only by who has a stake.

    Neither who asked for it nor who changed the plan may be the only signer, nor both together. What the
    desk found of a signer's record is signed (``has_stake``); the names in the signature are compared once more.
    """
    if not rules.four_eyes or outcome(rules, signatures) is Status.PENDING:
        return
    if all(each.has_stake or has_stake(facts, *names_of(each)) for each in signatures):
        who = " and ".join(signature.signer for signature in signatures)
        raise NotEntitledError(
            f"{who} asked for this {ASKED[facts.kind]} or changed the plan and cannot decide alone (four eyes): "
            f"ask another {' or '.join(rules.roles)}"
        )


def has_stake(facts: Facts, *names: str) -> bool:
    """Whether somebody of these names asked for it (training or roll-back), or sent the message that did, or changed
    the plan.

    Of who sent it AWS tells an id and, for a role, the session's name: ``AROAEXAMPLE:ana`` is ``ana``.
    """
    asked_subject = None if facts.rollback is None else facts.rollback.asked_subject
    recorded = (facts.requested_by, facts.sent_by, asked_subject, *changers(facts.plan_changed_by))
    return any(is_same_person(name, *names) for name in recorded if name is not None)


def check_signers(facts: Facts, rules: ApprovalRules, signatures: Sequence[SignatureFacts]) -> None:
    """Raises ``QuorumError`` unless each signature was one that its signer could make: the rules, applied anew.

    Believes nothing but the plan and what was signed; not, for example, the row's mark that it was escalated.
    """
    seen: list[SignatureFacts] = []
    for signature in signatures:
        if any(signature.subject == other.subject or signature.signer == other.signer for other in seen):
            raise QuorumError(f"{signature.signer} signed twice")
        _check_seat(rules, signature, seen)
        seen.append(signature)
    try:
        check_four_eyes(rules, facts, signatures)
    except NotEntitledError as error:
        raise QuorumError(str(error)) from error


def check_decides(facts: Facts, rules: ApprovalRules, signatures: Sequence[SignatureFacts], status: Status) -> None:
    """Raises ``QuorumError`` unless the signatures decide what ``status`` says."""
    check_signers(facts, rules, signatures)
    decided = outcome(rules, signatures)
    if decided is not status:
        missing = ", ".join(f"{seat.meaning} by {seat.role}" for seat in missing_seats(rules, signatures))
        lacks = f"; missing: {missing}" if missing and decided is Status.PENDING else ""
        raise QuorumError(f"the signatures say {decided}, not {status}{lacks}")


def _check_seat(rules: ApprovalRules, signature: SignatureFacts, before: Iterable[SignatureFacts]) -> None:
    seat = next((seat for seat in rules.signatures if seat.role == signature.role), None)
    if seat is None:
        raise QuorumError(f"{signature.signer} signed as {signature.role}, a role that the plan does not let sign")
    if signature.meaning is not Meaning.REJECTED and signature.meaning.value != seat.meaning:
        raise QuorumError(f"{signature.signer} signed {signature.meaning} as {seat.role}, which signs {seat.meaning}")
    if any(other.meaning is Meaning.REJECTED for other in before):
        raise QuorumError(f"{signature.signer} signed after a rejection")
    if signature.meaning is not Meaning.REJECTED and any(other.role == seat.role for other in before):
        raise QuorumError(f"two people signed as {seat.role}")
    if signature.deputy_role is None:
        return
    if signature.deputy_role != seat.deputy:
        raise QuorumError(f"{signature.deputy_role} is no deputy of {seat.role}")
    if signature.signed_at < _escalation(rules, signature.expires_at):
        raise QuorumError(f"{signature.signer} signed as a deputy before the request could be escalated")


def _escalation(rules: ApprovalRules, expires_at: datetime) -> datetime:
    return expires_at - timedelta(seconds=rules.escalate_before_seconds)


def _places(rules: ApprovalRules, roles: frozenset[str]) -> Iterable[Place]:
    """Where holders of these roles could sit: by their own role first, then as deputies."""
    for seat in rules.signatures:
        if seat.role in roles:
            yield Place(seat, seat.role)
    for seat in rules.signatures:
        if seat.deputy in roles and seat.deputy is not None:
            yield Place(seat, seat.deputy)


def _is_by(record: SignatureFacts, person: Candidate) -> bool:
    return record.subject == person.subject or record.signer in person.names


def _not_entitled(rules: ApprovalRules, person: Candidate) -> NotEntitledError:
    waiting = [place.role for place in _places(rules, person.roles)]
    if waiting:
        return NotEntitledError(
            f"{person.names[0]} signs as {' or '.join(waiting)} only once the request was escalated, "
            f"{timedelta(seconds=rules.escalate_before_seconds)} before it expires: ask a {' or '.join(rules.roles)}"
        )
    return NotEntitledError(
        f"{person.names[0]} has none of the roles that may sign ({', '.join(rules.groups)}): ask somebody who has"
    )
