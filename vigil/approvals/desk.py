"""The desk: what every interface for approvals asks of the one function that may sign, as a Protocol with its types.

The page in Airflow's UI and the command line both speak to it; neither may sign, write a row or append to the ledger.
"""

from __future__ import annotations

from typing import Annotated, Protocol

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr

from vigil.approvals.dossier import Dossier
from vigil.approvals.models import LONGEST_COMMENT, LONGEST_ID, LONGEST_USER, Facts, Meaning, Proof
from vigil.audit.models import Actor
from vigil.change_control.models import Seat
from vigil.digests import Sha256
from vigil.moments import Moment


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


def _one_line_break(text: object) -> object:
    """Browsers send a line break of a form as two characters (HTML, "constructing the entry list"), terminals as one.

    Before the length is counted: a form's own limit counts it as one, and what is signed is the same from everywhere.
    """
    return text.replace("\r\n", "\n").replace("\r", "\n") if isinstance(text, str) else text


class SigningOrder(_Frozen):
    """What somebody is about to sign. A rejection must say why in ``comment``.

    ``expected_signer``: as in ``SigningAnswer``; where given, the challenge says as whom and in which seat.
    """

    request_id: str = Field(min_length=1, max_length=LONGEST_ID)
    meaning: Meaning
    comment: Annotated[str, BeforeValidator(_one_line_break), Field(max_length=LONGEST_COMMENT)] = ""
    expected_signer: str | None = Field(default=None, min_length=1, max_length=128)


class ShownWait(_Frozen):
    """The run's wait that a signature is for. ``expires_at``: until when its request can be signed."""

    execution_arn: str
    state_name: str
    attempt: int
    entered_at: Moment
    expires_at: Moment


class ShownSigner(_Frozen):
    """As whom the expected signer would sign, by the record of people: all named as in ``SignatureFacts``."""

    signer: str
    printed_name: str
    role: str
    deputy_role: str | None
    has_stake: bool


class Challenge(_Frozen):
    """What is shown for confirmation, kept by the desk, good for one signature.

    ``nonce``: the digest of what is signed (request, facts, meaning, comment, this challenge); a provider's ID token
    must carry it. ``shown_at`` is the server's: a sign-in before it does not count. ``signer``: None where the
    interface named nobody, or nobody of that name is on record.
    """

    challenge_id: str
    request_id: str
    meaning: Meaning
    comment: str
    facts: Facts
    wait: ShownWait
    signer: ShownSigner | None
    signing_key: str
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
