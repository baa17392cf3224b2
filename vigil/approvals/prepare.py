"""Preparing a signature: what is to be signed is fixed, shown, and kept for a short while as a challenge.

The challenge is good for one signature. A sign-in counts only if it came after the challenge was shown, so it was for
this signature (21 CFR 11.200(a)(1)); an identity provider's token must carry its nonce, so it is for no other.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from vigil.approvals.desk import Challenge, ShownWait, SigningOrder
from vigil.approvals.errors import ChallengeError, IncompleteDecisionError, SeatFilledError
from vigil.approvals.evidence import check_evidence, pinned_plan
from vigil.approvals.expected_signer import shown_signer
from vigil.approvals.models import ApprovalRequest, Meaning
from vigil.approvals.ports import KeptChallenge, SigningPorts
from vigil.approvals.quorum import missing_seats
from vigil.approvals.requests import find_request, refuse_closed
from vigil.change_control.models import Seat
from vigil.digests import digest_of
from vigil.moments import timestamp

#: Long enough to read once more what is signed, short enough that nobody signs yesterday's page.
CHALLENGE_LASTS = timedelta(minutes=15)


def prepare(order: SigningOrder, ports: SigningPorts) -> Challenge:
    """Fix what is to be signed. Raises an ``ApprovalError`` where nobody could sign that now."""
    request = find_request(order.request_id, ports.store)
    now = ports.clock()
    refuse_closed(request, now)
    comment = order.comment.strip()
    if order.meaning is Meaning.REJECTED and not comment:
        raise IncompleteDecisionError("a rejection needs a comment that says why")
    plan = pinned_plan(request.facts, ports.evidence)
    open_seats = missing_seats(plan.protocol.approval, request.signatures)
    signer = shown_signer(order, request, plan.protocol.approval, ports.people, now)
    if order.meaning is not Meaning.REJECTED:
        _refuse_filled(request, order.meaning, open_seats)
        check_evidence(request.facts, plan, ports.evidence)
    challenge = _challenge(request, order.meaning, comment, open_seats, ports).model_copy(update={"signer": signer})
    ports.challenges.keep(challenge)
    return challenge


def find_challenge(challenge_id: str, ports: SigningPorts) -> KeptChallenge:
    """The challenge, good or not any more. Raises ``ChallengeError`` where there is none."""
    kept = ports.challenges.challenge(challenge_id)
    if kept is None:
        raise ChallengeError("what was to be signed is not known (any more): look at the request and sign it anew")
    return kept


def refuse_spent(kept: KeptChallenge, now: datetime) -> None:
    """Raises ``ChallengeError`` unless the challenge is still good."""
    if kept.used:
        raise ChallengeError("this was signed already, and is good for one signature: look at the request")
    if now >= kept.challenge.expires_at:
        raise ChallengeError("what was to be signed was shown too long ago: look at the request and sign it anew")


def _refuse_filled(request: ApprovalRequest, meaning: Meaning, open_seats: list[Seat]) -> None:
    if all(seat.meaning != meaning.value for seat in open_seats):
        missing = " and ".join(f"{seat.meaning} by {seat.role}" for seat in open_seats)
        raise SeatFilledError(f"request {request.request_id} needs no more {meaning.value}; it waits for {missing}")


def _challenge(
    request: ApprovalRequest, meaning: Meaning, comment: str, open_seats: list[Seat], ports: SigningPorts
) -> Challenge:
    shown_at = ports.clock()
    shown = {
        "challenge_id": ports.new_id(),
        "request_id": request.request_id,
        "meaning": meaning,
        "comment": comment,
        "facts": request.facts,
    }
    signed = shown | {"facts": request.facts.model_dump(mode="json"), "shown_at": timestamp(shown_at)}
    return Challenge.model_validate(
        shown
        | {
            "wait": ShownWait.model_validate(request.model_dump(include=set(ShownWait.model_fields))),
            "signer": None,
            "signing_key": ports.signer.key,
            "open_seats": open_seats,
            "nonce": digest_of(signed),
            "shown_at": shown_at,
            "expires_at": min(shown_at + CHALLENGE_LASTS, request.expires_at),
        }
    )
