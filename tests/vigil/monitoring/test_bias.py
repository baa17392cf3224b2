"""Bias metrics have Clarify's names and formulas, and only a change that matters and is no chance is a violation.

https://docs.aws.amazon.com/sagemaker/latest/dg/clarify-measure-data-bias.html,
https://docs.aws.amazon.com/sagemaker/latest/dg/clarify-measure-post-training-bias.html,
https://docs.aws.amazon.com/sagemaker/latest/dg/clarify-model-monitor-bias-drift-violations.html
"""

from __future__ import annotations

import json
import math
import random

import numpy as np
import pytest
from captured_cases import report, score
from hypothesis import given, settings
from hypothesis import strategies as st
from triage_cases import plan_with

from vigil.monitoring.bias import BiasMonitor
from vigil.monitoring.bias_metrics import METRICS, measure_facets
from vigil.monitoring.facets import CELLS, Facet, Group, values_of
from vigil.monitoring.findings import Document, ScoredCase
from vigil.monitoring.models import LabelCounts, WindowStatus

MONITOR = BiasMonitor(plan_with().protocol.monitoring.bias)
# Of a: 40 of 100 labelled serious; of d: 30 of 50.
A = Group({(True, True): 30, (True, False): 12, (False, True): 10, (False, False): 48})
D = Group({(True, True): 20, (True, False): 5, (False, True): 10, (False, False): 15})


def by_hand() -> dict[str, float]:
    """The formulas of the documentation, with the counts above."""
    pa, pd = np.array([0.6, 0.4]), np.array([0.4, 0.6])
    middle = (pa + pd) / 2

    def divergence(p: np.ndarray, q: np.ndarray) -> float:
        return float((p * np.log(p / q)).sum())

    return {
        "CI": (100 - 50) / 150,
        "DPL": 40 / 100 - 30 / 50,
        "KL": divergence(pa, pd),
        "JS": (divergence(pa, middle) + divergence(pd, middle)) / 2,
        "LP": math.sqrt(0.2**2 + 0.2**2),
        "TVD": 0.2,
        "KS": 0.2,
        "DPPL": 42 / 100 - 25 / 50,
        "DI": (25 / 50) / (42 / 100),
        "AD": 78 / 100 - 35 / 50,
        "RD": 30 / 40 - 20 / 30,
        "SD": 15 / 20 - 48 / 60,
        "DAR": 30 / 42 - 20 / 25,
        "DRR": 15 / 25 - 48 / 58,
        "DCAcc": 40 / 42 - 30 / 25,
        "DCR": 20 / 25 - 60 / 58,
    }


def test_every_metric_is_clarifys_formula() -> None:
    (measured,) = measure_facets([Facet("sex", "F", d=D, a=A)])
    found = {metric.name: metric.value(measured.a, measured.d) for metric in METRICS}
    assert found == pytest.approx(by_hand())


groups = st.fixed_dictionaries({cell: st.integers(0, 30) for cell in CELLS}).map(Group)


@settings(max_examples=5, deadline=None)
@given(st.lists(st.tuples(groups, groups), min_size=8, max_size=8))
def test_any_counts_give_finite_figures_or_none(pairs: list[tuple[Group, Group]]) -> None:
    for one in measure_facets([Facet("pair", str(number), d=d, a=a) for number, (a, d) in enumerate(pairs)]):
        for metric in METRICS:
            value, error = metric.value(one.a, one.d), metric.error(one.a, one.d) if metric.error else None
            assert value is None or math.isfinite(value)
            assert error is None or value is None or (math.isfinite(error) and error > 0)
            if metric.name not in {"KL", "DI", "DCAcc", "DCR"} and value is not None:
                assert -1 <= value <= math.sqrt(2)


@pytest.mark.parametrize(
    ("fields", "values"),
    [
        ({"sex": "F", "age_years": 17.9, "reporter_country": "US"}, {"sex": "F", "age_band": "0_17", "region": "US"}),
        ({"age_years": 18.0, "reporter_country": "JP"}, {"age_band": "18_64", "region": "other"}),
        ({"age_years": 150.0}, {"age_band": "65_up", "region": "other"}),
        ({}, {"region": "other"}),
    ],
)
def test_a_report_belongs_to_the_groups_that_it_tells(fields: dict[str, object], values: dict[str, str]) -> None:
    assert values_of(report("1", **fields)) == values


def cases(count: int, seed: int, *, women: float = 0.6, missed: float = 0.1, labelled: bool = True) -> list[ScoredCase]:
    """``women``: share predicted serious (men: .4); ``missed``: share of women whose label is the other one."""
    source, found = random.Random(seed), []
    for number in range(count):
        sex = source.choice(["F", "M"])
        predicted = source.random() < (women if sex == "F" else 0.4)
        wrong = source.random() < (missed if sex == "F" else 0.1)
        fields = {"sex": sex, "age_years": source.uniform(0, 90), "reporter_country": source.choice(["US", "JP"])}
        serious = (predicted != wrong) if labelled else None
        found.append(
            ScoredCase("r", report(str(number), **fields), score(str(number), 0.9 if predicted else 0.1), serious)
        )
    return found


@pytest.fixture(scope="module")
def baseline() -> Document:
    return MONITOR.statistics(cases(2000, 1))


def labels(count: int) -> LabelCounts:
    return LabelCounts(scored=count, labelled=count)


def test_the_files_are_clarifys_analysis(baseline: Document) -> None:
    for section in ("pre_training_bias_metrics", "post_training_bias_metrics"):
        told = baseline[section]
        assert (told["label"], set(told["facets"])) == ("serious", {"sex", "age_band", "region"})
        (women,) = told["facets"]["sex"]
        assert women["value_or_threshold"] == "F"
        assert all(set(metric) == {"name", "description", "value"} for metric in women["metrics"])
    constraints = MONITOR.constraints(baseline)
    assert constraints["post_training_bias_metrics"] == baseline["post_training_bias_metrics"]
    json.dumps([baseline, constraints], allow_nan=False)


def test_the_same_population_is_no_violation(baseline: Document) -> None:
    for seed, count in enumerate((300, 800, 1500), start=10):
        findings = MONITOR.judge(MONITOR.statistics(cases(count, seed)), baseline, labels(count))
        assert findings.status is WindowStatus.OK, findings.violations


def test_a_group_that_is_predicted_serious_less_often_is_a_violation(baseline: Document) -> None:
    findings = MONITOR.judge(MONITOR.statistics(cases(2000, 2, women=0.3)), baseline, labels(2000))
    assert findings.status is WindowStatus.VIOLATIONS
    found = {(violation.feature, violation.metric): violation for violation in findings.violations}
    dppl = found["sex=F", "DPPL"]
    assert dppl.measured == pytest.approx(0.1, abs=0.05)
    assert dppl.limit == pytest.approx(-0.2 + 0.1, abs=0.05)
    assert {feature for feature, _ in found} == {"sex=F"}
    entry = findings.entries[0]
    assert {"facet", "facet_value", "metric_name", "constraint_check_type", "description"} <= set(entry)
    assert (entry["facet"], entry["facet_value"], entry["constraint_check_type"]) == ("sex", "F", "bias_drift_check")


def test_a_group_that_is_missed_more_often_needs_labels_to_be_seen(baseline: Document) -> None:
    worse = MONITOR.judge(MONITOR.statistics(cases(2000, 3, missed=0.4)), baseline, labels(2000))
    assert {"AD", "RD"} <= {violation.metric for violation in worse.violations}
    blind = MONITOR.judge(MONITOR.statistics(cases(2000, 3, missed=0.4, labelled=False)), baseline, None)
    assert blind.status is WindowStatus.OK
    assert "sex=F (DPL AD RD SD DAR DRR)" in blind.note
    assert "DPPL" not in blind.note


def test_a_small_change_of_many_cases_and_a_large_one_of_few_are_no_violations(baseline: Document) -> None:
    small = MONITOR.judge(MONITOR.statistics(cases(20_000, 4, women=0.65)), baseline, labels(20_000))
    assert small.status is WindowStatus.OK
    assert small.measures["largest_change"].value is not None
    few = MONITOR.judge(MONITOR.statistics(cases(90, 5, women=0.3)), baseline, labels(90))
    assert few.status is not WindowStatus.VIOLATIONS


def test_without_enough_of_any_group_nothing_is_judged(baseline: Document) -> None:
    findings = MONITOR.judge(MONITOR.statistics(cases(20, 6)), baseline, labels(20))
    assert findings.status is WindowStatus.TOO_FEW
    assert MONITOR.judge(MONITOR.statistics([]), baseline, None).status is WindowStatus.TOO_FEW


def test_metrics_have_clarifys_names_and_dimensions(baseline: Document) -> None:
    """https://docs.aws.amazon.com/sagemaker/latest/dg/clarify-model-monitor-bias-drift-cw.html"""
    findings = MONITOR.judge(MONITOR.statistics(cases(500, 7)), baseline, labels(500))
    metric = next(one for one in findings.metrics if one.name == "bias_metric_CI")
    assert set(metric.dimensions) == {"BiasStage", "Label", "LabelValue", "Facet", "FacetValue"}
    assert metric.dimensions["BiasStage"] == "Pre-training"
