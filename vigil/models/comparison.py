"""Champion and challenger on the same rows: the comparison as a file, and the plan's rule on it. No arrays here."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from vigil.change_control.rollout_rules import PairedTestRules
from vigil.digests import Sha256, canonical_json
from vigil.models.models import Measures, Split

COMPARISON_FILE = "comparison.json"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Compared(_Frozen):
    """One of the two models. ``dataset_version``: what it was trained with."""

    artefact_digest: Sha256
    dataset_version: Sha256
    measures: Measures


class PairedComparison(_Frozen):
    """``difference``: challenger minus champion, with 95 % intervals from the same bootstrap resamples of the rows."""

    format: Literal["vigil.challenger-comparison/1"] = "vigil.challenger-comparison/1"
    champion: Compared
    challenger: Compared
    difference: Measures
    dataset_version: Sha256
    split: Split
    plan_digest: Sha256
    cases: int = Field(ge=1)
    resamples: int
    seed: int

    def to_json(self) -> bytes:
        return canonical_json(self.model_dump(mode="json"))


def why_worse(comparison: PairedComparison, rules: PairedTestRules) -> str:
    """Empty unless the whole interval of the difference in AUROC lies below ``-margin``."""
    found = comparison.difference.auroc
    if found.value is None or found.high is None or found.high >= -rules.margin:
        return ""
    return (
        f"on {comparison.cases} cases of {comparison.split} its AUROC differs from the champion's by {found.value} "
        f"(95 % interval {found.low} to {found.high}), all of it below -{rules.margin}"
    )
