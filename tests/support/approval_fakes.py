"""Approvals without AWS: in-memory ports, and a bench that puts them together."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils
from memory_approvals import MemoryPeople

from vigil.approvals.desk import Challenge
from vigil.approvals.errors import AuthenticationError, EvidenceError, RevokedError, WaitEndedError, WrongPersonError
from vigil.approvals.models import Authentication, Facts, PasswordProof, Proof, Signature
from vigil.approvals.people import Person
from vigil.approvals.ports import ProvenSigner, WaitEnd
from vigil.approvals.serving import ServingRecord
from vigil.change_control.models import Plan
from vigil.models.models import Evaluation

EXECUTION = "arn:aws:states:us-east-1:123456789012:execution:train-and-promote:run-1"
PASSWORD = "correct horse"
TOKEN = "AAAAKgAAAAIAAAAAAAAAAd" * 20
NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


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

    def public_key_pem(self) -> str:
        pem, info = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        return self._private.public_key().public_bytes(pem, info).decode()


@dataclass(frozen=True)
class Proven:
    authentication: Authentication
    person: Person


@dataclass
class FakeSignIns:
    """Everybody in the record of people has the same password; the provider knows the roles of the record."""

    clock: FakeClock
    people: MemoryPeople
    signed_in_before: timedelta = timedelta(0)
    components: Literal[1, 2] = 2
    tried: list[str] = field(default_factory=list)

    def authenticate(
        self, proof: Proof, challenge: Challenge, continuous_seconds: int, expected_signer: str | None
    ) -> Proven:
        assert isinstance(proof, PasswordProof)
        if expected_signer not in (None, proof.username):
            raise WrongPersonError(f"you are signed in here as {expected_signer}")
        self.tried.append(proof.username)
        person = self.people.get(proof.username)
        if person is None or proof.password.get_secret_value() != PASSWORD:
            raise AuthenticationError("the user name or the password is wrong")
        if person.revoked_at is not None:
            raise RevokedError(f"{person.username} may not sign any more")
        return Proven(
            Authentication(
                subject=f"subject-of-{person.username}",
                username=person.username,
                printed_name=person.printed_name,
                groups=frozenset(person.roles),
                issuer="https://issuer.example.org",
                authenticated_at=self.clock() - self.signed_in_before,
                components=self.components,
            ),
            person,
        )

    def begin_session(self, signer: ProvenSigner, continuous_seconds: int) -> None:
        return None


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
class FakeServing:
    """``record``: what serves now."""

    record: ServingRecord | None = None

    def serving(self) -> ServingRecord | None:
        return self.record


@dataclass
class FakeServedModels:
    """What serves, what is recorded of each model, and what the registry says (Approved unless told otherwise)."""

    serving: str = ""
    recorded: dict[str, str] = field(default_factory=dict)
    registry: dict[str, str] = field(default_factory=dict)

    def serving_package(self) -> str:
        return self.serving

    def recorded_status(self, model_package_arn: str) -> str:
        return self.recorded.get(model_package_arn, "")

    def registry_status(self, model_package_arn: str) -> str:
        return self.registry.get(model_package_arn, "Approved")


@dataclass
class FakeRuns:
    """Tokens that wait, and what came to them; ``lags`` while the histories do not show it yet."""

    waiting: dict[str, str] = field(default_factory=dict)
    succeeded: dict[str, Any] = field(default_factory=dict)
    failed: dict[str, tuple[str, str]] = field(default_factory=dict)
    ended: set[str] = field(default_factory=set)
    lags: bool = False

    def succeed(self, token: str, output: Mapping[str, object]) -> None:
        arn = self._take(token)
        self.succeeded[arn] = json.loads(json.dumps(output))

    def fail(self, token: str, error: str, cause: str) -> None:
        self.failed[self._take(token)] = (error, cause)

    def is_running(self, execution_arn: str) -> bool:
        return execution_arn not in self.ended and (
            execution_arn in self.waiting.values() or execution_arn in self.succeeded
        )

    def how_wait_ended(self, execution_arn: str, request_id: str) -> WaitEnd:
        if self.lags:
            return WaitEnd.UNKNOWN
        is_this = self.succeeded.get(execution_arn, {}).get("request_id") == request_id
        return WaitEnd.RECEIVED if is_this else WaitEnd.OTHERWISE

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
