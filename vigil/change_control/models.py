"""The plan's types. Its three parts are those of FDA's predetermined change control plan (PCCP guidance, 2024):

description of modifications, modification protocol, impact assessment.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from vigil.cases.feature_fields import BANNED_FIELDS, refuse_unusable_fields
from vigil.change_control.monitoring_rules import DriftRules, MonitoringRules
from vigil.change_control.parts import Part, Share, Text
from vigil.change_control.rollout_rules import CanaryRules, PairedTestRules, ShadowRules
from vigil.digests import canonical_json, sha256_hex
from vigil.models.models import MeasureName, ModelRole, Split, Subgroup

Profile = Literal["full", "openfda-sample", "synthetic"]


class IntendedUse(Part):
    purpose: Text
    users: Text
    population: Text
    inputs: Text
    output: Text
    not_for: Text


class Modification(Part):
    name: Text
    description: Text


class AllowedField(Part):
    field: Text
    use: Text


class BannedField(Part):
    field: Text
    reason: Text


class Features(Part):
    allowed: list[AllowedField] = Field(min_length=1)
    banned: list[BannedField] = Field(min_length=1)

    @property
    def allowed_fields(self) -> tuple[str, ...]:
        return tuple(entry.field for entry in self.allowed)

    @model_validator(mode="after")
    def _agree_with_the_code(self) -> Features:
        refuse_unusable_fields(self.allowed_fields)
        forgotten = sorted(set(BANNED_FIELDS) - {entry.field for entry in self.banned})
        if forgotten:
            raise ValueError(f"the code bans fields that the plan does not: add {', '.join(forgotten)} to banned")
        overlap = sorted({entry.field for entry in self.banned} & set(self.allowed_fields))
        if overlap:
            raise ValueError(f"both allowed and banned: {', '.join(overlap)}")
        return self


class HyperparameterBounds(Part):
    """``kind`` int or float; ``minimum`` and ``maximum`` belong to the range."""

    kind: Literal["int", "float"]
    default: float
    minimum: float
    maximum: float
    reason: Text

    @model_validator(mode="after")
    def _default_within_bounds(self) -> HyperparameterBounds:
        if not self.minimum <= self.default <= self.maximum:
            raise ValueError(f"default {self.default} is not within {self.minimum} to {self.maximum}")
        if self.kind == "int" and any(value % 1 for value in (self.default, self.minimum, self.maximum)):
            raise ValueError("an int has whole default, minimum and maximum")
        return self


class DescriptionOfModifications(Part):
    permitted: list[Modification] = Field(min_length=1)
    not_permitted: list[Modification] = Field(min_length=1)
    features: Features
    hyperparameters: dict[str, HyperparameterBounds]


class DataRules(Part):
    """``subgroups`` must each hold ``minimum_subgroup_cases`` in every test split, else the evaluation stops."""

    minimum_training_cases: int = Field(ge=1)
    subgroups: list[Subgroup] = Field(min_length=1)
    minimum_subgroup_cases: int = Field(ge=1)
    reason: Text


class EvaluationRules(Part):
    """``review_capacity``: the share of the queue that is read in time. Resamples are of the percentile bootstrap."""

    review_capacity: Share
    calibration_bins: int = Field(ge=5, le=50)
    bootstrap_resamples: int = Field(ge=100, le=5000)
    bootstrap_seed: int = Field(ge=0)
    reason: Text


class Bands(Part):
    """Probability from ``high`` on is the band high, from ``medium`` on medium, else low.

    A case whose members disagree by ``uncertain`` or more is never low: the model may raise a case, not delay it.
    """

    high: Share
    medium: Share
    uncertain: Share
    reason: Text

    @model_validator(mode="after")
    def _in_order(self) -> Bands:
        if not self.medium < self.high:
            raise ValueError("medium must lie below high")
        return self


class LeakAlarm(Part):
    """A candidate above ``auroc`` on any test split, or one column above ``single_feature_auroc``, is too good."""

    auroc: Share
    single_feature_auroc: Share
    reason: Text


class Limit(Part):
    """``at_least`` or ``at_most`` bounds the value; ``baseline_margin`` bounds candidate minus baseline.

    A margin is the least the difference may be; for whole splits and measures of which more is better.
    """

    name: Text
    split: Split
    subgroup: Literal["all"] | Subgroup = "all"
    model: ModelRole = "candidate"
    measure: MeasureName
    at_least: float | None = None
    at_most: float | None = None
    baseline_margin: float | None = None
    reason: Text

    @model_validator(mode="after")
    def _one_bound(self) -> Limit:
        if sum(bound is not None for bound in (self.at_least, self.at_most, self.baseline_margin)) != 1:
            raise ValueError("give exactly one of at_least, at_most, baseline_margin")
        if self.baseline_margin is not None and (
            self.subgroup != "all" or self.model != "candidate" or self.measure in {"brier", "calibration_error"}
        ):
            raise ValueError("baseline_margin is for the candidate, all cases and a measure of which more is better")
        return self


class AcceptanceProfile(Part):
    """The limits for one kind of data. ``reason`` says why they differ from those of ``full``."""

    reason: Text
    limits: list[Limit] = Field(min_length=1)

    @model_validator(mode="after")
    def _names_are_distinct(self) -> AcceptanceProfile:
        names = [limit.name for limit in self.limits]
        if len(set(names)) != len(names):
            raise ValueError("two limits have the same name")
        return self


class Seat(Part):
    """One signature that an approval needs: in which role, and what it means (21 CFR 11.50(a)(3)).

    ``deputy``: a role whose holders may sign in this one once the request was escalated.
    """

    role: Text
    meaning: Literal["reviewed", "approved"]
    deputy: Text | None = None


class ApprovalRules(Part):
    """Who must sign, by when, and on what conditions. Every seat is filled by another person.

    ``four_eyes``: at least one signer is neither who asked for the training nor who changed the plan.
    ``continuous_signing_seconds``: how long after a full signature a later one by the same person needs the password
    only (21 CFR 11.200(a)(1)(i)); 0 asks for both components each time. ``remind_before_seconds`` and
    ``escalate_before_seconds`` count back from the end of ``timeout_seconds``.
    """

    signatures: list[Seat] = Field(min_length=1)
    four_eyes: bool
    training_valid_days: int = Field(ge=1, le=3650)
    continuous_signing_seconds: int = Field(ge=0, le=28_800)
    timeout_seconds: int = Field(ge=60, le=31_536_000)  # a year: the longest a state may wait
    remind_before_seconds: list[Annotated[int, Field(ge=1)]]
    escalate_before_seconds: int = Field(ge=0)
    reason: Text

    @property
    def roles(self) -> list[str]:
        """The roles that sign, without their deputies."""
        return [seat.role for seat in self.signatures]

    @property
    def groups(self) -> list[str]:
        """Every role that may come to sign, deputies too."""
        return [*self.roles, *(seat.deputy for seat in self.signatures if seat.deputy)]

    @model_validator(mode="after")
    def _seats_make_sense(self) -> ApprovalRules:
        if len(set(self.groups)) != len(self.groups):
            raise ValueError("a role is named twice among the signatures and their deputies")
        if all(seat.meaning != "approved" for seat in self.signatures):
            raise ValueError("no signature approves: give one the meaning approved")
        if any(seconds >= self.timeout_seconds for seconds in self.remind_before_seconds):
            raise ValueError("a reminder would come before the request: remind_before_seconds exceeds timeout_seconds")
        return self


class RetrainingRules(Part):
    triggers: list[Modification] = Field(min_length=1)
    drift: DriftRules


class UpdateRules(Part):
    roll_out: Text
    roll_back: Text
    paired_test: PairedTestRules
    shadow: ShadowRules
    canary: CanaryRules


class ModificationProtocol(Part):
    data: DataRules
    retraining: RetrainingRules
    monitoring: MonitoringRules
    evaluation: EvaluationRules
    leak_alarm: LeakAlarm
    acceptance: dict[Profile, AcceptanceProfile]
    bands: Bands
    approval: ApprovalRules
    update: UpdateRules


class Risk(Part):
    risk: Text
    mitigation: Text


class ImpactAssessment(Part):
    benefits: list[Text] = Field(min_length=1)
    risks: list[Risk] = Field(min_length=1)
    residual: Text


class Plan(Part):
    """One version of the plan. Its digest names it: evaluation, approval and endpoint all refer to that digest."""

    format: Literal["vigil.change-control-plan/1"]
    name: Text
    version: Text
    intended_use: IntendedUse
    description_of_modifications: DescriptionOfModifications
    modification_protocol: ModificationProtocol
    impact_assessment: ImpactAssessment

    def to_json(self) -> bytes:
        """Canonical JSON: the ``plan.json`` that jobs receive; its SHA-256 is the plan's digest."""
        return canonical_json(self.model_dump(mode="json"))

    @property
    def digest(self) -> str:
        return sha256_hex(self.to_json())

    @property
    def hyperparameters(self) -> dict[str, HyperparameterBounds]:
        return self.description_of_modifications.hyperparameters

    @property
    def features(self) -> Features:
        return self.description_of_modifications.features

    @property
    def protocol(self) -> ModificationProtocol:
        return self.modification_protocol
