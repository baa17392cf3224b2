"""Ranges, strategies and rules of tuning, without jobs.

https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-define-ranges.html,
https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-how-it-works.html
"""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_aws.api import ApiError
from local_aws.services.sagemaker import tuning_rules, tuning_trials
from local_aws.services.sagemaker.tuning_search import Known, suggest
from local_aws.services.sagemaker.tuning_shapes import ParameterRanges, Trial
from local_aws.services.sagemaker.tuning_space import Space, space_of

MOMENT = datetime(2026, 1, 2, tzinfo=UTC)
RANGES: ParameterRanges = {
    "IntegerParameterRanges": [{"Name": "depth", "MinValue": "2", "MaxValue": "9", "ScalingType": "Linear"}],
    "ContinuousParameterRanges": [
        {"Name": "rate", "MinValue": "0.0001", "MaxValue": "1", "ScalingType": "Logarithmic"},
        {"Name": "momentum", "MinValue": "0.5", "MaxValue": "0.999", "ScalingType": "ReverseLogarithmic"},
    ],
    "CategoricalParameterRanges": [{"Name": "kind", "Values": ["linear", "tree"]}],
}


def continuous(low: str, high: str, scale: str) -> ParameterRanges:
    return {
        "ContinuousParameterRanges": [{"Name": "x", "MinValue": low, "MaxValue": high, "ScalingType": scale}],
    }


@given(st.lists(st.floats(0, 1), min_size=4, max_size=4))
def test_every_point_lies_within_the_ranges_and_is_found_again(units: list[float]) -> None:
    space = space_of(RANGES)
    values = space.values(units)
    assert 2 <= int(values["depth"]) <= 9
    assert 0.0001 <= float(values["rate"]) <= 1
    assert 0.5 <= float(values["momentum"]) <= 0.999
    assert values["kind"] in ("linear", "tree")
    assert all(-1e-9 <= number <= 1 + 1e-9 for number in space.features(values))
    again = space.values(space.units(values))
    assert again["depth"] == values["depth"]
    assert again["kind"] == values["kind"]
    assert float(again["rate"]) == pytest.approx(float(values["rate"]))


@pytest.mark.parametrize(
    ("scale", "middle"),
    [("Linear", 0.505), ("Logarithmic", 0.1), ("ReverseLogarithmic", 1 - math.sqrt(0.99 * 0.01)), ("Auto", 0.1)],
)
def test_a_scale_says_where_the_middle_is(scale: str, middle: float) -> None:
    high = "0.99" if scale == "ReverseLogarithmic" else "1"
    value = space_of(continuous("0.01", high, scale)).values([0.5])["x"]
    assert float(value) == pytest.approx(middle)


@pytest.mark.parametrize(
    ("ranges", "reason"),
    [
        ({}, "at least one"),
        (continuous("2", "1", "Linear"), "must not be greater"),
        (continuous("a", "1", "Linear"), "must be numbers"),
        (continuous("0", "1", "Logarithmic"), "greater than 0"),
        (continuous("0", "1", "ReverseLogarithmic"), "0 <= x < 1"),
        ({"IntegerParameterRanges": [{"Name": "x", "MinValue": "0.5", "MaxValue": "2"}]}, "whole numbers"),
        ({"CategoricalParameterRanges": [{"Name": "x", "Values": ["a", "a"]}]}, "different"),
        ({**continuous("0", "1", "Linear"), "CategoricalParameterRanges": [{"Name": "x", "Values": ["a"]}]}, "unique"),
    ],
)
def test_ranges_that_make_no_sense_are_refused(ranges: Any, reason: str) -> None:
    with pytest.raises(ApiError, match=reason):
        space_of(ranges)


def searched(strategy: str, space: Space, seed: int, steps: int) -> list[float]:
    """The objective of each step: the distance from (0.3, "b")."""
    observed: list[tuple[dict[str, str], float]] = []
    for number in range(steps):
        values = suggest(strategy, space, seed, number, Known(observed, [one for one, _ in observed]))
        assert values is not None
        observed.append((values, (float(values["x"]) - 0.3) ** 2 + (0 if values["kind"] == "b" else 0.5)))
    assert len({tuple(values.items()) for values, _ in observed}) == steps
    return [result for _, result in observed]


def test_bayesian_search_comes_closer_than_random_search_and_repeats_itself() -> None:
    space = space_of(
        {**continuous("0", "1", "Linear"), "CategoricalParameterRanges": [{"Name": "kind", "Values": ["a", "b", "c"]}]}
    )
    bayesian = searched("Bayesian", space, 7, 10)
    assert min(bayesian) < 1e-3
    assert min(bayesian) < min(searched("Random", space, 7, 10))
    assert searched("Bayesian", space, 7, 4) == bayesian[:4]
    assert searched("Random", space, 8, 3) != searched("Random", space, 7, 3)


def test_jobs_that_still_run_are_not_suggested_again() -> None:
    space = space_of(continuous("0", "1", "Linear"))
    observed = [({"x": str(x)}, (x - 0.3) ** 2) for x in (0.0, 0.5, 1.0)]
    first = suggest("Bayesian", space, 1, 3, Known(observed, [one for one, _ in observed]))
    assert first is not None
    second = suggest("Bayesian", space, 1, 4, Known(observed, [*(one for one, _ in observed), first]))
    assert second is not None
    assert abs(float(first["x"]) - float(second["x"])) > 0.01


def test_the_grid_holds_each_combination_once() -> None:
    ranges: ParameterRanges = {
        "CategoricalParameterRanges": [{"Name": "a", "Values": ["1", "2"]}, {"Name": "b", "Values": ["x", "y", "z"]}]
    }
    space, known = space_of(ranges), Known([], [])
    found = [suggest("Grid", space, 0, number, known) for number in range(7)]
    assert space.grid_size == 6
    assert len({tuple(one.items()) for one in found[:6] if one}) == 6
    assert found[6] is None


def trial(number: int, status: str | None = "Completed", objective: float | None = None) -> Trial:
    return Trial(number=number, job=f"job-{number}", values={}, status=status, retryable=False, objective=objective)


@pytest.mark.parametrize(
    ("current", "completed", "behind"),
    [
        ([0.5], [[0.9], [0.8], [0.7]], True),
        ([0.8], [[0.9], [0.8], [0.7]], False),
        ([0.5, 0.9], [[0.1, 0.9], [0.1, 0.8], [0.1, 0.7]], False),
        ([0.5], [[0.9], [0.8]], False),
        ([0.9, 0.5], [[0.9], [0.9], [0.9]], False),
        ([], [[0.9], [0.8], [0.7]], False),
    ],
)
def test_a_job_below_the_median_of_running_averages_falls_behind(
    current: list[float], completed: list[list[float]], behind: bool
) -> None:
    """https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-early-stopping.html"""
    assert tuning_rules.falls_behind(current, completed, sign=-1.0) is behind


CONFIG: Any = {
    "HyperParameterTuningJobObjective": {"Type": "Maximize", "MetricName": "score"},
    "ResourceLimits": {"MaxNumberOfTrainingJobs": 9, "MaxParallelTrainingJobs": 1},
}


def test_the_criteria_of_completion() -> None:
    """https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-progress.html"""
    trials = [trial(0, objective=0.5), trial(1, objective=0.504), trial(2, objective=0.4), trial(3, objective=0.2)]

    def met(criteria: dict[str, Any], seconds: float = 0.0, **limits: int) -> bool:
        config = {
            **CONFIG,
            "TuningJobCompletionCriteria": criteria,
            "ResourceLimits": {**CONFIG["ResourceLimits"], **limits},
        }
        return tuning_rules.criteria_met(config, trials, MOMENT, MOMENT + timedelta(seconds=seconds))  # type: ignore[arg-type]

    assert not met({})
    assert met({"TargetObjectiveMetricValue": 0.504})
    assert not met({"TargetObjectiveMetricValue": 0.51})
    assert met({"BestObjectiveNotImproving": {"MaxNumberOfTrainingJobsNotImproving": 3}})
    assert not met({"BestObjectiveNotImproving": {"MaxNumberOfTrainingJobsNotImproving": 4}})
    assert met({}, seconds=120, MaxRuntimeInSeconds=120)
    assert not met({}, seconds=119, MaxRuntimeInSeconds=120)


def test_five_failures_without_a_success_fail_the_tuning_job() -> None:
    failed = [trial(number, "Failed") for number in range(5)]
    assert tuning_rules.failure(CONFIG, failed[:4]) is None
    assert str(tuning_rules.failure(CONFIG, failed)).startswith("No training job succeeded after 5 attempts.")
    assert tuning_rules.failure(CONFIG, [*failed, trial(5)]) is None
    assert tuning_rules.failure(CONFIG, [*failed, trial(5, None)]) is not None


def test_counters_tell_jobs_and_objectives() -> None:
    trials = [trial(0, objective=1.0), trial(1), trial(2, None), trial(3, "Failed"), trial(4, "Stopped", 0.5)]
    trials[3]["retryable"] = True
    assert tuning_trials.counters(trials) == {
        "TrainingJobStatusCounters": {
            "Completed": 2,
            "InProgress": 1,
            "RetryableError": 1,
            "NonRetryableError": 0,
            "Stopped": 1,
        },
        "ObjectiveStatusCounters": {"Succeeded": 2, "Pending": 1, "Failed": 2},
    }
