"""The statement: what exactly a person signs, and the check that a stored signature is what was signed.

Each signer signs a statement of their own. A signature that covers the record's digests cannot be moved to another
record (21 CFR 11.70). A wait that is redriven with the same facts has another request, to which the statement still
belongs: it names the execution, the state and the facts, and in the signature's own fields the request that was shown.
"""

from __future__ import annotations

from typing import Any

from vigil.approvals.errors import SignatureInvalidError
from vigil.approvals.identity import request_id_for
from vigil.approvals.models import ApprovalRequest, Signature, SignatureFacts, SignatureRecord
from vigil.approvals.ports import Signer
from vigil.digests import digest_of

FORMAT = "vigil.approval-statement/2"


def statement(request: ApprovalRequest, signature: SignatureFacts) -> dict[str, Any]:
    """The wait and its facts, the signature's meaning and its signer; signed as SHA-256 of its canonical JSON."""
    return {
        "format": FORMAT,
        "execution_arn": request.execution_arn,
        "state_name": request.state_name,
        "facts": request.facts.model_dump(mode="json"),
        "signature": signature.model_dump(mode="json", include=set(SignatureFacts.model_fields)),
    }


def statement_digest(request: ApprovalRequest, signature: SignatureFacts) -> str:
    return digest_of(statement(request, signature))


def check_signatures(request: ApprovalRequest, signer: Signer) -> None:
    """Raises ``SignatureInvalidError`` unless there are signatures, and each is exactly what this stack's key signed.

    Whether they are enough, and by whom they had to be, is the quorum's question (``quorum.py``).
    """
    if not request.signatures:
        raise SignatureInvalidError(f"request {request.request_id} is {request.status} but holds no signature")
    for record in request.signatures:
        check_signature(request, record, signer)


def check_signature(request: ApprovalRequest, record: SignatureRecord, signer: Signer) -> None:
    """Raises ``SignatureInvalidError`` unless ``record`` was signed, by this key, for this request's wait and facts."""
    name = f"the signature of {record.printed_name} on request {request.request_id}"
    if record.signing_key != signer.key:
        raise SignatureInvalidError(f"{name} was made with another key than this stack's")
    digest = statement_digest(request, record)
    if digest != record.statement_digest:
        raise SignatureInvalidError(
            f"{name}: something was changed after it was signed; the statement's digest is {digest}, "
            f"signed was {record.statement_digest}"
        )
    if not signer.verify(bytes.fromhex(digest), Signature(value=record.signature, key=record.signing_key)):
        raise SignatureInvalidError(f"{name} does not verify")
    _check_request(request, record, name)


def _check_request(request: ApprovalRequest, record: SignatureRecord, name: str) -> None:
    """The request that was signed is this one, or an earlier one of the same wait whose signatures this one carries."""
    signed = request_id_for(request.execution_arn, request.state_name, record.entered_at, record.attempt)
    if record.request_id != signed:
        raise SignatureInvalidError(f"{name} names a request that is none of this wait")
    if record.request_id != request.request_id and request.carried_from is None:
        raise SignatureInvalidError(f"{name} was made for request {record.request_id} and not carried to this one")
    if record.request_id == request.request_id and record.expires_at != request.expires_at:
        raise SignatureInvalidError(f"{name}: something was changed after it was signed; it expired at another time")
