"""The model that serves, as the models table records it: what a monitor compares a window with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from vigil.aws.environment import StackParameters
from vigil.aws.evidence_store import EvidenceStore
from vigil.change_control.monitoring_rules import MonitoringRules
from vigil.digests import Sha256
from vigil.moments import Moment


class NothingServesError(Exception):
    """No model is recorded as serving: there is nothing to monitor."""


class NoBaselineError(Exception):
    """The model in service has no pinned baseline, so nothing can be compared with it."""


class ServedModel(BaseModel):
    """``baseline_uri`` is the S3 prefix of ``baseline.json``, ending in ``/``; ``since`` when it went into service."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    run_key: str
    artefact_uri: str
    artefact_digest: Sha256
    baseline_uri: str
    baseline_digest: Sha256
    plan_digest: Sha256
    dataset_version: str
    since: Moment


def served_model(serving: Mapping[str, str]) -> ServedModel:
    """``serving``: the endpoint's item of the models table. Raises ``NothingServesError`` and ``NoBaselineError``."""
    if not serving.get("active_package"):
        raise NothingServesError("no model is recorded as serving at this endpoint")
    try:
        found = ServedModel.model_validate(dict(serving))
    except ValidationError as error:
        missing = ", ".join(sorted({str(problem["loc"][0]) for problem in error.errors()}))
        raise NoBaselineError(
            f"the model in service has no baseline (its record lacks {missing}): it went into service before "
            "monitoring; promote a model, which pins one"
        ) from None
    prefix = found.baseline_uri if found.baseline_uri.endswith("/") else found.baseline_uri.rpartition("/")[0] + "/"
    return found.model_copy(update={"baseline_uri": prefix})


def monitoring_rules(served: ServedModel, parameters: StackParameters, s3: Any) -> MonitoringRules:
    """Of the plan that the model was released under."""
    plan = EvidenceStore(parameters.buckets.models, s3).plan(served.plan_digest)
    return plan.modification_protocol.monitoring
