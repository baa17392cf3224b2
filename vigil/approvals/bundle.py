"""The signature bundle: what was signed, the signatures and the plan in one file, to be verified anywhere, offline.

The readable form carries name, time and meaning with each signature (21 CFR 11.50(b)); a copy is accurate and complete
and needs nothing of ours to be checked (11.10(b)): SHA-256 of each document's canonical JSON, ECDSA on P-256.
"""

from __future__ import annotations

import json
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from vigil.approvals.dossier import Dossier
from vigil.approvals.models import Facts, SignatureFacts, Status
from vigil.approvals.public_request import read_public
from vigil.approvals.statement import FORMAT, statement
from vigil.digests import canonical_json
from vigil.moments import Moment


class BundleError(Exception):
    """A bundle is not what somebody signed, or cannot be read. Nothing in it may be relied on."""

    exit_code = 20


class UndecidedError(BundleError):
    """The signatures hold, but they are not enough: nothing is decided yet."""

    exit_code = 21


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Statement(_Frozen):
    """What one person signed, as ``statement.statement`` writes it."""

    format: Literal["vigil.approval-statement/2"]
    execution_arn: str
    state_name: str
    facts: Facts
    signature: SignatureFacts


class SignedStatement(_Frozen):
    """``document``: the statement as it was signed. ``signature``: base64 of DER."""

    document: dict[str, Any]
    signature: str


class Bundle(_Frozen):
    """``public_key``: PEM. It is here to be compared with one from elsewhere; alone it proves nothing.

    ``request_id`` is the id under which the signatures count now, ``attempt`` and ``entered_at`` belong to it;
    ``carried_from`` is the earlier request of the same wait that was signed, where the wait was redriven.
    """

    format: Literal["vigil.signature-bundle/1"] = "vigil.signature-bundle/1"
    request_id: str
    status: Status
    attempt: int
    entered_at: Moment
    carried_from: str | None
    signing_key: str
    public_key: str
    statements: list[SignedStatement] = Field(min_length=1)
    plan: dict[str, Any]

    def to_bytes(self) -> bytes:
        """On one line; canonical, so that a bundle is the same file whoever saves it."""
        return canonical_json(self.model_dump(mode="json")) + b"\n"


def bundle_of(dossier: Dossier, public_key: str) -> Bundle:
    """The bundle of a request as the desk shows it. Raises ``BundleError`` where there is nothing to verify."""
    request = read_public(dossier.request)
    if not request.signatures:
        raise UndecidedError(f"nobody has signed request {request.request_id} yet")
    if dossier.plan is None:
        raise BundleError(f"the plan of request {request.request_id} cannot be read: {dossier.problem}")
    return Bundle(
        request_id=request.request_id,
        status=request.status,
        attempt=request.attempt,
        entered_at=request.entered_at,
        carried_from=request.carried_from,
        signing_key=request.signatures[0].signing_key,
        public_key=public_key,
        statements=[
            SignedStatement(document=statement(request, each), signature=each.signature) for each in request.signatures
        ],
        plan=dossier.plan.model_dump(mode="json"),
    )


def read_bundle(content: bytes) -> Bundle:
    """Raises ``BundleError``. A key given twice is refused: readers would differ on which counts."""
    try:
        document = json.loads(content, object_pairs_hook=_once, parse_constant=_no_constant)
        return Bundle.model_validate(document)
    except ValidationError as error:
        fields = ", ".join(sorted({".".join(str(part) for part in problem["loc"]) for problem in error.errors()}))
        raise BundleError(f"this is no signature bundle of format vigil.signature-bundle/1: {fields}") from None
    except (ValueError, RecursionError) as error:
        raise BundleError(f"this is no signature bundle: {type(error).__name__}") from None


def read_statement(document: dict[str, Any]) -> Statement:
    """Raises ``BundleError``. Nothing of the document may be lost in reading: it is shown as it is read."""
    if document.get("format") != FORMAT:
        raise BundleError(f"a statement is not of format {FORMAT}")
    try:
        found = Statement.model_validate(document)
    except ValidationError as error:
        fields = ", ".join(sorted({".".join(str(part) for part in problem["loc"]) for problem in error.errors()}))
        raise BundleError(f"a statement cannot be read: {fields}") from None
    if found.model_dump(mode="json") != document:
        raise BundleError("a statement is not written as statements are")
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key is given twice")
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")
