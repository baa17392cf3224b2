from typing import Any

import pytest
from triage_cases import plan_with

from vigil.change_control.gate import Verdict, judge
from vigil.models.models import (
    CalibrationPoint,
    Curves,
    Evaluation,
    FeatureFacts,
    LeakCheck,
    Measure,
    Measures,
    ModelOnSplit,
    Population,
    ScoreBin,
    SplitEvaluation,
)

PLAN = plan_with()
GROUPS = PLAN.protocol.data.subgroups
CURVES = Curves(
    roc=[(0, 0), (1, 1)],
    pr=[(1, 0.5)],
    calibration=[CalibrationPoint(predicted=0.5, observed=0.5, n=9)],
    scores=[ScoreBin(low=0, high=1, serious=5, not_serious=4)],
)


def measures(auroc: float | None = 0.9, brier: float = 0.13, error: float = 0.03) -> Measures:
    def around(value: float | None) -> Measure:
        return Measure(value=value, low=value, high=value)

    return Measures(
        auroc=around(auroc),
        average_precision=around(0.9),
        brier=around(brier),
        calibration_error=around(error),
        recall_at_capacity=around(0.8),
    )


def split(candidate: Measures, margin: float = 0.02, **groups: Measures) -> SplitEvaluation:
    by_group = {name: groups.get(name, measures()) for name in GROUPS}
    return SplitEvaluation(
        population=Population(n=1000, prevalence=0.5),
        subgroups={name: Population(n=100, prevalence=0.5) for name in GROUPS},
        baseline=ModelOnSplit(overall=measures(), subgroups=by_group, curves=CURVES),
        candidate=ModelOnSplit(overall=candidate, subgroups=by_group, curves=CURVES),
        difference=measures(auroc=margin),
    )


def evaluation(**changes: Any) -> Evaluation:
    good: dict[str, Any] = {
        "artefact_digest": "a" * 64,
        "dataset_version": "b" * 64,
        "plan_digest": PLAN.digest,
        "code_revision": "revision-1",
        "profile": "openfda-sample",
        "training_cases": 6000,
        "hyperparameters": {"trees": "400"},
        "features": FeatureFacts(
            fields=["reactions", "age_years"], terms=10, words=10, numbers=["age_years"], min_document_frequency=3
        ),
        "ensemble_weights": {"linear": 1.0},
        "review_capacity": 0.5,
        "calibration_bins": 10,
        "bootstrap_resamples": 500,
        "bootstrap_seed": 1,
        "splits": {"test": split(measures(0.92)), "test_next": split(measures())},
        "leak_check": leak_check(),
        "top_terms": [],
    }
    return Evaluation(**(good | changes))


def leak_check(**changes: Any) -> LeakCheck:
    honest: dict[str, Any] = {
        "banned_fields": [],
        "highest_auroc": 0.92,
        "highest_auroc_split": "test",
        "strongest_feature": "drugs.log_count",
        "strongest_feature_auroc": 0.66,
    }
    return LeakCheck(**(honest | changes))


def newest(found: SplitEvaluation) -> dict[str, Any]:
    return {"splits": {"test": split(measures(0.92)), "test_next": found}}


def failed(verdict: Verdict) -> list[str]:
    return [criterion.name for criterion in verdict.criteria if not criterion.passed]


def test_a_good_candidate_is_within_the_plan() -> None:
    verdict = judge(evaluation(), PLAN)
    assert verdict.passed
    assert verdict.outcome == "within-plan"
    assert failed(verdict) == []
    assert all(criterion.reason for criterion in verdict.criteria)


def test_every_limit_of_the_profile_is_judged() -> None:
    names = {criterion.name for criterion in judge(evaluation(), PLAN).criteria}
    assert {limit.name for limit in PLAN.protocol.acceptance["openfda-sample"].limits} <= names


def test_a_verdict_survives_being_written_and_read() -> None:
    verdict = judge(evaluation(), PLAN)
    assert Verdict.model_validate_json(verdict.model_dump_json()) == verdict


@pytest.mark.parametrize(
    ("found", "criterion"),
    [
        (split(measures(auroc=0.8599)), "discrimination-newest-quarter"),
        (split(measures(auroc=None)), "discrimination-newest-quarter"),
        (split(measures(brier=0.1601)), "accuracy-newest-quarter"),
        (split(measures(error=0.11)), "calibration-newest-quarter"),
        (split(measures(), us=measures(auroc=0.83)), "discrimination-us"),
        (split(measures(), margin=-0.011), "not-worse-than-baseline"),
    ],
)
def test_a_missed_limit_is_named(found: SplitEvaluation, criterion: str) -> None:
    verdict = judge(evaluation(**newest(found)), PLAN)
    assert not verdict.passed
    assert verdict.outcome == "below-limits"
    assert failed(verdict) == [criterion]
    assert criterion in verdict.summary


def test_a_limit_that_is_just_met_passes() -> None:
    verdict = judge(evaluation(**newest(split(measures(auroc=0.86, brier=0.16, error=0.1), margin=-0.01))), PLAN)
    assert verdict.passed


@pytest.mark.parametrize(
    ("check", "criterion"),
    [
        (leak_check(highest_auroc=0.9501), "leak-alarm-model"),
        (leak_check(strongest_feature_auroc=0.81), "leak-alarm-single-feature"),
        (leak_check(banned_fields=["report_code"]), "no-banned-field"),
    ],
)
def test_a_candidate_too_good_to_be_true_is_suspected(check: LeakCheck, criterion: str) -> None:
    verdict = judge(evaluation(leak_check=check), PLAN)
    assert verdict.outcome == "leak-suspected"
    assert failed(verdict) == [criterion]


@pytest.mark.parametrize(
    ("changes", "criterion"),
    [
        ({"plan_digest": "f" * 64}, "plan"),
        ({"profile": "vaers"}, "data-profile"),
        ({"hyperparameters": {"max_depth": "40"}}, "hyperparameters"),
        ({"hyperparameters": {"leaves": "4"}}, "hyperparameters"),
        ({"training_cases": 1999}, "training-cases"),
        ({"splits": {"test": split(measures())}}, "subgroups"),
    ],
)
def test_what_the_plan_does_not_cover_is_outside_it(changes: dict[str, Any], criterion: str) -> None:
    verdict = judge(evaluation(**changes), PLAN)
    assert verdict.outcome == "outside-plan"
    assert criterion in failed(verdict)


def test_a_feature_field_that_is_not_in_the_plan_is_outside_it() -> None:
    features = evaluation().features.model_copy(update={"fields": ["reactions", "report_code"]})
    assert judge(evaluation(features=features), PLAN).outcome == "outside-plan"


def test_outside_the_plan_outweighs_a_leak_and_a_leak_a_missed_limit() -> None:
    low = newest(split(measures(auroc=0.5)))
    leaky = leak_check(highest_auroc=0.99)
    assert judge(evaluation(**low, leak_check=leaky), PLAN).outcome == "leak-suspected"
    assert judge(evaluation(**low, leak_check=leaky, training_cases=1), PLAN).outcome == "outside-plan"


def test_limits_are_those_of_the_datasets_own_profile() -> None:
    modest = newest(split(measures(auroc=0.87)))
    assert judge(evaluation(**modest), PLAN).passed
    assert judge(evaluation(**modest, profile="full"), PLAN).outcome == "below-limits"
