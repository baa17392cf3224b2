"""Model quality is judged by intervals, in the measures of the evaluation, in Model Monitor's files.

https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-model-quality-metrics.html
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from captured_cases import report, score
from sklearn.metrics import average_precision_score, brier_score_loss, roc_auc_score
from triage_cases import plan_with

from vigil.monitoring.findings import Document, ScoredCase
from vigil.monitoring.model_quality import ModelQualityMonitor, calibration_by_chance
from vigil.monitoring.models import LabelCounts, WindowStatus

PLAN = plan_with(**{"modification_protocol.evaluation.bootstrap_resamples": 100}).protocol
MONITOR = ModelQualityMonitor(PLAN.monitoring.model_quality, PLAN.evaluation)


def cases(count: int, seed: int, *, noise: float = 0.0, shift: float = 0.0) -> list[ScoredCase]:
    """Labels drawn from the probabilities; ``noise``: share of labels that are a coin's; ``shift``: of log-odds."""
    random = np.random.default_rng(seed)
    probability = random.beta(0.6, 0.6, count)
    serious = random.random(count) < 1 / (1 + np.exp(-(np.log(probability / (1 - probability)) + shift)))
    coin = random.random(count) < noise
    serious = np.where(coin, random.random(count) < 0.5, serious)
    return [
        ScoredCase("r", report(str(n)), score(str(n), round(float(p), 6)), bool(label))
        for n, (p, label) in enumerate(zip(probability, serious, strict=True))
    ]


def labelled(count: int, scored: int | None = None) -> LabelCounts:
    return LabelCounts(scored=scored or count, labelled=count)


@pytest.fixture(scope="module")
def baseline() -> Document:
    return MONITOR.statistics(cases(3000, 1))


def test_the_figures_are_those_of_scikit_learn(baseline: Document) -> None:
    truth = [bool(case.serious) for case in cases(3000, 1)]
    probability = [case.probability for case in cases(3000, 1)]
    told = baseline["vigil"]["measures"]
    assert told["auroc"]["value"] == pytest.approx(roc_auc_score(truth, probability), abs=1e-6)
    assert told["average_precision"]["value"] == pytest.approx(average_precision_score(truth, probability), abs=1e-6)
    assert told["brier"]["value"] == pytest.approx(brier_score_loss(truth, probability), abs=1e-6)
    assert all(measure["low"] <= measure["high"] for measure in told.values())


def test_statistics_are_model_monitors_binary_classification_metrics(baseline: Document) -> None:
    metrics = baseline["binary_classification_metrics"]
    expected = {"confusion_matrix", "recall", "precision", "accuracy", "true_positive_rate", "true_negative_rate"}
    expected |= {"false_positive_rate", "false_negative_rate", "auc", "au_prc", "f1"}
    expected |= {"receiver_operating_characteristic_curve", "precision_recall_curve"}
    assert expected <= set(metrics)
    assert set(metrics["auc"]) == {"value", "standard_deviation"}
    assert sum(sum(row.values()) for row in metrics["confusion_matrix"].values()) == 3000
    assert baseline["dataset"]["item_count"] == 3000


def test_constraints_are_the_baselines_figures_with_the_plans_leeway(baseline: Document) -> None:
    limits = MONITOR.constraints(baseline)["binary_classification_constraints"]
    auc = baseline["vigil"]["measures"]["auroc"]["value"]
    assert limits["auc"] == {"threshold": pytest.approx(auc - 0.02), "comparison_operator": "LessThanThreshold"}
    assert limits["brier"]["comparison_operator"] == "GreaterThanThreshold"
    json.dumps(limits, allow_nan=False)


def test_the_same_population_is_no_violation_at_any_size(baseline: Document) -> None:
    for seed, count in enumerate((200, 300, 500, 1000, 3000, 200, 300, 500), start=10):
        findings = MONITOR.judge(MONITOR.statistics(cases(count, seed)), baseline, labelled(count))
        assert findings.status is WindowStatus.OK, (seed, count, findings.violations)


def test_labels_that_the_model_no_longer_explains_are_a_violation(baseline: Document) -> None:
    findings = MONITOR.judge(MONITOR.statistics(cases(1500, 2, noise=0.3)), baseline, labelled(1500))
    assert findings.status is WindowStatus.VIOLATIONS
    broken = {violation.metric: violation for violation in findings.violations}
    assert {"auroc", "brier"} <= set(broken)
    assert broken["auroc"].check == "LessThanThreshold"
    assert findings.measures["auroc"].high is not None and broken["auroc"].limit is not None
    assert findings.measures["auroc"].high < broken["auroc"].limit
    entry = findings.entries[0]
    assert {"metric_name", "constraint_check_type", "description"} <= set(entry)
    assert entry["metric_name"] == "auc"


def test_probabilities_that_mean_something_else_are_a_violation_of_calibration(baseline: Document) -> None:
    findings = MONITOR.judge(MONITOR.statistics(cases(3000, 3, shift=1.0)), baseline, labelled(3000))
    assert "calibration_error" in {violation.metric for violation in findings.violations}


@pytest.mark.parametrize(
    ("labels", "told"),
    [
        (None, "no ground truth was given"),
        (LabelCounts(scored=1000, labelled=199), "199 cases have a label, 200 are needed"),
        (LabelCounts(labelled=300), "how many cases were scored is not known, so neither is the share that has labels"),
        (LabelCounts(scored=2000, labelled=300), r"15.0% of the cases have a label, 20% are needed"),
    ],
)
def test_too_few_labels_are_no_all_clear(baseline: Document, labels: Any, told: str) -> None:
    findings = MONITOR.judge(MONITOR.statistics(cases(300, 4, noise=1.0)), baseline, labels)
    assert (findings.status, findings.note, findings.violations) == (WindowStatus.TOO_FEW, told, ())


@pytest.mark.parametrize("found", [[], [ScoredCase("r", report("1"), score("1"), True)] * 300])
def test_without_both_classes_nothing_is_judged_and_the_file_is_json(
    baseline: Document, found: list[ScoredCase]
) -> None:
    statistics = MONITOR.statistics(found)
    json.dumps(statistics, allow_nan=False)
    assert MONITOR.judge(statistics, baseline, labelled(300)).status is WindowStatus.TOO_FEW


def test_unlabelled_cases_are_scored_but_not_measured(baseline: Document) -> None:
    found = [*cases(3000, 1), *(ScoredCase("r", report("x"), score("x"), None) for _ in range(50))]
    statistics = MONITOR.statistics(found)
    assert statistics["vigil"]["scored"] == 3050
    assert statistics["vigil"]["measures"] == baseline["vigil"]["measures"]


def test_the_calibration_error_of_chance_is_that_of_a_perfect_model() -> None:
    random = np.random.default_rng(5)
    probability = random.random(500)
    errors = []
    for _ in range(300):
        serious = random.random(500) < probability
        gaps = (serious - probability)[np.argsort(-probability)].reshape(10, 50).sum(axis=1)
        errors.append(np.abs(gaps).sum() / 500)
    assert calibration_by_chance(probability, 10) == pytest.approx(np.mean(errors), rel=0.05)
