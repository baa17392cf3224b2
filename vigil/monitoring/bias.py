"""The bias monitor: whether the model treats groups differently from how it did when it was judged.

A metric has drifted where it changed by more than the plan's ``largest_change`` from the baseline's, either way,
and chance gives such a change less often than ``alpha`` divided by the number of metrics judged (Bonferroni). Metrics
that need labels are not judged where there are too few; the note says so. Distances between the labels' distributions
(KL, JS, LP, TVD, KS) and the conditional rates are shown, not judged: the first are functions of what DPL sees.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from scipy.stats import norm

from vigil.change_control.monitoring_rules import BiasRules
from vigil.models.models import DECIMALS, Measure
from vigil.monitoring.bias_metrics import METRICS, PRE, BiasMetric, Measured, Rates, measure_facets
from vigil.monitoring.facets import Facet, Group, count_facets
from vigil.monitoring.findings import Document, Findings, Metric, ScoredCase
from vigil.monitoring.models import LabelCounts, Violation, WindowStatus

FORMAT = "vigil.bias/1"
LABEL, LABEL_VALUE = "serious", "1"
CHECK = "bias_drift_check"
STAGES = {PRE: "pre_training_bias_metrics"}
POST_SECTION = "post_training_bias_metrics"
TWO_SIDED_95 = 1.959964


@dataclass(frozen=True)
class Change:
    """One judged metric of one facet: its value before and now, and how sure the change is."""

    facet: Facet
    metric: BiasMetric
    before: float
    now: float
    p_value: float

    @property
    def size(self) -> float:
        return abs(self.now - self.before)


class BiasMonitor:
    def __init__(self, rules: BiasRules) -> None:
        self._rules = rules

    def statistics(self, cases: Iterable[ScoredCase]) -> Document:
        """Clarify's ``analysis.json``; the counts behind it stand in ``vigil``."""
        facets, seen = count_facets(cases)
        counts = {facet.feature: {"d": facet.d.to_json(), "a": facet.a.to_json()} for facet in facets}
        return {**_analysis(measure_facets(facets)), "vigil": {"format": FORMAT, "cases": seen, "counts": counts}}

    def constraints(self, statistics: Document) -> Document:
        """Clarify takes the baseline's analysis itself as constraints."""
        sections = {name: statistics[name] for name in (*STAGES.values(), POST_SECTION)}
        return {"version": "1.0", **sections, "vigil": self._rules.model_dump(mode="json")}

    def judge(self, statistics: Document, baseline: Document, labels: LabelCounts | None) -> Findings:
        window = measure_facets(_facets(statistics))
        before = {measured.facet.feature: measured for measured in measure_facets(_facets(baseline))}
        changes, unjudged = self._changes(window, before)
        if not changes:
            note = f"{statistics['vigil']['cases']} cases: no group has the {self._rules.minimum_facet_cases} needed"
            return Findings(WindowStatus.TOO_FEW, {}, note=note)
        alpha = self._rules.alpha / len(changes)
        violations = tuple(
            self._violation(change)
            for change in changes
            if change.size > self._rules.largest_change and change.p_value < alpha
        )
        return Findings(
            status=WindowStatus.VIOLATIONS if violations else WindowStatus.OK,
            measures=_measures(window, changes),
            violations=violations,
            entries=tuple(_entry(violation) for violation in violations),
            metrics=tuple(_metrics(window)),
            note=f"not judged for want of cases or labels: {', '.join(unjudged)}" if unjudged else "",
        )

    def _changes(self, window: list[Measured], before: dict[str, Measured]) -> tuple[list[Change], list[str]]:
        changes, unjudged = [], []
        for now in window:
            then = before.get(now.facet.feature)
            missing = []
            for metric in (metric for metric in METRICS if metric.error is not None):
                change = None if then is None else self._change(metric, now, then)
                missing.append(metric.name) if change is None else changes.append(change)
            if missing:
                unjudged.append(f"{now.facet.feature} ({' '.join(missing)})")
        return changes, unjudged

    def _change(self, metric: BiasMetric, now: Measured, then: Measured) -> Change | None:
        """None where either side has too few cases, or the metric is undefined."""
        sizes = [_size(rates, metric) for rates in (now.a, now.d, then.a, then.d)]
        if metric.error is None or min(sizes) < self._rules.minimum_facet_cases:
            return None
        after, before = metric.value(now.a, now.d), metric.value(then.a, then.d)
        errors = metric.error(now.a, now.d), metric.error(then.a, then.d)
        if after is None or before is None or errors[0] is None or errors[1] is None:
            return None
        moved = after - before
        if metric.on_log:
            if min(after, before) <= 0:
                return None
            moved = math.log(after / before)
        p_value = 2 * float(norm.sf(abs(moved) / math.hypot(errors[0], errors[1])))
        return Change(now.facet, metric, before=before, now=after, p_value=p_value)

    def _violation(self, change: Change) -> Violation:
        step = self._rules.largest_change
        limit = change.before + (step if change.now > change.before else -step)
        return Violation(
            feature=change.facet.feature,
            check=CHECK,
            metric=change.metric.name,
            measured=round(change.now, DECIMALS),
            limit=round(limit, DECIMALS),
            description=f"{change.metric.description} of {change.facet.feature} is {change.now:.4f}, the baseline's "
            f"{change.before:.4f}: it may change by {step}, and chance explains it with p = {change.p_value:.1e}",
        )


def _size(rates: Rates, metric: BiasMetric) -> int:
    return rates.labelled if metric.labelled else rates.cases


def _analysis(measured: list[Measured]) -> Document:
    sections: Document = {"version": "1.0"}
    for stage in dict.fromkeys(metric.stage for metric in METRICS):
        by_facet: dict[str, list[Document]] = {}
        for one in measured:
            told = [
                {"name": metric.name, "description": metric.description, "value": _rounded(metric.value(one.a, one.d))}
                for metric in METRICS
                if metric.stage == stage
            ]
            facet = {"value_or_threshold": one.facet.value, "metrics": told}
            by_facet.setdefault(one.facet.name, []).append(facet)
        section = {"label": LABEL, "label_value_or_threshold": LABEL_VALUE, "facets": by_facet}
        sections[STAGES.get(stage, POST_SECTION)] = section
    return sections


def _facets(statistics: Document) -> list[Facet]:
    found = []
    for feature, told in statistics["vigil"]["counts"].items():
        name, _, value = feature.partition("=")
        found.append(Facet(name, value, Group.from_json(told["d"]), Group.from_json(told["a"])))
    return found


def _measures(window: list[Measured], changes: list[Change]) -> dict[str, Measure]:
    """The largest change, and each group's DPPL with its interval, which needs no labels."""
    largest = max(change.size for change in changes)
    measures = {"largest_change": Measure(value=round(largest, DECIMALS), low=None, high=None)}
    dppl = next(metric for metric in METRICS if metric.name == "DPPL")
    for one in window:
        value, error = dppl.value(one.a, one.d), dppl.error(one.a, one.d) if dppl.error else None
        if value is not None and error is not None:
            low, high = value - TWO_SIDED_95 * error, value + TWO_SIDED_95 * error
            measures[f"dppl_{one.facet.name}_{one.facet.value}"] = Measure(
                value=round(value, DECIMALS), low=round(low, DECIMALS), high=round(high, DECIMALS)
            )
    return measures


def _metrics(window: list[Measured]) -> Iterable[Metric]:
    """As Clarify publishes them: https://docs.aws.amazon.com/sagemaker/latest/dg/clarify-model-monitor-bias-drift-cw.html"""
    for one in window:
        for metric in METRICS:
            value = metric.value(one.a, one.d)
            if value is not None:
                dimensions = {"BiasStage": metric.stage, "Label": LABEL, "LabelValue": LABEL_VALUE}
                dimensions |= {"Facet": one.facet.name, "FacetValue": one.facet.value}
                yield Metric(f"bias_metric_{metric.name}", round(value, DECIMALS), dimensions)


def _entry(violation: Violation) -> Document:
    """https://docs.aws.amazon.com/sagemaker/latest/dg/clarify-model-monitor-bias-drift-violations.html"""
    facet, _, value = violation.feature.partition("=")
    return {
        "facet": facet,
        "facet_value": value,
        "metric_name": violation.metric,
        "constraint_check_type": violation.check,
        "description": violation.description,
        "vigil": {"measured": violation.measured, "limit": violation.limit},
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, DECIMALS)
