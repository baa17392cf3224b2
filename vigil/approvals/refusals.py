"""Attempts to sign that were refused are recorded: who, why, on which request; never what they wrote or typed.

21 CFR 11.10(e) and (g): a refused attempt is an event of weight. What a sign-in form was given as a user name is
recorded only where somebody of that name is known: people type passwords into the wrong field.
"""

from __future__ import annotations

import logging

from vigil.approvals import records
from vigil.approvals.desk import SigningAnswer
from vigil.approvals.errors import ApprovalError
from vigil.approvals.models import ApprovalRequest, PasswordProof
from vigil.approvals.people import canonical_username
from vigil.approvals.ports import ProvenSigner, SigningPorts
from vigil.audit.models import Actor

logger = logging.getLogger(__name__)

NOBODY = "unknown"


def record_refusal(
    request: ApprovalRequest,
    answer: SigningAnswer,
    proven: ProvenSigner | None,
    refusal: ApprovalError,
    ports: SigningPorts,
) -> None:
    """Record the attempt in the model's chain. The refusal stands whether or not that succeeds."""
    actor = _who(answer, proven, ports)
    entry = records.signature_refused(request, actor, ports.new_id(), type(refusal).__name__, str(refusal))
    try:
        ports.ledger.append(entry)
    except Exception:  # the signer must hear why; the log has the rest
        logger.exception("the refused signature on request %s could not be recorded", request.request_id)


def _who(answer: SigningAnswer, proven: ProvenSigner | None, ports: SigningPorts) -> Actor:
    if proven is not None:
        return Actor(name=proven.authentication.username, via=proven.authentication.issuer, verified=True)
    if isinstance(answer.proof, PasswordProof):
        claimed = ports.people.get(canonical_username(answer.proof.username))
        if claimed is not None:
            return Actor(name=claimed.username, via="the sign-in form", verified=False)
    return Actor(name=answer.expected_signer or NOBODY, via="the interface", verified=False)
