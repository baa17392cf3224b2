"""What people are shown of a model's versions, and the port by which they ask for one to come back. No AWS."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from pydantic import BaseModel, ConfigDict

from vigil.approvals.models import PasswordProof
from vigil.models.models import Measures
from vigil.models.versions import EndpointState, ModelVersion


class _Read(BaseModel):
    """Of a recorded document, whose other fields are for others."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class PairedTest(_Read):
    """Challenger minus champion on the same labelled rows, with 95 % intervals; ``split``: whose rows."""

    verdict: str
    reason: str
    cases: int
    split: str
    difference: Measures
    champion_package: str = ""


class ShadowPeriod(_Read):
    """What became of the period in which the version answered copies of requests and nobody got its answers."""

    verdict: str
    reason: str
    since: datetime | None = None
    until: datetime | None = None


class ShownVersion(BaseModel):
    """``problems``: what of its comparisons could not be read."""

    model_config = ConfigDict(frozen=True)

    version: ModelVersion
    paired: PairedTest | None = None
    shadow: ShadowPeriod | None = None
    problems: tuple[str, ...] = ()


class ShownModels(BaseModel):
    """Newest version first. ``hidden``: how many older ones are not read."""

    model_config = ConfigDict(frozen=True)

    endpoint: EndpointState
    versions: tuple[ShownVersion, ...]
    hidden: int = 0

    def find(self, number: int) -> ModelVersion | None:
        return next((each.version for each in self.versions if each.version.version == number), None)

    @property
    def active(self) -> ModelVersion | None:
        """The version that is recorded as in service."""
        arn = self.endpoint.active_package
        return next((each.version for each in self.versions if arn and each.version.model_package_arn == arn), None)


class ModelsReader(Protocol):
    def read(self) -> ShownModels: ...


class RollbackNotAskedError(Exception):
    """Nothing was asked for; the message says why. ``refused``: the model may not come back, so do not ask again."""

    def __init__(self, message: str, *, refused: bool) -> None:
        super().__init__(message)
        self.refused = refused


class RollbackDesk(Protocol):
    def ask(self, model_package_arn: str, reason: str, proof: PasswordProof, expected_signer: str) -> bool:
        """Whether this started it; False where the same was asked for already and still waits.

        Raises ``RollbackNotAskedError``, or an ``ApprovalError`` where the asker is not proven to be
        ``expected_signer``, or may not ask.
        """
        ...
