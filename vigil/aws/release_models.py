"""Types of a release: what update-endpoint hands from state to state."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

ReleaseKind = Literal["promotion", "rollback"]


class Release(BaseModel):
    """What update-endpoint puts into service. All of it was signed, or is the stack's own.

    ``kind``: a roll-back brings back a model that served before, so nothing is compared before it serves.
    ``run_key``: of the run that made it, which names its chain in the ledger.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: ReleaseKind
    key: str
    run_key: str
    request_id: str
    model_package_arn: str
    artefact_digest: str
    artefact_uri: str
    image: str
    code_revision: str
    dataset_version: str
    endpoint_name: str
    instance_type: str
    capture_uri: str
    data_key: str


class MarkActiveEvent(BaseModel):
    model_config = ConfigDict(extra="forbid")

    release: Release
    execution_arn: str
    model_name: str
    config_name: str
