"""The model-quality monitor: how well probabilities fit the ground truth that has come, beside the baseline's.

The five measures and their 95 % intervals are those of the evaluation (``vigil.models.metrics``, ``bootstrap``), so a
window, a baseline and a candidate's evaluation can be read side by side. A measure is violated where its whole interval
lies beyond the plan's drop or rise from the baseline's figure.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from vigil.change_control.models import EvaluationRules
from vigil.change_control.monitoring_rules import ModelQualityRules
from vigil.models.bootstrap import Bootstrap
from vigil.models.metrics import MEASURES, Array, bin_starts
from vigil.models.models import DECIMALS, Measure
from vigil.monitoring.findings import Document, Findings, ScoredCase
from vigil.monitoring.model_quality_files import constraints_document, entry, measures_of, statistics_document
from vigil.monitoring.models import LabelCounts, Violation, WindowStatus

UNDEFINED = Measure(value=None, low=None, high=None)


@dataclass(frozen=True)
class Limit:
    """``sign``: -1 where less is worse, 1 where more is."""

    measure: str
    sign: int
    change: float

    def of(self, baseline: float) -> float:
        return round(baseline + self.sign * self.change, DECIMALS)


class ModelQualityMonitor:
    def __init__(self, rules: ModelQualityRules, evaluation: EvaluationRules) -> None:
        self._rules = rules
        self._evaluation = evaluation
        self._limits = (
            Limit("auroc", -1, rules.auroc_drop),
            Limit("average_precision", -1, rules.average_precision_drop),
            Limit("brier", 1, rules.brier_rise),
            Limit("calibration_error", 1, rules.calibration_error_rise),
        )

    def statistics(self, cases: Iterable[ScoredCase]) -> Document:
        """Nine bytes are kept of each case that has a label."""
        probabilities, labels, scored = array("d"), bytearray(), 0
        for case in cases:
            scored += 1
            if case.serious is not None:
                probabilities.append(case.probability)
                labels.append(case.serious)
        probability = np.frombuffer(probabilities, np.float64) if probabilities else np.zeros(0)
        serious = np.frombuffer(bytes(labels), np.bool_)
        chance = calibration_by_chance(probability, self._evaluation.calibration_bins)
        return statistics_document(
            scored, probability, serious, self._measures(probability, serious), chance, self._evaluation
        )

    def constraints(self, statistics: Document) -> Document:
        measures = measures_of(statistics)
        limits = {limit.measure: (limit.sign, _limit(limit, measures)) for limit in self._limits}
        return constraints_document(limits, self._rules)

    def judge(self, statistics: Document, baseline: Document, labels: LabelCounts | None) -> Findings:
        measures, before = measures_of(statistics), measures_of(baseline)
        found = {name: measure for name, measure in measures.items() if measure.value is not None}
        few = self._too_few(labels)
        if few or not found:
            note = few or "no labelled case of one of the classes: nothing can be judged"
            return Findings(WindowStatus.TOO_FEW, found, note=note)
        lean = _lean(statistics) - _lean(baseline)
        violations = [
            self._violation(limit, found[limit.measure], before[limit.measure])
            for limit in self._limits
            if limit.measure in found
            and before[limit.measure].value is not None
            and _beyond(limit, found[limit.measure], before[limit.measure], lean)
        ]
        status = WindowStatus.VIOLATIONS if violations else WindowStatus.OK
        entries = tuple(entry(violation) for violation in violations)
        return Findings(status, found, tuple(violations), entries)

    def _measures(self, probability: Array, serious: NDArray[np.bool_]) -> dict[str, Measure]:
        if not len(serious) or serious.all() or not serious.any():
            return dict.fromkeys(MEASURES, UNDEFINED)
        rules = self._evaluation
        bootstrap = Bootstrap(
            len(serious),
            resamples=rules.bootstrap_resamples,
            seed=rules.bootstrap_seed,
            capacity=rules.review_capacity,
            bins=rules.calibration_bins,
        )
        with threadpool_limits(limits=1):  # BLAS: the last digits must not depend on the cores
            measured = bootstrap.alone(serious, probability)
        return {name: getattr(measured, name) for name in MEASURES}

    def _too_few(self, labels: LabelCounts | None) -> str:
        if labels is None:
            return "no ground truth was given"
        rules, coverage = self._rules, labels.coverage
        if labels.labelled < rules.minimum_labelled:
            return f"{labels.labelled} cases have a label, {rules.minimum_labelled} are needed"
        if coverage is None:
            return "how many cases were scored is not known, so neither is the share that has labels"
        if coverage < rules.minimum_coverage:
            return f"{coverage:.1%} of the cases have a label, {rules.minimum_coverage:.0%} are needed"
        return ""

    def _violation(self, limit: Limit, found: Measure, before: Measure) -> Violation:
        bound = _limit(limit, {limit.measure: before})
        direction = "below" if limit.sign < 0 else "above"
        return Violation(
            feature=limit.measure,
            check="LessThanThreshold" if limit.sign < 0 else "GreaterThanThreshold",
            metric=limit.measure,
            measured=found.value,
            limit=bound,
            description=(
                f"{limit.measure} is {found.value:.4f} (95 % interval {found.low:.4f} to {found.high:.4f}), the "
                f"baseline's {before.value:.4f}: all of the interval is {direction} {bound:.4f}"
            ),
        )


def _limit(limit: Limit, measures: dict[str, Measure]) -> float | None:
    value = measures[limit.measure].value
    return None if value is None else limit.of(value)


def _beyond(limit: Limit, found: Measure, before: Measure, lean: float) -> bool:
    """Whether the whole interval is worse than the limit.

    A calibration error is a sum of absolute gaps, which chance alone makes positive, in a resample twice: its
    percentile interval leans upwards. So its interval is mirrored at the figure (the "basic" bootstrap, Davison and
    Hinkley 1997, 5.2), and what a perfectly calibrated model would show by chance is taken off on both sides.
    """
    value, low, high = found.value, found.low, found.high
    if value is None or low is None or high is None or before.value is None:
        return False
    bound = limit.of(before.value)
    if limit.measure == "calibration_error":
        return 2 * value - high - lean > bound
    return high < bound if limit.sign < 0 else low > bound


def _lean(statistics: Document) -> float:
    return float(statistics["vigil"]["calibration_error_by_chance"])


def calibration_by_chance(probability: Array, bins: int) -> float:
    """The calibration error that a perfectly calibrated model is expected to show on these cases.

    The gap of a bin of n cases is about normal with variance sum p(1 - p), and E|gap| = sqrt(2 / pi) times its root.
    """
    if not len(probability):
        return 0.0
    ranked = np.sort(probability)[::-1]
    variance = np.add.reduceat(ranked * (1 - ranked), bin_starts(len(ranked), bins))
    return round(float(np.sqrt(variance).sum()) * math.sqrt(2 / math.pi) / len(ranked), DECIMALS)
