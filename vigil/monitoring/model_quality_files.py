"""Model quality in Model Monitor's files: names and layout of its binary classification, with our measures beside them.

https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-model-quality-metrics.html (statistics; a figure that does
not exist is the text ``NaN`` there). ``standard_deviation`` is that of the bootstrap's normal approximation. Threshold
metrics are of the probability ``PREDICTED_AT``, Model Monitor's default.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from vigil.change_control.models import EvaluationRules
from vigil.change_control.monitoring_rules import ModelQualityRules
from vigil.models.curves import curves
from vigil.models.metrics import Array
from vigil.models.models import DECIMALS, Measure
from vigil.monitoring.findings import Document
from vigil.monitoring.models import Violation

FORMAT = "vigil.model-quality/1"
PREDICTED_AT = 0.5
WIDTH = 2 * 1.959964  # of a 95 % interval, in standard deviations
#: Model Monitor's names of what both have.
NAMES = {"auroc": "auc", "average_precision": "au_prc"}
NOT_A_NUMBER = "NaN"


def statistics_document(
    scored: int,
    probability: Array,
    serious: NDArray[np.bool_],
    measures: dict[str, Measure],
    calibration_by_chance: float,
    evaluation: EvaluationRules,
) -> Document:
    """``statistics.json``; ``vigil.measures`` hold value, low and high, ``vigil.calibration`` the curve's points."""
    both = measures["auroc"].value is not None
    drawn = curves(probability, serious, evaluation.calibration_bins) if both else None
    metrics: Document = _at_threshold(probability, serious)
    metrics |= {NAMES.get(name, name): _figure(measure) for name, measure in measures.items()}
    if drawn is not None:
        false_rates, true_rates = zip(*drawn.roc, strict=True)
        recalls, precisions = zip(*drawn.pr, strict=True)
        metrics["receiver_operating_characteristic_curve"] = {
            "false_positive_rates": list(false_rates),
            "true_positive_rates": list(true_rates),
        }
        metrics["precision_recall_curve"] = {"precisions": list(precisions), "recalls": list(recalls)}
    return {
        "version": 0.0,
        "dataset": {"item_count": len(serious)},
        "binary_classification_metrics": metrics,
        "vigil": {
            "format": FORMAT,
            "scored": scored,
            "prevalence": round(float(serious.mean()), DECIMALS) if len(serious) else None,
            "measures": {name: measure.model_dump() for name, measure in measures.items()},
            "calibration_error_by_chance": calibration_by_chance,
            "calibration": [point.model_dump() for point in drawn.calibration] if drawn else [],
        },
    }


def measures_of(statistics: Document) -> dict[str, Measure]:
    return {name: Measure.model_validate(told) for name, told in statistics["vigil"]["measures"].items()}


def constraints_document(limits: dict[str, tuple[int, float | None]], rules: ModelQualityRules) -> Document:
    """``constraints.json``: by metric the threshold, and which side of it is worse."""
    told = {
        NAMES.get(name, name): {"threshold": limit, "comparison_operator": _operator(sign)}
        for name, (sign, limit) in limits.items()
        if limit is not None
    }
    return {"version": 0.0, "binary_classification_constraints": told, "vigil": rules.model_dump(mode="json")}


def entry(violation: Violation) -> Document:
    """As in ``constraint_violations.json``."""
    return {
        "metric_name": NAMES.get(violation.metric, violation.metric),
        "constraint_check_type": violation.check,
        "description": violation.description,
        "vigil": {"measured": violation.measured, "limit": violation.limit},
    }


def _operator(sign: int) -> str:
    return "LessThanThreshold" if sign < 0 else "GreaterThanThreshold"


def _at_threshold(probability: Array, serious: NDArray[np.bool_]) -> Document:
    predicted = probability >= PREDICTED_AT
    hit, missed = int((predicted & serious).sum()), int((~predicted & serious).sum())
    raised, passed = int((predicted & ~serious).sum()), int((~predicted & ~serious).sum())
    return {
        "confusion_matrix": {"0": {"0": passed, "1": raised}, "1": {"0": missed, "1": hit}},
        "recall": _share(hit, hit + missed),
        "precision": _share(hit, hit + raised),
        "accuracy": _share(hit + passed, len(serious)),
        "true_positive_rate": _share(hit, hit + missed),
        "true_negative_rate": _share(passed, passed + raised),
        "false_positive_rate": _share(raised, passed + raised),
        "false_negative_rate": _share(missed, hit + missed),
        "f1": _share(2 * hit, 2 * hit + raised + missed),
    }


def _share(part: int, whole: int) -> dict[str, Any]:
    return {"value": round(part / whole, DECIMALS) if whole else NOT_A_NUMBER, "standard_deviation": NOT_A_NUMBER}


def _figure(measure: Measure) -> dict[str, Any]:
    if measure.value is None or measure.low is None or measure.high is None:
        return {"value": NOT_A_NUMBER, "standard_deviation": NOT_A_NUMBER}
    return {"value": measure.value, "standard_deviation": round((measure.high - measure.low) / WIDTH, DECIMALS)}
