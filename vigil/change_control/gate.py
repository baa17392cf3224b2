"""The gate: one candidate's evaluation against the plan. Pure: the same two always give the same verdict.

It can refuse, never approve: within the plan, a person is asked.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pydantic import BaseModel, ConfigDict

from vigil.change_control.models import AcceptanceProfile, Limit, Plan
from vigil.models.hyperparameters import HyperparameterError, parse_hyperparameters
from vigil.models.models import Evaluation

PROFILE_CRITERION = "data-profile"  # its measured value is the dataset's profile
Outcome = Literal["within-plan", "below-limits", "leak-suspected", "outside-plan"]


class Criterion(BaseModel):
    """One comparison, readable by itself: ``measured`` and ``limit`` are text, with the direction in the limit."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    measured: str
    limit: str
    passed: bool
    reason: str


class Verdict(BaseModel):
    """``passed`` exactly when the outcome is within-plan, which is when every criterion passed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    passed: bool
    outcome: Outcome
    criteria: tuple[Criterion, ...]

    @property
    def summary(self) -> str:
        """One line for people: what failed, or that nothing did."""
        failed = [f"{found.name}: {found.measured}, limit {found.limit}" for found in self.criteria if not found.passed]
        return f"{self.outcome}: " + ("; ".join(failed) or f"all {len(self.criteria)} criteria met")


def judge(evaluation: Evaluation, plan: Plan) -> Verdict:
    """Hold ``evaluation`` against ``plan``. Outside the plan outweighs a leak, and a leak a missed limit."""
    profile = plan.protocol.acceptance.get(evaluation.profile)  # type: ignore[call-overload]
    scope = tuple(_scope(evaluation, plan, known_profile=profile is not None))
    leaks = tuple(_leaks(evaluation, plan))
    limits = tuple(_limits(evaluation, profile)) if profile is not None else ()
    outcome: Outcome = "within-plan"
    for worse, criteria in (("below-limits", limits), ("leak-suspected", leaks), ("outside-plan", scope)):
        if not all(found.passed for found in criteria):
            outcome = worse  # type: ignore[assignment]
    return Verdict(passed=outcome == "within-plan", outcome=outcome, criteria=(*scope, *leaks, *limits))


def _scope(evaluation: Evaluation, plan: Plan, *, known_profile: bool) -> Iterator[Criterion]:
    """Does the plan cover what was done at all?"""
    yield Criterion(
        name="plan",
        measured=evaluation.plan_digest,
        limit=plan.digest,
        passed=evaluation.plan_digest == plan.digest,
        reason="the evaluation must have been made under the very plan it is judged by",
    )
    yield Criterion(
        name=PROFILE_CRITERION,
        measured=evaluation.profile,
        limit=f"one of {', '.join(plan.protocol.acceptance)}",
        passed=known_profile,
        reason="limits hold for the kind of data they were set for",
    )
    allowed = plan.features.allowed_fields
    yield Criterion(
        name="feature-fields",
        measured=", ".join(evaluation.features.fields),
        limit=f"only {', '.join(allowed)}",
        passed=set(evaluation.features.fields) <= set(allowed),
        reason="the plan names the fields that features may be made from",
    )
    problem = _hyperparameter_problem(evaluation, plan)
    yield Criterion(
        name="hyperparameters",
        measured=problem or "within bounds",
        limit="within bounds",
        passed=problem is None,
        reason="the plan permits other values within its bounds only",
    )
    least = plan.protocol.data.minimum_training_cases
    yield Criterion(
        name="training-cases",
        measured=str(evaluation.training_cases),
        limit=f"at least {least}",
        passed=evaluation.training_cases >= least,
        reason=plan.protocol.data.reason,
    )
    missing = [
        f"{name} in {split}"
        for split, found in sorted(evaluation.splits.items())
        for name in plan.protocol.data.subgroups
        if name not in found.subgroups
    ] + [split for split in ("test", "test_next") if split not in evaluation.splits]
    yield Criterion(
        name="subgroups",
        measured=f"missing: {', '.join(missing)}" if missing else "all present",
        limit="all present",
        passed=not missing,
        reason="the model is tested on everyone it will meet",
    )


def _hyperparameter_problem(evaluation: Evaluation, plan: Plan) -> str | None:
    try:
        parse_hyperparameters(evaluation.hyperparameters, plan.hyperparameters)
    except HyperparameterError as error:
        return str(error)
    return None


def _leaks(evaluation: Evaluation, plan: Plan) -> Iterator[Criterion]:
    """Is it too good to be true?"""
    alarm, check = plan.protocol.leak_alarm, evaluation.leak_check
    yield Criterion(
        name="no-banned-field",
        measured=", ".join(check.banned_fields) or "none",
        limit="none",
        passed=not check.banned_fields,
        reason="banned fields reveal the label, come after intake or tell the channel",
    )
    yield Criterion(
        name="leak-alarm-model",
        measured=f"{check.highest_auroc} on {check.highest_auroc_split}",
        limit=f"AUROC at most {alarm.auroc}",
        passed=check.highest_auroc <= alarm.auroc,
        reason=alarm.reason,
    )
    yield Criterion(
        name="leak-alarm-single-feature",
        measured=f"{check.strongest_feature_auroc} by {check.strongest_feature or 'no feature'}",
        limit=f"AUROC at most {alarm.single_feature_auroc}",
        passed=check.strongest_feature_auroc <= alarm.single_feature_auroc,
        reason=alarm.reason,
    )


def _limits(evaluation: Evaluation, profile: AcceptanceProfile) -> Iterator[Criterion]:
    """Is it good enough?"""
    for limit in profile.limits:
        value = _measured(evaluation, limit)
        yield Criterion(
            name=limit.name,
            measured="undefined" if value is None else str(value),
            limit=_bound_text(limit),
            passed=value is not None and _meets(value, limit),
            reason=limit.reason,
        )


def _measured(evaluation: Evaluation, limit: Limit) -> float | None:
    """The figure that ``limit`` is about; None where the evaluation lacks it, which no limit accepts."""
    split = evaluation.splits.get(limit.split)
    if split is None:
        return None
    role = split.model(limit.model)
    measures = split.difference if limit.baseline_margin is not None else role.overall
    if limit.subgroup != "all":
        found = role.subgroups.get(limit.subgroup)
        if found is None:
            return None
        measures = found
    value: float | None = getattr(measures, limit.measure).value
    return value


def _meets(value: float, limit: Limit) -> bool:
    if limit.at_most is not None:
        return value <= limit.at_most
    least = limit.at_least if limit.at_least is not None else limit.baseline_margin
    return least is not None and value >= least


def _bound_text(limit: Limit) -> str:
    where = limit.split if limit.subgroup == "all" else f"{limit.split} {limit.subgroup}"
    if limit.at_most is not None:
        return f"{limit.measure} on {where} at most {limit.at_most}"
    if limit.at_least is not None:
        return f"{limit.measure} on {where} at least {limit.at_least}"
    return f"{limit.measure} on {where}, candidate minus baseline, at least {limit.baseline_margin}"
