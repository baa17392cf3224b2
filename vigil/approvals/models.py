"""Types of an approval: the request, its facts, the proof of who signs, and the signed decision."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, PlainSerializer, SecretStr

from vigil.change_control.gate import Verdict
from vigil.models.models import Sha256


def timestamp(moment: datetime) -> str:
    """UTC with microseconds. Of fixed width, so that texts compare as moments do."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


Moment = Annotated[AwareDatetime, PlainSerializer(timestamp, return_type=str)]


class Status(StrEnum):
    """``DECIDED_NOT_APPLIED``: somebody signed, but the run no longer waited or the signature did not verify."""

    PENDING = "PENDING"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"
    EXPIRED = "EXPIRED"
    WITHDRAWN = "WITHDRAWN"
    SUPERSEDED = "SUPERSEDED"
    DECIDED_NOT_APPLIED = "DECIDED_NOT_APPLIED"


class Decision(StrEnum):
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"


class _Frozen(BaseModel):
    # Errors name fields, never what is in them: tokens, decisions, what people wrote.
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Facts(_Frozen):
    """What is decided on. Every field is covered by the signature; ``image`` is what would serve the artefact."""

    model_package_arn: str = Field(min_length=1)
    artefact_digest: Sha256
    artefact_uri: str = Field(min_length=1)
    image: str = Field(min_length=1)
    dataset_version: Sha256
    evaluation_digest: Sha256
    evaluation_uri: str = Field(min_length=1)
    plan_digest: Sha256
    code_revision: str = Field(min_length=1)
    verdict: Verdict
    requested_by: str = Field(min_length=1)


class WaitMessage(_Frozen):
    """What train-and-promote puts on the training-results queue when it starts to wait."""

    task_token: SecretStr = Field(min_length=1)
    execution_arn: str = Field(min_length=1)
    state_name: str = Field(min_length=1)
    attempt: int = Field(ge=0)
    entered_at: Moment
    timeout_seconds: int = Field(ge=1)
    facts: Facts


class PasswordProof(_Frozen):
    """Two components: an identification and a password (21 CFR 11.200(a)(1))."""

    username: str = Field(min_length=1, max_length=128)
    password: SecretStr


class Authentication(_Frozen):
    """Who signed in, as the identity provider says, for this signature. ``authenticated_at`` is the provider's time."""

    subject: str = Field(min_length=1)
    username: str = Field(min_length=1)
    printed_name: str = Field(min_length=1)
    groups: frozenset[str]
    authenticated_at: Moment


class Signature(_Frozen):
    """``value``: base64 of the DER signature (ECDSA, P-256) over a SHA-256 digest; ``key`` names the key."""

    value: str
    key: str


class DecisionFacts(_Frozen):
    """What the signer says and who the signer is: with the request's facts, all that is signed (21 CFR 11.50)."""

    decision: Decision
    meaning: str = Field(min_length=1, max_length=500)
    comment: str = Field(max_length=4000)
    subject: str
    signer: str
    printed_name: str
    role: str
    authenticated_at: Moment
    decided_at: Moment
    signing_key: str


class SignedDecision(DecisionFacts):
    statement_digest: Sha256
    signature: str


class ApprovalRequest(_Frozen):
    """One row of the approvals table. The token is in it only as ciphertext, and not in its ``repr``."""

    request_id: str
    status: Status
    facts: Facts
    execution_arn: str
    state_name: str
    attempt: int
    entered_at: Moment
    created_at: Moment
    expires_at: Moment
    token_ciphertext: str = Field(repr=False)
    decision: SignedDecision | None = None
    delivered_at: Moment | None = None
    applied_by: str | None = None
    note: str | None = None

    def public(self) -> dict[str, object]:
        """The request as people and programs may see it: everything but the token's ciphertext."""
        return self.model_dump(mode="json", exclude={"token_ciphertext"})
