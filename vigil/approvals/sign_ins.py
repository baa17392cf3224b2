"""Signing in, as the desk sees it: one object with everything that it needs from outside."""

from __future__ import annotations

from dataclasses import dataclass

from vigil.approvals.authentication import AuthenticationPorts, Signer, authenticate
from vigil.approvals.desk import Challenge
from vigil.approvals.models import Proof
from vigil.approvals.sessions import Session, begin_session


@dataclass(frozen=True)
class SignIns:
    ports: AuthenticationPorts

    def authenticate(
        self, proof: Proof, challenge: Challenge, continuous_seconds: int, expected_signer: str | None
    ) -> Signer:
        return authenticate(proof, challenge, self.ports, continuous_seconds, expected_signer)

    def begin_session(self, signer: Signer, continuous_seconds: int) -> Session | None:
        return begin_session(signer, self.ports, continuous_seconds)
