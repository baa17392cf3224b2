"""The one function that signs, for every interface: authenticate, check authority, bind, sign, store.

What is stored is one signature of one person. When it is the last that the plan asks for, or a rejection, the request
is decided with it; the answer reaches the waiting run through ``deliver``. Nothing is sent from here, so a crash loses
nothing.
"""

from __future__ import annotations

import logging
import random
import time
from datetime import datetime

from vigil.approvals import records
from vigil.approvals.authority import all_names, known_now, refuse_another, refuse_stale, require_authority
from vigil.approvals.desk import Challenge, SigningAnswer, SigningResult
from vigil.approvals.errors import ApprovalError, BusyError, ChallengeError
from vigil.approvals.evidence import check_evidence, pinned_plan
from vigil.approvals.expected_signer import refuse_other_than_shown
from vigil.approvals.models import ApprovalRequest, Meaning, SignatureFacts, SignatureRecord, Status
from vigil.approvals.ports import ProvenSigner, SigningPorts, SigningSession
from vigil.approvals.prepare import find_challenge, refuse_spent
from vigil.approvals.quorum import Place, check_four_eyes, has_stake, missing_seats, outcome
from vigil.approvals.refusals import record_refusal
from vigil.approvals.requests import find_request, refuse_closed
from vigil.approvals.serving import ServingRecord, witnessed
from vigil.approvals.statement import statement_digest
from vigil.change_control.models import ApprovalRules

logger = logging.getLogger(__name__)

#: Each round lets one of those who sign at once through, and there are as many rounds as seats, reminders and marks.
MOST_ATTEMPTS = 12
LONGEST_PAUSE_SECONDS = 0.1


def sign(answer: SigningAnswer, ports: SigningPorts) -> SigningResult:
    """Take one signature, or raise an ``ApprovalError`` and change nothing but the ledger, which keeps the attempt."""
    request: ApprovalRequest | None = None
    proven: ProvenSigner | None = None
    try:
        kept = find_challenge(answer.challenge_id, ports)
        challenge = kept.challenge
        request = find_request(challenge.request_id, ports.store)
        refuse_spent(kept, ports.clock())
        refuse_closed(request, ports.clock())
        _refuse_changed(request, challenge)
        plan = pinned_plan(request.facts, ports.evidence)
        rules = plan.protocol.approval
        proven = ports.sign_ins.authenticate(
            answer.proof, challenge, rules.continuous_signing_seconds, answer.expected_signer
        )
        refuse_another(proven.authentication.username, answer.expected_signer)
        if challenge.meaning is not Meaning.REJECTED:
            check_evidence(request.facts, plan, ports.evidence)
        signed, record = _sign(request, challenge, proven, rules, ports)
    except ApprovalError as refusal:
        record_refusal(request, answer, proven, refusal, ports)
        raise
    logger.info("request %s was signed as %s and is %s", signed.request_id, record.role, signed.status)
    session = _begin_session(proven, rules, ports)
    return SigningResult(
        request=signed.public(),
        signed_as=record.role if record.deputy_role is None else f"{record.role}, as {record.deputy_role}",
        missing=missing_seats(rules, signed.signatures) if signed.status is Status.PENDING else [],
        session=None if session is None else session.secret,
        session_expires_at=None if session is None else session.expires_at,
    )


def _begin_session(proven: ProvenSigner, rules: ApprovalRules, ports: SigningPorts) -> SigningSession | None:
    """None too where it fails: the signature is stored, and nobody may hear that it was refused."""
    try:
        return ports.sign_ins.begin_session(proven, rules.continuous_signing_seconds)
    except Exception:
        logger.exception("no period of continuous signing began for %s", proven.authentication.username)
        return None


def _sign(
    request: ApprovalRequest,
    challenge: Challenge,
    proven: ProvenSigner,
    rules: ApprovalRules,
    ports: SigningPorts,
) -> tuple[ApprovalRequest, SignatureRecord]:
    """Sign and store. Where the request or the signer's record was changed meanwhile, all is asked again of what they
    are now."""
    for attempt in range(MOST_ATTEMPTS):
        now = ports.clock()
        refuse_closed(request, now)
        _refuse_changed(request, challenge)
        refuse_stale(proven.authentication, challenge, now)
        place = require_authority(request, rules, proven, challenge.meaning, now)
        signature = _facts(request, challenge, proven, place, now, ports.signer.key)
        refuse_other_than_shown(challenge, signature)
        check_four_eyes(rules, request.facts, [*request.signatures, signature])
        record = _seal(request, signature, ports)
        after = _with_signature(request, record, rules, ports.serving.serving())
        entries = [records.signature_made(request, after, record), *records.decided(request, after)]
        if ports.store.sign(request, after, entries, challenge.challenge_id, now, proven.person):
            return after, record
        time.sleep(random.uniform(0, LONGEST_PAUSE_SECONDS) * attempt / MOST_ATTEMPTS)  # noqa: S311 -- spreads signers
        request = find_request(request.request_id, ports.store)
        proven = known_now(proven, ports.people, ports.clock())
    raise BusyError(f"request {request.request_id} changes too quickly: nothing was signed, try again")


def _refuse_changed(request: ApprovalRequest, challenge: Challenge) -> None:
    if request.facts != challenge.facts:
        raise ChallengeError("the request is not what was shown any more: look at it again and sign it anew")


def _facts(
    request: ApprovalRequest, challenge: Challenge, proven: ProvenSigner, place: Place, now: datetime, key: str
) -> SignatureFacts:
    authentication = proven.authentication
    return SignatureFacts(
        request_id=request.request_id,
        attempt=request.attempt,
        entered_at=request.entered_at,
        expires_at=request.expires_at,
        challenge_id=challenge.challenge_id,
        meaning=challenge.meaning,
        comment=challenge.comment,
        subject=authentication.subject,
        signer=authentication.username,
        printed_name=authentication.printed_name,
        role=place.seat.role,
        deputy_role=place.deputy_role,
        has_stake=has_stake(request.facts, *all_names(proven)),
        issuer=authentication.issuer,
        components=authentication.components,
        shown_at=challenge.shown_at,
        authenticated_at=authentication.authenticated_at,
        signed_at=now,
        signing_key=key,
    )


def _seal(request: ApprovalRequest, signature: SignatureFacts, ports: SigningPorts) -> SignatureRecord:
    digest = statement_digest(request, signature)
    value = ports.signer.sign(bytes.fromhex(digest)).value
    return SignatureRecord(**signature.model_dump(), statement_digest=digest, signature=value)


def _with_signature(
    request: ApprovalRequest, record: SignatureRecord, rules: ApprovalRules, serving: ServingRecord | None
) -> ApprovalRequest:
    """The request's next revision, decided where this signature decides it; with what served when it was made."""
    signatures = [*request.signatures, record]
    status = outcome(rules, signatures)
    decided_at = None if status is Status.PENDING else record.signed_at
    served = witnessed(request.served, serving, record.signed_at)
    return request.changed(signatures=signatures, status=status, decided_at=decided_at, served=served)
