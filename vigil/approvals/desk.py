"""The desk: what every interface for approvals asks of the one function that may sign, as a Protocol with its types.

The page in Airflow's UI and the command line both speak to it; neither may sign, write a row or append to the ledger.
"""

from __future__ import annotations

from typing import Protocol

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from vigil.approvals.dossier import Dossier
from vigil.approvals.models import LONGEST_COMMENT, LONGEST_ID, LONGEST_USER, Facts, Meaning, Proof
from vigil.audit.models import Actor
from vigil.change_control.models import Seat
from vigil.digests import Sha256
from vigil.moments import Moment


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class SigningOrder(_Frozen):
    """What somebody is about to sign. A rejection must say why in ``comment``."""

    request_id: str = Field(min_length=1, max_length=LONGEST_ID)
    meaning: Meaning
    comment: str = Field(default="", max_length=LONGEST_COMMENT)


class Challenge(_Frozen):
    """What is shown for confirmation, kept by the desk, good for one signature.

    ``nonce``: the digest of what is signed (request, facts, meaning, comment, this challenge); a provider's ID token
    must carry it. ``shown_at`` is the server's: a sign-in before it does not count.
    """

    challenge_id: str
    request_id: str
    meaning: Meaning
    comment: str
    facts: Facts
    open_seats: list[Seat]
    nonce: Sha256
    shown_at: Moment
    expires_at: Moment


class SigningAnswer(_Frozen):
    """``proof``: fresh proof of who signs, given after the challenge was shown. ``expected_signer``: the person whom
    the interface knows (Airflow's login, mapped); where given, the proof must be of that very person."""

    challenge_id: str = Field(min_length=1, max_length=LONGEST_ID)
    proof: Proof
    expected_signer: str | None = Field(default=None, min_length=1, max_length=LONGEST_USER)


class SigningResult(_Frozen):
    """``request``: as ``ApprovalRequest.public()`` gives it. ``missing``: seats that still wait for a signature.

    ``session``: where the plan allows continuous signing, what a later ``SessionProof`` needs; a secret.
    """

    request: dict[str, object]
    signed_as: str
    missing: list[Seat]
    session: SecretStr | None = None
    session_expires_at: Moment | None = None


class Desk(Protocol):
    """Each raises an ``ApprovalError`` that says what to do, and then changes nothing but the ledger."""

    def requests(self) -> list[dict[str, object]]:
        """All requests as ``ApprovalRequest.public()``, newest first; those that wait with their ``open_seats``."""

    def show(self, request_id: str, reader: Actor) -> Dossier:
        """The evidence for one request. That ``reader`` read it is recorded."""

    def prepare(self, order: SigningOrder, reader: Actor) -> Challenge:
        """Fix what is to be signed, and show it. Raises where nobody could sign that now."""

    def sign(self, answer: SigningAnswer) -> SigningResult: ...
