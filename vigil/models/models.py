"""Types of a training run: what is asked for, and what its evaluation found."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from vigil.digests import Sha256, canonical_json, sha256_hex

Split = Literal["test", "test_next"]
ModelRole = Literal["baseline", "candidate"]
MeasureName = Literal["auroc", "average_precision", "brier", "calibration_error", "recall_at_capacity"]
Subgroup = Literal["us", "non_us", "sex_F", "sex_M", "sex_missing", "age_0_17", "age_18_64", "age_65_up", "age_missing"]

DECIMALS = 6  # of every figure in an evaluation: the bytes, and so the digest, do not hang on the last bits


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class TrainingRequest(_Frozen):
    """What starts ``train-and-promote``, from a person or a schedule. Hyperparameters are text, as in SageMaker.

    ``requested_by`` is what the asker says; ``sent_by`` is who sent the message as AWS says it (SQS ``SenderId``),
    stamped by the queue's consumer. Four eyes compares both.
    """

    dataset_version: Sha256
    requested_by: str = Field(min_length=1, max_length=200)
    reason: str = Field(min_length=1, max_length=2000)
    hyperparameters: dict[str, str] = Field(default_factory=dict, max_length=50)
    sent_by: str | None = Field(default=None, min_length=1, max_length=200)


class Measure(_Frozen):
    """A figure with its percentile-bootstrap 95 % interval; all None where it is undefined (one class only)."""

    value: float | None
    low: float | None
    high: float | None


class Measures(_Frozen):
    """All in [0, 1]. ``calibration_error`` over equal-mass bins; ``recall_at_capacity`` in the top of the queue."""

    auroc: Measure
    average_precision: Measure
    brier: Measure
    calibration_error: Measure
    recall_at_capacity: Measure


class CalibrationPoint(_Frozen):
    predicted: float
    observed: float
    n: int


class ScoreBin(_Frozen):
    """How many cases of each class scored from ``low`` up to, without, ``high``; 1 itself is in the last bin."""

    low: float
    high: float
    serious: int
    not_serious: int


class Curves(_Frozen):
    """For plots, a bounded number of points: ``roc`` (false, true positive rate), ``pr`` (recall, precision).

    ``scores``: bins of equal width over [0, 1], empty ones too.
    """

    roc: list[tuple[float, float]]
    pr: list[tuple[float, float]]
    calibration: list[CalibrationPoint]
    scores: list[ScoreBin]


class ModelOnSplit(_Frozen):
    overall: Measures
    subgroups: dict[Subgroup, Measures]
    curves: Curves


class Population(_Frozen):
    """``prevalence``: the share of serious cases."""

    n: int
    prevalence: float


class SplitEvaluation(_Frozen):
    """``difference``: candidate minus baseline, from the same bootstrap resamples."""

    population: Population
    subgroups: dict[Subgroup, Population]
    baseline: ModelOnSplit
    candidate: ModelOnSplit
    difference: Measures

    def model(self, role: ModelRole) -> ModelOnSplit:
        return self.baseline if role == "baseline" else self.candidate


class FeatureFacts(_Frozen):
    """``fields`` of a report that features are made from, and how many columns each kind gave."""

    fields: list[str]
    terms: int
    words: int
    numbers: list[str]
    min_document_frequency: int


class LeakCheck(_Frozen):
    """``banned_fields`` found among the features, and the figures that the plan's leak alarm looks at."""

    banned_fields: list[str]
    highest_auroc: float
    highest_auroc_split: Split
    strongest_feature: str
    strongest_feature_auroc: float


class TermWeight(_Frozen):
    """A column of the baseline and its coefficient, in log-odds for one more of it."""

    term: str
    coefficient: float


class Evaluation(_Frozen):
    """Everything the gate, the approver and the record need to know about one candidate. Written as canonical JSON."""

    format: Literal["vigil.evaluation/2"] = "vigil.evaluation/2"
    artefact_digest: Sha256
    dataset_version: Sha256
    plan_digest: Sha256
    code_revision: str
    profile: str
    training_cases: int
    hyperparameters: dict[str, str]
    features: FeatureFacts
    ensemble_weights: dict[str, float]
    review_capacity: float
    calibration_bins: int
    bootstrap_resamples: int
    bootstrap_seed: int
    splits: dict[Split, SplitEvaluation]
    leak_check: LeakCheck
    top_terms: list[TermWeight]

    def to_json(self) -> bytes:
        return canonical_json(self.model_dump(mode="json"))

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of the canonical JSON: what an approver signs."""
        return sha256_hex(self.to_json())
