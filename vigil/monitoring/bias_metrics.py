"""SageMaker Clarify's bias metrics by name and formula; the rates of both groups come from ``fairlearn``.

Before training (https://docs.aws.amazon.com/sagemaker/latest/dg/clarify-measure-data-bias.html): of the labels.
After (https://docs.aws.amazon.com/sagemaker/latest/dg/clarify-measure-post-training-bias.html): of the predictions. The
group in question is facet d, the others are facet a; the positive outcome is "serious".

Chance: a rate of k cases has the variance r(1 - r) / k, so a difference of two groups' rates, and its change from the
baseline to the window, have a normal standard error (a two-proportion z-test; for the ratio DI on its logarithm). The
variance takes Agresti and Coull's (x + 1) / (k + 2), so that no rate of 0 or 1 is ever certain.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas
from fairlearn.metrics import MetricFrame, selection_rate, true_negative_rate, true_positive_rate
from scipy.stats import entropy
from sklearn.metrics import accuracy_score, precision_score

from vigil.models.metrics import Array
from vigil.monitoring.facets import Facet, Group

PRE, POST = "Pre-training", "Post-Training"
#: A rate of fewer cases is shown, but not judged: the normal approximation needs them.
FEWEST_OF_A_RATE = 10


@dataclass(frozen=True)
class Rate:
    """``value`` is None where ``of`` is 0: nothing to take a share of."""

    value: float | None
    of: int

    @property
    def variance(self) -> float:
        if self.value is None:
            return math.inf
        smoothed = (self.value * self.of + 1) / (self.of + 2)
        return smoothed * (1 - smoothed) / self.of


@dataclass(frozen=True)
class Rates:
    """Of one group. ``selection``: predicted serious, of all cases; the others of the labelled ones.

    ``negative_precision``: of those predicted not serious, the share that is not.
    """

    cases: int
    labelled: int
    selection: Rate
    labelled_selection: Rate
    serious: Rate
    accuracy: Rate
    recall: Rate
    specificity: Rate
    precision: Rate
    negative_precision: Rate


@dataclass(frozen=True)
class Measured:
    """A facet with the rates of its two groups, facet a first as in Clarify's formulas."""

    facet: Facet
    a: Rates
    d: Rates


def measure_facets(facets: Sequence[Facet]) -> list[Measured]:
    """All at once: a ``MetricFrame`` costs tenths of a second, however few its rows are."""
    groups = {(facet.feature, side): getattr(facet, side) for facet in facets for side in ("a", "d")}
    everyone, known = _frame(groups, labelled=False), _frame(groups, labelled=True)
    rates = {key: _rates(group, everyone.get(key, {}), known.get(key, {})) for key, group in groups.items()}
    return [Measured(facet, rates[facet.feature, "a"], rates[facet.feature, "d"]) for facet in facets]


def _frame(groups: dict[tuple[str, str], Group], *, labelled: bool) -> dict[tuple[str, str], dict[str, float]]:
    """Rates by group and metric: a row for each cell of counts, weighed by it, so millions of cases cost as few do."""
    keys = list(groups)
    rows = [
        (keys.index(key), predicted, bool(label), count)
        for key, group in groups.items()
        for (predicted, label), count in group.cells.items()
        if count and (label is not None or not labelled)
    ]
    if not rows:
        return {}
    numbers, predicted, labels, counts = (np.array(column) for column in zip(*rows, strict=True))
    metrics = LABELLED_RATES if labelled else {"selection": selection_rate}
    frame = MetricFrame(
        metrics=metrics,
        y_true=labels.astype(int),
        y_pred=predicted.astype(int),
        sensitive_features=pandas.Series(numbers, name="group"),
        sample_params={name: {"sample_weight": counts.astype(float)} for name in metrics},
    )
    found = frame.by_group
    return {keys[number]: {name: float(found[name][number]) for name in metrics} for number in found.index}


def _base_rate(y_true: Any, y_pred: Any, sample_weight: Any) -> float:
    """The share of labels that say serious, whatever was predicted."""
    return float(selection_rate(y_pred, y_true, sample_weight=sample_weight))


#: Of labelled cases. What has no case to take a share of is 0 here, and None in ``Rates``.
LABELLED_RATES: dict[str, Callable[..., float]] = {
    "selection": selection_rate,
    "serious": _base_rate,
    "accuracy": accuracy_score,
    "recall": true_positive_rate,
    "specificity": true_negative_rate,
    "precision": partial(precision_score, zero_division=0),
    "negative_precision": partial(precision_score, pos_label=0, zero_division=0),
}


def _rates(group: Group, everyone: dict[str, float], known: dict[str, float]) -> Rates:
    serious = _count(group, label=True)
    predicted = _count(group, predicted=True, label=True) + _count(group, predicted=True, label=False)
    denominators = {
        "selection": group.labelled,
        "serious": group.labelled,
        "accuracy": group.labelled,
        "recall": serious,
        "specificity": group.labelled - serious,
        "precision": predicted,
        "negative_precision": group.labelled - predicted,
    }
    found = {metric: _rate(known.get(metric), of) for metric, of in denominators.items()}
    return Rates(
        cases=group.cases,
        labelled=group.labelled,
        selection=_rate(everyone.get("selection"), group.cases),
        labelled_selection=found.pop("selection"),
        **found,
    )


def _rate(value: float | None, of: int) -> Rate:
    return Rate(None if value is None or not of or math.isnan(value) else value, of)


def _count(group: Group, *, label: bool, predicted: bool | None = None) -> int:
    return sum(
        count
        for (answer, truth), count in group.cells.items()
        if truth is label and (predicted is None or answer is predicted)
    )


@dataclass(frozen=True)
class BiasMetric:
    """``value`` of (a, d), None where it is undefined; ``error``: its standard error, None where it is not judged.

    ``on_log``: the error is that of the value's logarithm.
    """

    name: str
    description: str
    stage: str
    value: Callable[[Rates, Rates], float | None]
    error: Callable[[Rates, Rates], float | None] | None = None
    on_log: bool = False
    labelled: bool = True


def _difference(
    name: str, description: str, stage: str, rate: str, *, d_first: bool = False, labelled: bool = True
) -> BiasMetric:
    def value(a: Rates, d: Rates) -> float | None:
        ours, theirs = getattr(a, rate).value, getattr(d, rate).value
        if ours is None or theirs is None:
            return None
        return float(theirs - ours if d_first else ours - theirs)

    def error(a: Rates, d: Rates) -> float | None:
        rates: tuple[Rate, Rate] = (getattr(a, rate), getattr(d, rate))
        if min(one.of for one in rates) < FEWEST_OF_A_RATE:
            return None
        return math.sqrt(sum(one.variance for one in rates))

    return BiasMetric(name, description, stage, value, error, labelled=labelled)


def _imbalance(a: Rates, d: Rates) -> float | None:
    both = a.cases + d.cases
    return (a.cases - d.cases) / both if both else None


def _imbalance_error(a: Rates, d: Rates) -> float | None:
    both = a.cases + d.cases
    return None if both < FEWEST_OF_A_RATE else 2 * math.sqrt(Rate(d.cases / both, both).variance)


def _impact(a: Rates, d: Rates) -> float | None:
    if a.selection.value is None or d.selection.value is None or not a.selection.value:
        return None
    return d.selection.value / a.selection.value


def _impact_error(a: Rates, d: Rates) -> float | None:
    """Delta method on the logarithm: var(log r) = (1 - r) / (k r)."""
    if min(a.selection.of, d.selection.of) < FEWEST_OF_A_RATE:
        return None
    parts = [(rate.value or 0.0, rate.of) for rate in (a.selection, d.selection)]
    smoothed = [((value * of + 1) / (of + 2), of) for value, of in parts]
    return math.sqrt(sum((1 - value) / (value * of) for value, of in smoothed))


def _distance(of: Callable[[Array, Array], float]) -> Callable[[Rates, Rates], float | None]:
    """A distance of the two groups' label distributions (not serious, serious)."""

    def value(a: Rates, d: Rates) -> float | None:
        if a.serious.value is None or d.serious.value is None:
            return None
        ours, theirs = (np.array([1 - rate, rate]) for rate in (a.serious.value, d.serious.value))
        found = of(ours, theirs)
        return found if math.isfinite(found) else None

    return value


def _kullback_leibler(p: Array, q: Array) -> float:
    return float(entropy(p, q))


def _jensen_shannon(p: Array, q: Array) -> float:
    middle = (p + q) / 2
    return (_kullback_leibler(p, middle) + _kullback_leibler(q, middle)) / 2


def _conditional(rates: Rates, *, accepted: bool) -> float | None:
    """Labelled so, per predicted so: Clarify's c (acceptance) and r (rejection)."""
    label, selection = rates.serious.value, rates.labelled_selection.value
    if label is None or selection is None:
        return None
    observed, predicted = (label, selection) if accepted else (1 - label, 1 - selection)
    return observed / predicted if predicted else None


def _conditional_difference(accepted: bool) -> Callable[[Rates, Rates], float | None]:
    def value(a: Rates, d: Rates) -> float | None:
        ours, theirs = _conditional(a, accepted=accepted), _conditional(d, accepted=accepted)
        if ours is None or theirs is None:
            return None
        return ours - theirs if accepted else theirs - ours

    return value


METRICS: tuple[BiasMetric, ...] = (
    BiasMetric("CI", "Class Imbalance (CI)", PRE, _imbalance, _imbalance_error, labelled=False),
    _difference("DPL", "Difference in Positive Proportions in Labels (DPL)", PRE, "serious"),
    BiasMetric("KL", "Kullback-Liebler Divergence (KL)", PRE, _distance(_kullback_leibler)),
    BiasMetric("JS", "Jensen-Shannon Divergence (JS)", PRE, _distance(_jensen_shannon)),
    BiasMetric("LP", "L-p Norm (LP)", PRE, _distance(lambda p, q: float(np.linalg.norm(p - q)))),
    BiasMetric("TVD", "Total Variation Distance (TVD)", PRE, _distance(lambda p, q: float(np.abs(p - q).sum() / 2))),
    BiasMetric("KS", "Kolmogorov-Smirnov Distance (KS)", PRE, _distance(lambda p, q: float(np.abs(p - q).max()))),
    _difference(
        "DPPL", "Difference in Positive Proportions in Predicted Labels (DPPL)", POST, "selection", labelled=False
    ),
    BiasMetric("DI", "Disparate Impact (DI)", POST, _impact, _impact_error, on_log=True, labelled=False),
    _difference("AD", "Accuracy Difference (AD)", POST, "accuracy"),
    _difference("RD", "Recall Difference (RD)", POST, "recall"),
    _difference("SD", "Specificity Difference (SD)", POST, "specificity", d_first=True),
    _difference("DAR", "Difference in Acceptance Rates (DAR)", POST, "precision"),
    _difference("DRR", "Difference in Rejection Rates (DRR)", POST, "negative_precision", d_first=True),
    BiasMetric("DCAcc", "Difference in Conditional Acceptance (DCAcc)", POST, _conditional_difference(True)),
    BiasMetric("DCR", "Difference in Conditional Rejection (DCR)", POST, _conditional_difference(False)),
)
