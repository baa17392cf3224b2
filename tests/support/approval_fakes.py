"""Approvals without AWS: in-memory ports, and a bench that puts them together."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from candidate_evidence import ROLE, facts_for, passing_evaluation, real_plan
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils

from vigil.approvals.errors import AuthenticationError, EvidenceError, NotPendingError, WaitEndedError
from vigil.approvals.models import (
    ApprovalRequest,
    Authentication,
    Facts,
    PasswordProof,
    Signature,
    SignedDecision,
    Status,
    WaitMessage,
)
from vigil.approvals.open import open_request
from vigil.approvals.ports import DecidingPorts, DeliveryPorts, VerificationPorts
from vigil.approvals.verify import PINNED
from vigil.change_control.models import Plan
from vigil.models.models import Evaluation

EXECUTION = "arn:aws:states:us-east-1:123456789012:execution:train-and-promote:run-1"
PASSWORD = "correct horse"
TOKEN = "AAAAKgAAAAIAAAAAAAAAAd" * 20
NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


class MemoryStore:
    """Conditional like the table: one lock stands for DynamoDB's atomic writes."""

    def __init__(self) -> None:
        self.rows: dict[str, ApprovalRequest] = {}
        self._lock = threading.Lock()

    def get(self, request_id: str) -> ApprovalRequest | None:
        return self.rows.get(request_id)

    def insert(self, request: ApprovalRequest) -> bool:
        with self._lock:
            if request.request_id in self.rows:
                return False
            self.rows[request.request_id] = request
            return True

    def with_status(self, status: Status) -> list[ApprovalRequest]:
        return [row for row in self.rows.values() if row.status is status]

    def decide(self, request_id: str, decision: SignedDecision) -> None:
        with self._lock:
            row = self.rows[request_id]
            if row.status is not Status.PENDING or row.expires_at <= decision.decided_at:
                raise NotPendingError(request_id)
            self.change(request_id, status=Status(decision.decision.value), decision=decision)

    def move(self, request_id: str, source: Status, target: Status, note: str) -> bool:
        with self._lock:
            if self.rows[request_id].status is not source:
                return False
            self.change(request_id, status=target, note=note)
            return True

    def mark_delivered(self, request_id: str, at: datetime) -> None:
        self.change(request_id, delivered_at=at)

    def claim(self, request_id: str, execution_arn: str) -> bool:
        with self._lock:
            if self.rows[request_id].applied_by not in (None, execution_arn):
                return False
            self.change(request_id, applied_by=execution_arn)
            return True

    def change(self, request_id: str, **fields: Any) -> None:
        """Also what an attacker with write access to the table can do."""
        self.rows[request_id] = self.rows[request_id].model_copy(update=fields)


class FakeSigner:
    """A P-256 key in memory; signs digests as KMS does with MessageType=DIGEST."""

    algorithm = ec.ECDSA(utils.Prehashed(hashes.SHA256()))

    def __init__(self, key: str = "arn:aws:kms:us-east-1:123456789012:key/signing") -> None:
        self.key = key
        self._private = ec.generate_private_key(ec.SECP256R1())

    def sign(self, digest: bytes) -> Signature:
        return Signature(value=base64.b64encode(self._private.sign(digest, self.algorithm)).decode(), key=self.key)

    def verify(self, digest: bytes, signature: Signature) -> bool:
        try:
            self._private.public_key().verify(base64.b64decode(signature.value), digest, self.algorithm)
        except InvalidSignature:
            return False
        return True


@dataclass
class FakeAuthenticator:
    """People by user name, each with the groups given; all have the same password."""

    clock: FakeClock
    people: dict[str, frozenset[str]]
    signed_in_before: timedelta = timedelta(0)

    def authenticate(self, proof: PasswordProof) -> Authentication:
        if proof.username not in self.people or proof.password.get_secret_value() != PASSWORD:
            raise AuthenticationError("the user name or the password is wrong")
        return Authentication(
            subject=f"subject-of-{proof.username}",
            username=proof.username,
            printed_name=proof.username.title(),
            groups=self.people[proof.username],
            authenticated_at=self.clock() - self.signed_in_before,
        )


class FakeVault:
    def seal(self, request_id: str, token: str) -> str:
        return base64.b64encode(f"{request_id}|{token}".encode()[::-1]).decode()

    def unseal(self, request_id: str, ciphertext: str) -> str:
        bound_to, _, token = base64.b64decode(ciphertext)[::-1].decode().partition("|")
        assert bound_to == request_id, "a ciphertext was moved to another request"
        return token


@dataclass
class FakeEvidence:
    plans: dict[str, Plan]
    evaluations: dict[str, Evaluation]
    artefacts: dict[str, str]

    def evaluation(self, facts: Facts) -> Evaluation:
        return self._found(self.evaluations, facts.evaluation_uri)

    def plan(self, plan_digest: str) -> Plan:
        return self._found(self.plans, plan_digest)

    def artefact_digest(self, facts: Facts) -> str:
        return self._found(self.artefacts, facts.artefact_uri)

    @staticmethod
    def _found(store: dict[str, Any], key: str) -> Any:
        if key not in store:
            raise EvidenceError(f"there is no {key}")
        return store[key]


@dataclass
class FakeRuns:
    """Tokens that wait, and what came to them."""

    waiting: dict[str, str] = field(default_factory=dict)
    succeeded: dict[str, Any] = field(default_factory=dict)
    failed: dict[str, tuple[str, str]] = field(default_factory=dict)

    def succeed(self, token: str, output: Mapping[str, object]) -> None:
        arn = self._take(token)
        self.succeeded[arn] = json.loads(json.dumps(output))

    def fail(self, token: str, error: str, cause: str) -> None:
        self.failed[self._take(token)] = (error, cause)

    def is_running(self, execution_arn: str) -> bool:
        return execution_arn in self.waiting.values()

    def has_received(self, execution_arn: str, state_name: str, request_id: str) -> bool:
        return self.succeeded.get(execution_arn, {}).get("request_id") == request_id

    def _take(self, token: str) -> str:
        if token not in self.waiting:
            raise WaitEndedError("the run no longer waits (TaskTimedOut)")
        return self.waiting.pop(token)


@dataclass
class FakePins:
    """What each run fixed when it started."""

    runs: dict[str, dict[str, object]] = field(default_factory=dict)

    def pinned(self, execution_arn: str) -> Mapping[str, object]:
        return self.runs.get(execution_arn, {})


@dataclass
class FakeClock:
    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **delta: float) -> None:
        self.now += timedelta(**delta)


@dataclass
class Bench:
    """One candidate on the table, with everything that approvals need around it."""

    plan: Plan
    evaluation: Evaluation
    facts: Facts
    store: MemoryStore
    signer: FakeSigner
    vault: FakeVault
    evidence: FakeEvidence
    runs: FakeRuns
    clock: FakeClock
    authenticator: FakeAuthenticator
    pins: FakePins

    @classmethod
    def make(cls) -> Bench:
        plan, clock = real_plan(), FakeClock()
        evaluation = passing_evaluation(plan)
        facts = facts_for(evaluation, plan)
        people = {
            "ana": frozenset({ROLE}), "ben": frozenset({ROLE}),
            "dana": frozenset({ROLE}), "olga": frozenset({"operators"}),
        }  # fmt: skip
        return cls(
            plan, evaluation, facts, MemoryStore(), FakeSigner(), FakeVault(),
            FakeEvidence(
                {plan.digest: plan}, {facts.evaluation_uri: evaluation}, {facts.artefact_uri: facts.artefact_digest}
            ),
            FakeRuns(), clock, FakeAuthenticator(clock, people), FakePins(),
        )  # fmt: skip

    @property
    def deciding(self) -> DecidingPorts:
        return DecidingPorts(self.store, self.authenticator, self.signer, self.evidence, self.clock)

    @property
    def delivery(self) -> DeliveryPorts:
        return DeliveryPorts(self.store, self.signer, self.vault, self.runs, self.clock)

    @property
    def verification(self) -> VerificationPorts:
        return VerificationPorts(self.store, self.signer, self.evidence, self.pins, self.clock)

    def message(self, execution: str = EXECUTION, token: str = TOKEN, **changes: Any) -> WaitMessage:
        document = {
            "task_token": token, "execution_arn": execution, "state_name": "WaitForApproval", "attempt": 0,
            "entered_at": self.clock(), "timeout_seconds": 1209600, "facts": self.facts,
        }  # fmt: skip
        return WaitMessage(**(document | changes))

    def open(self, execution: str = EXECUTION, token: str = TOKEN, **changes: Any) -> ApprovalRequest:
        """A run that waits, and its request."""
        self.runs.waiting[token] = execution
        self.pins.runs[execution] = self.facts.model_dump(include=set(PINNED))
        return open_request(self.message(execution, token, **changes), self.store, self.vault, self.clock).request

    def with_evidence(self, **changes: Any) -> Bench:
        return replace(self, evidence=replace(self.evidence, **changes))


def proof_of(username: str, password: str = PASSWORD) -> PasswordProof:
    return PasswordProof(username=username, password=password)
