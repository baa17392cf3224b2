"""Types of a release: what update-endpoint hands from state to state."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from vigil.digests import Sha256

ReleaseKind = Literal["promotion", "rollback"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Champion(_Frozen):
    """What is recorded as serving when a release begins: what a challenger is measured against.

    ``execution_arn``: of the release that recorded it. As long as that stands, nobody else has changed what serves.
    """

    model_package_arn: str
    run_key: str
    artefact_digest: str
    artefact_uri: str
    model_name: str
    config_name: str
    execution_arn: str


class Pace(_Frozen):
    """How fast a release may go, in seconds: the plan's times, which a stack may only shorten.

    ``limit_seconds``: after which SageMaker gives a deployment up (``MaximumExecutionTimeoutInSeconds``).
    """

    shadow_seconds: int = Field(ge=1)
    canary_percent: int = Field(ge=1, le=50)
    bake_seconds: int = Field(ge=1, le=3600)
    termination_seconds: int = Field(ge=0, le=3600)
    limit_seconds: int = Field(ge=600, le=28_800)


class Release(_Frozen):
    """What update-endpoint puts into service. All of it was signed, or is the stack's own.

    ``run_key``: of the run that made it, which names its chain in the ledger. ``baseline_uri`` and ``comparison_uri``
    are prefixes ending in ``/``; ``baseline_digest`` is empty until a baseline is pinned for this model package.
    ``champion``: absent where nothing is recorded as serving.
    """

    key: str
    run_key: str
    request_id: str
    kind: ReleaseKind
    model_package_arn: str
    artefact_digest: str
    artefact_uri: str
    image: str
    code_revision: str
    dataset_version: str
    dataset_uri: str
    plan_digest: str
    plan_uri: str
    baseline_uri: str
    baseline_digest: str = ""
    comparison_uri: str
    endpoint_name: str
    instance_type: str
    capture_uri: str
    data_key: str
    pace: Pace
    champion: Champion | None = None


class PinnedBaseline(_Frozen):
    """What a model in service is monitored against: ``digest`` is that of ``baseline.json`` below ``uri``."""

    uri: str
    digest: Sha256
    plan_digest: Sha256
    dataset_version: Sha256


class MarkActiveEvent(BaseModel):
    model_config = ConfigDict(extra="forbid")

    release: Release
    baseline: PinnedBaseline
    execution_arn: str
    model_name: str
    config_name: str
