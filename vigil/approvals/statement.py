"""The statement: what exactly is signed, and the check that a stored decision is what was signed.

A signature that covers the record's digests cannot be moved to another record (21 CFR 11.70).
"""

from __future__ import annotations

from typing import Any

from vigil.approvals.errors import SignatureInvalidError
from vigil.approvals.models import ApprovalRequest, DecisionFacts, Signature
from vigil.approvals.ports import Signer
from vigil.digests import digest_of

FORMAT = "vigil.approval-statement/1"


def statement(request: ApprovalRequest, decision: DecisionFacts) -> dict[str, Any]:
    """The request's identity and facts, the decision and its signer; signed as SHA-256 of its canonical JSON."""
    return {
        "format": FORMAT,
        "request_id": request.request_id,
        "execution_arn": request.execution_arn,
        "state_name": request.state_name,
        "attempt": request.attempt,
        "facts": request.facts.model_dump(mode="json"),
        "decision": decision.model_dump(mode="json", include=set(DecisionFacts.model_fields)),
    }


def statement_digest(request: ApprovalRequest, decision: DecisionFacts) -> str:
    return digest_of(statement(request, decision))


def is_requester(request: ApprovalRequest, *names: str) -> bool:
    """Whether one of a person's names is the requester's; ``airflow:ana`` was asked for by the person ``ana``."""
    requester = request.facts.requested_by.casefold()
    return any(name.casefold() in (requester, requester.rpartition(":")[2]) for name in names)


def check_signature(request: ApprovalRequest, signer: Signer) -> None:
    """Raises ``SignatureInvalidError`` unless the row's decision is exactly what this stack's key signed."""
    decision = request.decision
    if decision is None:
        raise SignatureInvalidError(f"request {request.request_id} is {request.status} but holds no signed decision")
    if decision.decision != request.status.value:
        raise SignatureInvalidError(
            f"request {request.request_id} is {request.status} but the decision in it says {decision.decision}"
        )
    if decision.signing_key != signer.key:
        raise SignatureInvalidError(f"request {request.request_id} was signed with another key than this stack's")
    digest = statement_digest(request, decision)
    if digest != decision.statement_digest:
        raise SignatureInvalidError(
            f"request {request.request_id} was changed after it was signed: its statement's digest is {digest}, "
            f"signed was {decision.statement_digest}"
        )
    if not signer.verify(bytes.fromhex(digest), Signature(value=decision.signature, key=decision.signing_key)):
        raise SignatureInvalidError(f"the signature of request {request.request_id} does not verify")
