"""What a model's windows are measured against: made once, before the model serves, and pinned by its digest.

Below the baseline's prefix: ``baseline.json`` (this), and for each monitor ``<monitor>/statistics.json`` and
``<monitor>/constraints.json``. It names the model and its data, never an endpoint.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from vigil.change_control.models import EvaluationRules
from vigil.change_control.monitoring_rules import MonitoringRules
from vigil.digests import Sha256, canonical_json, file_digest, sha256_hex
from vigil.models.models import Measure
from vigil.monitoring.models import Monitor

BASELINE_FILE = "baseline.json"
STATISTICS, CONSTRAINTS = "statistics.json", "constraints.json"


class BaselineError(ValueError):
    """A baseline is missing, changed, or belongs to another model or plan; the message says which and what to do."""


class Baseline(BaseModel):
    """``baseline.json``, as canonical JSON. ``files``: SHA-256 by path below the prefix.

    ``rules`` and ``evaluation`` are the plan's, kept here so that a job needs no plan beside the baseline; they are
    what ``plan_digest`` pins. ``measures``: the model's figures on the baseline's cases, with 95 % intervals.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal["vigil.monitoring-baseline/1"] = "vigil.monitoring-baseline/1"
    artefact_digest: Sha256
    dataset_version: Sha256
    plan_digest: Sha256
    split: Literal["test_next"] = "test_next"
    cases: int = Field(ge=1)
    measures: dict[str, Measure]
    rules: MonitoringRules
    evaluation: EvaluationRules
    files: dict[str, Sha256]

    def to_json(self) -> bytes:
        return canonical_json(self.model_dump(mode="json"))

    @property
    def digest(self) -> str:
        """What a release pins as ``baseline_digest``."""
        return sha256_hex(self.to_json())


def read_baseline(content: bytes, *, digest: str, artefact_digest: str, plan_digest: str) -> Baseline:
    """The baseline whose file is ``content``. Raises ``BaselineError`` unless it is the pinned one, of this model."""
    if sha256_hex(content) != digest:
        raise BaselineError("baseline.json is not the pinned one: restore it, or release the model again")
    try:
        baseline = Baseline.model_validate_json(content)
    except ValidationError:
        raise BaselineError("baseline.json is no baseline of this version of Vigil: release the model again") from None
    for name, of_baseline, given in (
        ("model", baseline.artefact_digest, artefact_digest),
        ("plan", baseline.plan_digest, plan_digest),
    ):
        if of_baseline != given:
            raise BaselineError(
                f"the baseline belongs to the {name} {of_baseline[:12]}, the job was asked about {given[:12]}: "
                "start the monitor with what the endpoint's record names"
            )
    return baseline


def verified_file(baseline: Baseline, monitor: Monitor, name: str, path: Path) -> bytes:
    """The content of ``<monitor>/<name>`` at ``path``. Raises ``BaselineError`` where it is not the pinned one."""
    pinned = baseline.files.get(f"{monitor}/{name}")
    if pinned is None:
        raise BaselineError(f"the baseline pins no {monitor}/{name}: release the model again")
    if not path.is_file() or file_digest(path) != pinned:
        raise BaselineError(f"{monitor}/{name} is not the pinned one: restore it, or release the model again")
    return path.read_bytes()
