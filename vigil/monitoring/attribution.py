"""The attribution monitor: whether the model still leans on the things it was judged by.

Global importance of a column is its mean absolute contribution to the log-odds over a sample of cases, chosen by a
digest of the case id, so the same window gives the same sample. A window's ranking is compared with the baseline's by
NDCG with the baseline's importances as relevance, as SageMaker Clarify does
(https://docs.aws.amazon.com/sagemaker/latest/dg/clarify-model-monitor-feature-attribution-drift.html):
DCG = sum of a(f_i) / log2(i + 1) over the columns in the window's order, divided by the same in the baseline's order.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable

import numpy as np
from sklearn.metrics import ndcg_score
from threadpoolctl import threadpool_limits

from vigil.cases.features import featurize
from vigil.cases.models import CaseReport
from vigil.change_control.monitoring_rules import AttributionRules
from vigil.digests import sha256_hex
from vigil.models.artefact import TriageModel
from vigil.models.metrics import Array
from vigil.models.models import DECIMALS, Measure
from vigil.monitoring.findings import Document, Findings, ScoredCase
from vigil.monitoring.models import LabelCounts, Violation, WindowStatus
from vigil.monitoring.shown import FEATURES_LISTED
from vigil.scoring.explain import column_contributions

FORMAT = "vigil.attribution/1"
#: Clarify's name of its method is ``kernel_shap``; ours is exact for trees and linear models, so it is not called that.
METHOD, LABEL = "shap", "serious"
CHECK = "feature_attribution_drift_check"
BATCH_CASES = 200  # contributions are dense: reports times some thousands of columns
NAMED = 3  # movers in a violation's words


class AttributionMonitor:
    def __init__(self, rules: AttributionRules, model: TriageModel) -> None:
        self._rules = rules
        self._model = model

    def statistics(self, cases: Iterable[ScoredCase]) -> Document:
        """Clarify's ``explanations``: importances by column. A case that comes twice is one case."""
        sample, seen = _sample((case.report for case in cases), self._rules.sample_cases)
        importance = global_importance(self._model, sample)
        names = self._model.space.names
        told = {name: round(float(value), DECIMALS) for name, value in zip(names, importance, strict=True)}
        return {
            "version": "1.0",
            "explanations": {METHOD: {LABEL: {"global_shap_values": told}}},
            "vigil": {"format": FORMAT, "cases": seen, "sample": len(sample)},
        }

    def constraints(self, statistics: Document) -> Document:
        """Clarify takes the baseline's explanations themselves as constraints."""
        explanations = statistics["explanations"]
        return {"version": "1.0", "explanations": explanations, "vigil": self._rules.model_dump(mode="json")}

    def judge(self, statistics: Document, baseline: Document, labels: LabelCounts | None) -> Findings:
        before, now = importances(baseline), importances(statistics)
        shown = {**statistics, "vigil": {**statistics["vigil"], "ranking": _rankings(before, now)}}
        cases = int(statistics["vigil"]["cases"])
        if cases < self._rules.minimum_cases:
            note = f"{cases} cases, {self._rules.minimum_cases} are needed"
            return Findings(WindowStatus.TOO_FEW, {}, note=note, statistics=shown)
        score = ndcg(before, now)
        measures = {"ndcg": Measure(value=score, low=None, high=None)}
        shown["vigil"]["ndcg"] = score
        if score >= self._rules.ndcg_at_least:
            return Findings(WindowStatus.OK, measures, statistics=shown)
        violation = self._violation(score, before, now)
        told = {"label": LABEL, "metric_name": METHOD, "constraint_check_type": CHECK}
        entry = {**told, "description": violation.description, "vigil": {"ndcg": score}}
        return Findings(WindowStatus.VIOLATIONS, measures, (violation,), (entry,), statistics=shown)

    def _violation(self, score: float, before: dict[str, float], now: dict[str, float]) -> Violation:
        movers = ", ".join(f"{name} ({before[name]:.3f} to {now[name]:.3f})" for name in _movers(before, now)[:NAMED])
        limit = self._rules.ndcg_at_least
        return Violation(
            feature=LABEL,
            check=CHECK,
            metric="ndcg",
            measured=score,
            limit=limit,
            description=f"the ranking's NDCG against the baseline is {score:.4f}, at least {limit} is asked for; most "
            f"moved: {movers}"[:1000],
        )


def global_importance(model: TriageModel, reports: list[CaseReport]) -> Array:
    """Mean absolute contribution of each column, shape (columns,); zeros where there is no report."""
    total = np.zeros(model.space.size)
    with threadpool_limits(limits=1):
        for start in range(0, len(reports), BATCH_CASES):
            features = featurize(reports[start : start + BATCH_CASES], model.space)
            total += np.abs(column_contributions(model, features)).sum(axis=0)
    return np.asarray(total / max(len(reports), 1), np.float64)


def ndcg(baseline: dict[str, float], window: dict[str, float]) -> float:
    """Of the window's ranking, the baseline's importances being the relevance; 1 where nothing had any."""
    names = sorted(baseline)
    relevance = np.array([[baseline[name] for name in names]])
    if len(names) < 2 or not relevance.any():
        return 1.0
    return round(float(ndcg_score(relevance, np.array([[window.get(name, 0.0) for name in names]]))), DECIMALS)


def importances(statistics: Document) -> dict[str, float]:
    values = statistics["explanations"][METHOD][LABEL]["global_shap_values"]
    return {str(name): float(value) for name, value in values.items()}


def _sample(reports: Iterable[CaseReport], size: int) -> tuple[list[CaseReport], int]:
    """The ``size`` reports whose case ids have the lowest digests, and how many reports there were.

    Of a case that comes more than once the copy with the lowest content digest is taken, so order does not matter.
    """
    kept: dict[str, tuple[str, CaseReport]] = {}
    heap: list[tuple[int, str]] = []  # the highest digest first, to be pushed out by a lower one
    seen = 0
    for report in reports:
        seen += 1
        place = sha256_hex(report.case_id.encode())
        if len(heap) == size and place not in kept and -int(place, 16) < heap[0][0]:
            continue
        content = sha256_hex(report.model_dump_json().encode())
        if place in kept:
            kept[place] = min(kept[place], (content, report), key=lambda found: found[0])
            continue
        kept[place] = (content, report)
        heapq.heappush(heap, (-int(place, 16), place))
        if len(heap) > size:
            del kept[heapq.heappop(heap)[1]]
    return [kept[place][1] for place in sorted(kept)], seen


def _rankings(before: dict[str, float], now: dict[str, float]) -> Document:
    """``totals``: of all columns, so that a share is one of the whole."""
    totals = {side: round(sum(values.values()), DECIMALS) for side, values in (("baseline", before), ("window", now))}
    return {"baseline": _top(before), "window": _top(now), "totals": totals}


def _top(values: dict[str, float]) -> list[list[str | float]]:
    ranked = sorted(values.items(), key=lambda item: (-item[1], item[0]))
    return [[name, value] for name, value in ranked[:FEATURES_LISTED]]


def _movers(before: dict[str, float], now: dict[str, float]) -> list[str]:
    return sorted(before, key=lambda name: (-abs(now.get(name, 0.0) - before[name]), name))
