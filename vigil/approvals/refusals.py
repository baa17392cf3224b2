"""Attempts to sign that were refused are recorded: who, why, on which request; never what they wrote or typed.

21 CFR 11.10(e) and (g): a refused attempt is an event of weight. What a sign-in form was given as a user name is
recorded only where somebody of that name is known: people type passwords into the wrong field.

A refusal stands whether or not the ledger takes its record: then the log has it, and the stack's alarm goes off.
"""

from __future__ import annotations

import logging
from datetime import datetime

from vigil.approvals import records
from vigil.approvals.desk import SigningAnswer, SigningOrder
from vigil.approvals.errors import ApprovalError
from vigil.approvals.models import ApprovalRequest, PasswordProof
from vigil.approvals.people import canonical_username
from vigil.approvals.ports import ProvenSigner, SigningPorts
from vigil.audit.models import Actor
from vigil.digests import digest_of
from vigil.moments import timestamp

logger = logging.getLogger(__name__)

NOBODY = "unknown"


def record_refusal(
    request: ApprovalRequest | None,
    answer: SigningAnswer,
    proven: ProvenSigner | None,
    refusal: ApprovalError,
    ports: SigningPorts,
) -> None:
    """Record the attempt to sign, each one. ``request``: None where the challenge belongs to none that we know."""
    _record(request, _who(answer, proven, ports), ports.new_id(), records.SIGNING, refusal, ports)


def record_refused_order(order: SigningOrder, reader: Actor, refusal: ApprovalError, ports: SigningPorts) -> None:
    """Record that somebody wanted to sign and was shown nothing to sign. Once in an hour for each person, request and
    reason: who clicks again and again fills no ledger."""
    hour = timestamp(_hour(ports.clock()))
    attempt = digest_of([order.request_id, reader.name, type(refusal).__name__, hour])
    _record(_known(order.request_id, ports), reader, attempt, records.PREPARING, refusal, ports)


def _known(request_id: str, ports: SigningPorts) -> ApprovalRequest | None:
    try:
        return ports.store.get(request_id)
    except ApprovalError:  # its row cannot be read, which may be why it was refused
        return None


def _record(
    request: ApprovalRequest | None,
    actor: Actor,
    attempt: str,
    step: str,
    refusal: ApprovalError,
    ports: SigningPorts,
) -> None:
    try:
        ports.ledger.append(records.signature_refused(request, actor, attempt, step, refusal))
    except Exception:  # the signer must hear why
        logger.exception("a refused signature (%s) could not be recorded", type(refusal).__name__)


def _hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


def _who(answer: SigningAnswer, proven: ProvenSigner | None, ports: SigningPorts) -> Actor:
    if proven is not None:
        return Actor(name=proven.authentication.username, via=proven.authentication.issuer, verified=True)
    if isinstance(answer.proof, PasswordProof):
        claimed = ports.people.get(canonical_username(answer.proof.username))
        if claimed is not None:
            return Actor(name=claimed.username, via="the sign-in form", verified=False)
    return Actor(name=answer.expected_signer or NOBODY, via="the interface", verified=False)
