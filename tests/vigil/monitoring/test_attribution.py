"""The attribution monitor: Clarify's NDCG over a sample that a window's content alone decides.

https://docs.aws.amazon.com/sagemaker/latest/dg/clarify-model-monitor-feature-attribution-drift.html
"""

from __future__ import annotations

import json
import math
import random

import pytest
from captured_cases import score
from promoted_model import Promoted

from vigil.cases.features import featurize
from vigil.cases.models import CaseReport
from vigil.models.curated import CuratedSplit
from vigil.monitoring.attribution import AttributionMonitor, importances, ndcg
from vigil.monitoring.findings import Document, ScoredCase
from vigil.monitoring.models import WindowStatus
from vigil.scoring.explain import column_contributions


def as_cases(reports: list[CaseReport]) -> list[ScoredCase]:
    return [ScoredCase("r", report, score(report.case_id)) for report in reports]


@pytest.fixture(scope="module")
def monitor(promoted: Promoted) -> AttributionMonitor:
    return AttributionMonitor(promoted.plan.protocol.monitoring.attribution, promoted.model)


@pytest.fixture(scope="module")
def reports(promoted: Promoted) -> list[CaseReport]:
    return list(CuratedSplit(promoted.dataset, "test_next"))


@pytest.fixture(scope="module")
def baseline(promoted: Promoted) -> Document:
    document: Document = json.loads((promoted.folder / "attribution/statistics.json").read_bytes())
    return document


def test_ndcg_is_clarifys_formula() -> None:
    baseline = {"a": 0.6, "b": 0.3, "c": 0.1}
    window = {"a": 0.1, "b": 0.2, "c": 0.7}  # the order c, b, a
    gained = 0.1 / math.log2(2) + 0.3 / math.log2(3) + 0.6 / math.log2(4)
    ideal = 0.6 / math.log2(2) + 0.3 / math.log2(3) + 0.1 / math.log2(4)
    assert ndcg(baseline, window) == pytest.approx(gained / ideal, abs=1e-6)
    assert ndcg(baseline, baseline) == 1.0


def test_importance_is_the_mean_size_of_contributions(promoted: Promoted, reports: list[CaseReport]) -> None:
    rules = promoted.plan.protocol.monitoring.attribution
    told = importances(AttributionMonitor(rules, promoted.model).statistics(as_cases(reports[:50])))
    contributions = abs(column_contributions(promoted.model, featurize(reports[:50], promoted.model.space)))
    column = promoted.model.space.names.index("term:device leakage")
    assert told["term:device leakage"] == pytest.approx(contributions.mean(axis=0)[column], abs=1e-6)


def test_the_sample_hangs_on_the_cases_not_on_their_order(
    monitor: AttributionMonitor, reports: list[CaseReport], baseline: Document
) -> None:
    shuffled = [*reports, *reports[:20]]
    random.Random(1).shuffle(shuffled)
    found = monitor.statistics(as_cases(shuffled))
    assert found["explanations"] == baseline["explanations"]
    assert found["vigil"]["sample"] == 200


def test_the_same_kind_of_cases_is_no_violation(
    monitor: AttributionMonitor, promoted: Promoted, baseline: Document
) -> None:
    findings = monitor.judge(monitor.statistics(as_cases(list(CuratedSplit(promoted.dataset, "test")))), baseline, None)
    assert findings.status is WindowStatus.OK
    assert findings.measures["ndcg"].value is not None and findings.measures["ndcg"].value > 0.95


def test_other_reasons_are_a_violation_in_clarifys_words(
    monitor: AttributionMonitor, reports: list[CaseReport], baseline: Document
) -> None:
    same = {"age_years": 50.0, "weight_kg": 5.0, "sex": "F", "drugs": tuple(str(number) for number in range(40))}
    changes = {"reactions": ("fall", "dyspnoea", "alopecia"), **same}
    other = [report.model_copy(update=changes) for report in reports]
    findings = monitor.judge(monitor.statistics(as_cases(other)), baseline, None)
    assert findings.status is WindowStatus.VIOLATIONS
    (violation,), (entry,) = findings.violations, findings.entries
    assert violation.measured is not None and violation.measured < 0.9 and violation.limit == 0.9
    assert {"label", "metric_name", "constraint_check_type", "description"} <= set(entry)
    assert entry["constraint_check_type"] == "feature_attribution_drift_check"
    assert findings.statistics is not None
    ranking = findings.statistics["vigil"]["ranking"]
    assert 0 < len(ranking["baseline"]) <= 50 and len(ranking["window"]) <= 50
    values = [value for _, value in ranking["window"]]
    assert values == sorted(values, reverse=True)


def test_few_cases_are_not_judged(monitor: AttributionMonitor, reports: list[CaseReport], baseline: Document) -> None:
    findings = monitor.judge(monitor.statistics(as_cases(reports[:199])), baseline, None)
    assert (findings.status, findings.note) == (WindowStatus.TOO_FEW, "199 cases, 200 are needed")


def test_no_case_at_all_is_no_error(monitor: AttributionMonitor, baseline: Document) -> None:
    assert monitor.judge(monitor.statistics([]), baseline, None).status is WindowStatus.TOO_FEW
