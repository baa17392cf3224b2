"""What a dossier is made from, as Protocols with their types. ``vigil.aws.dossier_ports`` holds the adapters."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from vigil.approvals.models import ApprovalRequest
from vigil.approvals.ports import Evidence, Signer
from vigil.approvals.serving import Serving
from vigil.datasets.models import DatasetProfile


class SourceError(Exception):
    """Something that a dossier shows cannot be read; the message says what. The dossier then says so in its place."""


@dataclass(frozen=True)
class DatasetRelease:
    """A release record. ``compared_with``: the version that its gate measured drift against, if there was one."""

    version: str
    released_at: datetime
    profile: str
    quarters: tuple[str, ...]
    cases: dict[str, int]
    warnings: tuple[str, ...]
    compared_with: str | None


class Requests(Protocol):
    def get(self, request_id: str) -> ApprovalRequest | None: ...


class Datasets(Protocol):
    """Each raises ``SourceError``."""

    def release(self, version: str) -> DatasetRelease: ...

    def profile(self, version: str) -> DatasetProfile:
        """Held against the version's manifest."""


@dataclass(frozen=True)
class DossierPorts:
    requests: Requests
    evidence: Evidence
    signer: Signer
    serving: Serving
    datasets: Datasets
