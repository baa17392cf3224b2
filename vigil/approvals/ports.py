"""What approvals need from outside, as Protocols. ``vigil.aws`` holds the adapters, the tests hold fakes in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from pydantic import SecretStr

from vigil.approvals.desk import Challenge
from vigil.approvals.models import ApprovalRequest, Authentication, Facts, Proof, Signature, Status
from vigil.approvals.people import People, Person
from vigil.approvals.rollback import ServedModels
from vigil.approvals.serving import Serving
from vigil.audit.models import Entry, Record
from vigil.audit.ports import LedgerWriter
from vigil.change_control.models import Plan
from vigil.models.models import Evaluation
from vigil.moments import Clock


class ApprovalStore(Protocol):
    """Every change of a row counts its ``revision`` up, and is made together with its record in the ledger."""

    def get(self, request_id: str) -> ApprovalRequest | None:
        """Read consistently: what was written before is seen."""

    def insert(self, request: ApprovalRequest, entries: Sequence[Entry]) -> bool:
        """False if a request with this id is there already; then nothing is written, no record either."""

    def with_status(self, status: Status) -> list[ApprovalRequest]:
        """May lag behind by moments."""

    def replace(self, before: ApprovalRequest, after: ApprovalRequest, entry: Entry) -> bool:
        """In one transaction with the ledger's record; False, and no change, where the row is not ``before`` any more.

        ``after.revision`` is one more than ``before.revision``.
        """

    def sign(
        self,
        before: ApprovalRequest,
        after: ApprovalRequest,
        entries: Sequence[Entry],
        challenge_id: str,
        at: datetime,
        signer: Person,
    ) -> bool:
        """As ``replace``, for a row that is PENDING and not expired ``at``; the challenge is used up with it. The first
        of the entries is the signature's.

        False too where the signer's record is not ``signer`` any more: who was revoked meanwhile signs nothing.
        Raises ``ChallengeError`` where the challenge was used before.
        """

    def claim(self, request_id: str, execution_arn: str) -> bool:
        """Let one execution, and only one, use an approval. False if another has."""


@dataclass(frozen=True)
class KeptChallenge:
    challenge: Challenge
    used: bool


class Challenges(Protocol):
    def keep(self, challenge: Challenge) -> None: ...

    def challenge(self, challenge_id: str) -> KeptChallenge | None:
        """Read consistently."""


class ProvenSigner(Protocol):
    """A person who has just proven who they are. ``authentication.groups`` are the roles that count."""

    @property
    def authentication(self) -> Authentication: ...

    @property
    def person(self) -> Person: ...


class SigningSession(Protocol):
    """A continuous period of signing that has begun; ``secret`` is what a later ``SessionProof`` needs."""

    @property
    def secret(self) -> SecretStr: ...

    @property
    def expires_at(self) -> datetime: ...


class SignIns(Protocol):
    """``continuous_seconds`` is the plan's; 0 asks for both components each time."""

    def authenticate(
        self, proof: Proof, challenge: Challenge, continuous_seconds: int, expected_signer: str | None
    ) -> ProvenSigner:
        """Raises ``AuthenticationError`` or another ``ApprovalError``. Anybody else's proof than the expected signer's
        is refused before a password is tried."""

    def begin_session(self, signer: ProvenSigner, continuous_seconds: int) -> SigningSession | None:
        """None where the plan has no such period, or this sign-in may not begin one."""


class Signer(Protocol):
    @property
    def key(self) -> str: ...

    def sign(self, digest: bytes) -> Signature: ...

    def verify(self, digest: bytes, signature: Signature) -> bool:
        """Whether the key of this signer, and no other, made the signature."""


class TokenVault(Protocol):
    """Keeps task tokens: bound to their request, so that one cannot stand in for another."""

    def seal(self, request_id: str, token: str) -> str: ...

    def unseal(self, request_id: str, ciphertext: str) -> str: ...


class Evidence(Protocol):
    """Each raises ``EvidenceError`` where it is missing or unreadable."""

    def evaluation(self, facts: Facts) -> Evaluation: ...

    def plan(self, plan_digest: str) -> Plan: ...

    def artefact_digest(self, facts: Facts) -> str:
        """Computed from the files themselves, fetched anew."""


class WaitEnd(StrEnum):
    """How the wait of a request ended, as far as the history of its run shows; it lags behind what happened."""

    RECEIVED = "with this request's answer"
    OTHERWISE = "otherwise: it timed out, failed, was stopped, or was answered by another"
    UNKNOWN = "its history does not show it"


class Runs(Protocol):
    """The executions that wait."""

    def succeed(self, token: str, output: Mapping[str, object]) -> None:
        """Raises ``WaitEndedError``."""

    def fail(self, token: str, error: str, cause: str) -> None:
        """Raises ``WaitEndedError``."""

    def is_running(self, execution_arn: str) -> bool: ...

    def how_wait_ended(self, execution_arn: str, request_id: str) -> WaitEnd: ...


class Pins(Protocol):
    def pinned(self, execution_arn: str) -> Mapping[str, object]:
        """What a run fixed when it started, by field; empty where nothing is recorded."""


class ReadableLedger(LedgerWriter, Protocol):
    def read(self, chain: str, after: int = 0) -> Iterator[Record]:
        """The chain's records in their order. Raises where it cannot be read: then nothing is verified."""


@dataclass(frozen=True)
class OpeningPorts:
    store: ApprovalStore
    ledger: LedgerWriter
    vault: TokenVault
    signer: Signer
    evidence: Evidence
    serving: Serving
    clock: Clock


@dataclass(frozen=True)
class SigningPorts:
    """``new_id``: random text, unique and not to be guessed."""

    store: ApprovalStore
    challenges: Challenges
    ledger: LedgerWriter
    sign_ins: SignIns
    people: People
    signer: Signer
    evidence: Evidence
    serving: Serving
    clock: Clock
    new_id: Callable[[], str]


@dataclass(frozen=True)
class DeliveryPorts:
    store: ApprovalStore
    signer: Signer
    vault: TokenVault
    evidence: Evidence
    runs: Runs
    clock: Clock


@dataclass(frozen=True)
class VerificationPorts:
    store: ApprovalStore
    ledger: ReadableLedger
    signer: Signer
    evidence: Evidence
    pins: Pins
    models: ServedModels
    clock: Clock
