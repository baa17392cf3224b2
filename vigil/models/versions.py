"""Types of what is known of a model's versions: where each came from, who signed for it, what serves. No layout."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from vigil.digests import Sha256
from vigil.moments import Moment
from vigil.monitoring.models import WindowReport

SHORTEST_DIGEST = 6  # characters of an artefact's digest that a person may type


class UnknownVersionError(Exception):
    """No version, or more than one, is named so; the message says what to do."""


class VersionStatus(StrEnum):
    """``ACTIVE`` and ``RETIRED`` are the record of what serves and served; the others the registry's approval status.

    ``APPROVED``: the registry says so and the record does not: its release has not ended yet.
    """

    ACTIVE = "ACTIVE"
    RETIRED = "RETIRED"
    REJECTED = "Rejected"
    PENDING = "PendingManualApproval"
    APPROVED = "Approved"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Signed(_Frozen):
    """Printed name, meaning and time of one signature (21 CFR 11.50)."""

    printed_name: str
    role: str
    meaning: str
    signed_at: Moment


class Variant(_Frozen):
    """One variant at the endpoint. ``weight`` is its current one; a ``shadow`` answers nobody.

    ``model_package_arn``: the version whose artefact it serves, None where no registered one fits.
    """

    name: str
    model_name: str | None
    model_package_arn: str | None
    weight: float | None
    desired_weight: float | None
    instances: int | None
    shadow: bool = False


class EndpointState(_Frozen):
    """The endpoint as SageMaker describes it beside what is recorded of it; each None where there is none.

    ``status`` and ``config_name`` are SageMaker's, the rest the record's.
    """

    name: str
    status: str | None
    config_name: str | None
    variants: tuple[Variant, ...] = ()
    active_package: str | None = None
    run_key: str | None = None
    artefact_digest: Sha256 | None = None
    approval_request_id: str | None = None
    recorded_config_name: str | None = None
    baseline_digest: str | None = None
    since: Moment | None = None

    @property
    def is_as_recorded(self) -> bool:
        return self.config_name == self.recorded_config_name


class ModelVersion(_Frozen):
    """One registered version. What the registry or its requests do not tell is None.

    ``version``: the registry's number. ``run_key`` names its chain in the ledger. ``requested_by``: who asked for its
    training. ``signatures`` and ``approval_request_id``: of the request that put it into service, else of its newest.
    ``figures``: the gate's criteria and what was measured, as the signers saw it. ``changed_at``: when its ``status``
    was recorded. ``rollback_request_id``: a request to roll back to it that waits for signatures.
    """

    model_package_arn: str = Field(min_length=1)
    version: int
    status: VersionStatus
    registered_at: Moment
    changed_at: Moment | None = None
    run_key: str | None = None
    execution_arn: str | None = None
    requested_by: str | None = None
    dataset_version: str | None = None
    artefact_digest: str | None = None
    evaluation_digest: str | None = None
    plan_digest: str | None = None
    code_revision: str | None = None
    approval_request_id: str | None = None
    signatures: tuple[Signed, ...] = ()
    figures: dict[str, str] = Field(default_factory=dict)
    baseline_digest: str | None = None
    rollback_request_id: str | None = None
    note: str = ""

    @property
    def may_return(self) -> bool:
        """Whether a roll-back to it may be asked for. The roll-back itself looks at everything anew."""
        return self.status is VersionStatus.RETIRED

    def is_named(self, name: str) -> bool:
        digest = self.artefact_digest or ""
        return name in (self.model_package_arn, str(self.version), self.run_key) or (
            len(name) >= SHORTEST_DIGEST and digest.startswith(name)
        )


class ModelVersions(_Frozen):
    """All versions, newest first, and the endpoint they serve at."""

    endpoint: EndpointState
    versions: tuple[ModelVersion, ...]

    def find(self, name: str) -> ModelVersion:
        """By ARN, number, run key, or the beginning of the artefact's digest. Raises ``UnknownVersionError``."""
        exact = [each for each in self.versions if name in (each.model_package_arn, str(each.version), each.run_key)]
        found = exact or [each for each in self.versions if each.is_named(name)]
        if not found:
            raise UnknownVersionError(f"no model is named {name!r}: see `vigil models list`")
        if len(found) > 1:
            raise UnknownVersionError(f"{len(found)} models are named {name!r}: give the model package's ARN")
        return found[0]


class ChainEntry(_Frozen):
    """One record of the version's chain in the ledger, in short. ``proven``: the actor's name was proven to us."""

    sequence: int
    at: Moment
    event: str
    actor: str
    via: str
    proven: bool
    subject: str
    hash: Sha256


class Lineage(_Frozen):
    """One version with all that is recorded of it. ``requests``: as the desk gives them, newest first.

    ``comparisons``: the ledger's records of how it was held against the model in service. ``windows``: of monitoring,
    newest first. ``problems``: what of this could not be read, and why.
    """

    version: ModelVersion
    requests: tuple[dict[str, object], ...] = ()
    evaluation_uri: str | None = None
    comparisons: tuple[dict[str, object], ...] = ()
    baseline: dict[str, object] | None = None
    chain: tuple[ChainEntry, ...] = ()
    windows: tuple[WindowReport, ...] = ()
    problems: tuple[str, ...] = ()
