"""Whoever is about to sign, as the statement will name them: shown before, and held to when they sign.

Printed name, role and meaning belong to what is signed (21 CFR 11.50(a)), so a signer sees them before the password is
asked for; and who could not sign that at all hears so before it too.
"""

from __future__ import annotations

from datetime import datetime

from vigil.approvals.desk import Challenge, ShownSigner, SigningOrder
from vigil.approvals.errors import ChallengeError, RevokedError
from vigil.approvals.models import ApprovalRequest, SignatureFacts
from vigil.approvals.people import People, canonical_username
from vigil.approvals.quorum import Candidate, choose_place, has_stake
from vigil.approvals.training import require_training
from vigil.change_control.models import ApprovalRules


def shown_signer(
    order: SigningOrder, request: ApprovalRequest, rules: ApprovalRules, people: People, now: datetime
) -> ShownSigner | None:
    """By the record of people; the provider's own groups are known only once it has been asked.

    Raises ``RevokedError``, ``NotEntitledError``, ``SeatFilledError`` or ``TrainingExpiredError`` where this person
    could not sign it.
    """
    person = None if order.expected_signer is None else people.get(canonical_username(order.expected_signer))
    if person is None:
        return None
    if person.revoked_at is not None:
        raise RevokedError(f"{person.username} may not sign any more: ask an administrator")
    names = tuple(each for each in (person.username, person.printed_name, person.email, person.subject) if each)
    place = choose_place(
        request, rules, Candidate(person.subject or "", names, frozenset(person.roles)), order.meaning, now
    )
    require_training(person, place.role, rules, now)
    return ShownSigner(
        signer=person.username,
        printed_name=person.printed_name,
        role=place.seat.role,
        deputy_role=place.deputy_role,
        has_stake=has_stake(request.facts, *names),
    )


def refuse_other_than_shown(challenge: Challenge, signature: SignatureFacts) -> None:
    """Raises ``ChallengeError`` where the signature would name its signer otherwise than the confirmation did."""
    shown = challenge.signer
    if shown is not None and shown.model_dump() != signature.model_dump(include=set(ShownSigner.model_fields)):
        raise ChallengeError("your record was changed since this was shown: look at the request and sign it anew")
