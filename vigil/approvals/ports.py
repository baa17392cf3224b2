"""What approvals need from outside, as Protocols. ``vigil.aws`` holds the adapters, the tests hold fakes in memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from vigil.approvals.models import (
    ApprovalRequest,
    Authentication,
    Facts,
    PasswordProof,
    Signature,
    SignedDecision,
    Status,
)
from vigil.change_control.models import Plan
from vigil.models.models import Evaluation

Clock = Callable[[], datetime]


class ApprovalStore(Protocol):
    def get(self, request_id: str) -> ApprovalRequest | None:
        """Read consistently: what was written before is seen."""

    def insert(self, request: ApprovalRequest) -> bool:
        """False if a request with this id is there already; nothing is overwritten."""

    def with_status(self, status: Status) -> list[ApprovalRequest]:
        """May lag behind by moments."""

    def decide(self, request_id: str, decision: SignedDecision) -> None:
        """In one transaction: a request still PENDING and not expired at ``decided_at`` takes the decision.

        Raises ``NotPendingError`` otherwise.
        """

    def move(self, request_id: str, source: Status, target: Status, note: str) -> bool:
        """Change the status if it is still ``source``; False if it is not."""

    def mark_delivered(self, request_id: str, at: datetime) -> None: ...

    def claim(self, request_id: str, execution_arn: str) -> bool:
        """Let one execution, and only one, use an approval. False if another has."""


class Authenticator(Protocol):
    def authenticate(self, proof: PasswordProof) -> Authentication:
        """Raises ``AuthenticationError``."""


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


class Runs(Protocol):
    """The executions that wait."""

    def succeed(self, token: str, output: Mapping[str, object]) -> None:
        """Raises ``WaitEndedError``."""

    def fail(self, token: str, error: str, cause: str) -> None:
        """Raises ``WaitEndedError``."""

    def is_running(self, execution_arn: str) -> bool: ...

    def has_received(self, execution_arn: str, state_name: str, request_id: str) -> bool:
        """Whether the state left its wait with this request's answer."""


class Pins(Protocol):
    def pinned(self, execution_arn: str) -> Mapping[str, object]:
        """What a run fixed when it started, by field; empty where nothing is recorded."""


@dataclass(frozen=True)
class DecidingPorts:
    store: ApprovalStore
    authenticator: Authenticator
    signer: Signer
    evidence: Evidence
    clock: Clock


@dataclass(frozen=True)
class DeliveryPorts:
    store: ApprovalStore
    signer: Signer
    vault: TokenVault
    runs: Runs
    clock: Clock


@dataclass(frozen=True)
class VerificationPorts:
    store: ApprovalStore
    signer: Signer
    evidence: Evidence
    pins: Pins
    clock: Clock
