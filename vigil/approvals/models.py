"""Types of an approval: the request, its facts, the proof of who signs, and the signed decision."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, SerializerFunctionWrapHandler, model_serializer

from vigil.change_control.gate import Verdict
from vigil.digests import Sha256
from vigil.moments import Moment

LONGEST_ID = LONGEST_USER = 128  # characters, as are the others
LONGEST_COMMENT = 4000
LONGEST_MODEL = 300  # a model package's ARN
LONGEST_REASON = 2000  # why a roll-back, or another decision about drift


class Status(StrEnum):
    """``DECIDED_NOT_APPLIED``: somebody signed, but the run no longer waited or the signature did not verify."""

    PENDING = "PENDING"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"
    EXPIRED = "EXPIRED"
    WITHDRAWN = "WITHDRAWN"
    SUPERSEDED = "SUPERSEDED"
    DECIDED_NOT_APPLIED = "DECIDED_NOT_APPLIED"


DECIDED = (Status.APPROVED, Status.REJECTED)  # and to be delivered, or delivered


class Meaning(StrEnum):
    """What a signature means (21 CFR 11.50(a)(3)). One rejection by an entitled person ends the request."""

    REVIEWED = "reviewed"
    APPROVED = "approved"
    REJECTED = "rejected"


class _Frozen(BaseModel):
    # Errors name fields, never what is in them: tokens, decisions, what people wrote.
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


Kind = Literal["promotion", "rollback"]


class Rollback(_Frozen):
    """That a model is to come back which served before: instead of which one, why, and who proved that they ask.

    ``replaces_package`` served when it was asked. ``asked_via``: the issuer of the asker's proof, whose account
    ``asked_subject`` is. It is None only in what was signed before askers had to prove who they are: then
    ``asked_via`` is who named the asker, and both are claims. No such roll-back is released any more.
    """

    replaces_package: str = Field(min_length=1)
    replaces_artefact: Sha256
    replaces_run_key: str = Field(min_length=1)
    reason: str = Field(min_length=1, max_length=LONGEST_REASON)
    asked_via: str = Field(min_length=1, max_length=300)
    asked_subject: str | None = Field(default=None, min_length=1, max_length=300)

    @model_serializer(mode="wrap")
    def _as_claims_were_always_written(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Without a subject nothing is said of one: what was signed before there were any still verifies."""
        document: dict[str, Any] = handler(self)
        if self.asked_subject is None:
            document.pop("asked_subject", None)
        return document


class Facts(_Frozen):
    """What is decided on. Every field is covered by the signatures; ``image`` is what would serve the artefact.

    ``requested_by`` is what the asker says; ``sent_by``, where a message started the run, who sent it as AWS says (SQS
    ``SenderId``). ``plan_changed_by``: all who changed the change control plan since the deployment before, as version
    control says, apart by ``; `` (``identity.changers``).
    ``rollback``: set where the model served before and is to come back; then ``requested_by`` asked for that, and has
    proven it.
    """

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
    sent_by: str | None = None
    plan_changed_by: str = Field(min_length=1)
    rollback: Rollback | None = None

    @property
    def kind(self) -> Kind:
        return "promotion" if self.rollback is None else "rollback"

    @model_serializer(mode="wrap")
    def _as_promotions_were_always_written(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Without a roll-back nothing is said of one: what was signed before there were any still verifies."""
        document: dict[str, Any] = handler(self)
        if self.rollback is None:
            document.pop("rollback", None)
        return document


class WaitMessage(_Frozen):
    """What train-and-promote and roll-back put on the training-results queue when they start to wait."""

    run_key: str = Field(min_length=1)

    task_token: SecretStr = Field(min_length=1)
    execution_arn: str = Field(min_length=1)
    state_name: str = Field(min_length=1)
    attempt: int = Field(ge=0)
    entered_at: Moment
    timeout_seconds: int = Field(ge=1)
    facts: Facts


class PasswordProof(_Frozen):
    """Two components: an identification and a password (21 CFR 11.200(a)(1))."""

    kind: Literal["password"] = "password"
    username: str = Field(min_length=1, max_length=LONGEST_USER)
    password: SecretStr


class TokenProof(_Frozen):
    """An ID token that an OpenID provider issued for this signature: its ``nonce`` is the challenge's."""

    kind: Literal["token"] = "token"
    id_token: SecretStr


class SessionProof(_Frozen):
    """One component, in a continuous period of signing: the password of the person whose session this is."""

    kind: Literal["session"] = "session"
    session: SecretStr
    password: SecretStr


Proof = Annotated[PasswordProof | TokenProof | SessionProof, Field(discriminator="kind")]


class Authentication(_Frozen):
    """Who signed in, as the identity provider says, for this signature. ``authenticated_at`` is the provider's time.

    ``components``: how many of the two were given now; one only within a continuous period of signing.
    """

    subject: str = Field(min_length=1)
    username: str = Field(min_length=1)
    printed_name: str = Field(min_length=1)
    groups: frozenset[str]
    issuer: str = Field(min_length=1)
    authenticated_at: Moment
    components: Literal[1, 2]


class Signature(_Frozen):
    """``value``: base64 of the DER signature (ECDSA, P-256) over a SHA-256 digest; ``key`` names the key."""

    value: str
    key: str


class SignatureFacts(_Frozen):
    """What a signer says, who the signer is, and for which request: with the request's facts, all that is signed.

    Printed name, time and meaning: 21 CFR 11.50(a). ``request_id`` to ``expires_at`` are those of the request that was
    signed; a wait that is redriven with the same facts reuses the signature under another id. ``deputy_role``: the
    signer's own role, where it was signed as a deputy of ``role``. ``has_stake``: by any name that the signer's record
    knew when it was signed (the mail address too), the signer asked for it or changed the plan; the statement
    says so that whoever verifies need not know those names.
    """

    request_id: str
    attempt: int
    entered_at: Moment
    expires_at: Moment
    challenge_id: str
    meaning: Meaning
    comment: str = Field(max_length=LONGEST_COMMENT)
    subject: str
    signer: str
    printed_name: str = Field(min_length=1)
    role: str
    deputy_role: str | None = None
    has_stake: bool
    issuer: str
    components: Literal[1, 2]
    shown_at: Moment
    authenticated_at: Moment
    signed_at: Moment
    signing_key: str


class SignatureRecord(SignatureFacts):
    """One signature as it is kept. ``statement_digest`` is what the key signed (see ``statement.py``)."""

    statement_digest: Sha256
    signature: str


class Served(_Frozen):
    """What was in service, as the endpoint's record said ``at`` that moment; nothing, where it names no model."""

    at: Moment
    model_package_arn: str = ""
    approval_request_id: str = ""
    since: str = ""


class ApprovalRequest(_Frozen):
    """One row of the approvals table. The token is in it only as ciphertext, and not in its ``repr``.

    ``revision`` counts the changes of signatures and status: a change is made only to the revision that was read.
    ``decided_at``: when the last signature that was needed, or a rejection, was stored. ``carried_from``: the request
    whose signatures this one reuses. ``run_key`` names the ledger's chain. ``reminded``: seconds before expiry of the
    reminders sent so far. ``served``: what was in service when it was opened, and each other model that was when
    somebody signed; empty for a request of before that was kept.
    """

    request_id: str
    run_key: str
    status: Status
    revision: int = 0
    facts: Facts
    execution_arn: str
    state_name: str
    attempt: int
    entered_at: Moment
    created_at: Moment
    expires_at: Moment
    token_ciphertext: str = Field(repr=False)
    signatures: list[SignatureRecord] = Field(default_factory=list)
    decided_at: Moment | None = None
    carried_from: str | None = None
    reminded: list[int] = Field(default_factory=list)
    escalated_at: Moment | None = None
    delivered_at: Moment | None = None
    applied_by: str | None = None
    note: str | None = None
    served: list[Served] = Field(default_factory=list)

    @property
    def rejection(self) -> SignatureRecord | None:
        """The signature that rejected, if one did."""
        return next((each for each in self.signatures if each.meaning is Meaning.REJECTED), None)

    def changed(self, **fields: object) -> ApprovalRequest:
        """The next revision of this request, with these fields changed."""
        return self.model_copy(update={**fields, "revision": self.revision + 1})

    def moved(self, status: Status, note: str) -> ApprovalRequest:
        return self.changed(status=status, note=note)

    def public(self) -> dict[str, object]:
        """The request as people and programs may see it: everything but the token's ciphertext."""
        return self.model_dump(mode="json", exclude={"token_ciphertext"})
