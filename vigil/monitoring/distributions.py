"""A column's distribution in a baseline and in a window, in the same bins: how far apart, and how surely.

Jensen-Shannon distance, base 2 (J. Lin, 1991): 0 for the same shares, 1 for none in common. G-test of homogeneity
(R. R. Sokal, F. J. Rohlf, "Biometry"), both by scipy. Numbers are told apart by the baseline's deciles, values by
the baseline's most frequent ones and the rest.
"""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import jensenshannon
from scipy.stats import chi2_contingency

from vigil.monitoring.numbers import NumberProfile
from vigil.monitoring.profile import ColumnProfile
from vigil.monitoring.values import ValuesProfile, is_hidden

DECILES = 10
TOP_VALUES = 20
SHOWN_NEW = 5  # of the window's most frequent values that are not among the baseline's
REST = "(other)"

Shares = NDArray[np.float64]


@dataclass(frozen=True)
class Compared:
    """Shares by ``labels``, each summing to 1 (0 where a side has no value). ``p_value``: that chance alone does it."""

    labels: tuple[str, ...]
    baseline: tuple[float, ...]
    window: tuple[float, ...]
    distance: float
    p_value: float


def compared_document(compared: Compared) -> dict[str, Any]:
    """As a window's ``statistics.json`` holds it (``vigil.compared``): pages show it, and need no sketch for that."""
    return {
        "labels": list(compared.labels),
        "baseline": [round(share, 6) for share in compared.baseline],
        "window": [round(share, 6) for share in compared.window],
        "distance": round(compared.distance, 6),
    }


def compare_column(baseline: ColumnProfile, window: ColumnProfile) -> Compared | None:
    """None where a side has no value: completeness tells that."""
    if not baseline.present or not window.present:
        return None
    if isinstance(baseline, NumberProfile) and isinstance(window, NumberProfile):
        edges = decile_edges(baseline)
        return _compared(
            _ranges(edges, baseline), baseline.shares(edges), window.shares(edges), baseline.present, window.present
        )
    if isinstance(baseline, ValuesProfile) and isinstance(window, ValuesProfile):
        top = _told(baseline)[:TOP_VALUES]
        return _compared(
            [*top, REST], _value_shares(top, baseline), _value_shares(top, window), baseline.present, window.present
        )
    return None


def shown(baseline: ColumnProfile, window: ColumnProfile, compared: Compared, also: list[str]) -> Compared:
    """The same with bins of their own for values that the window brought, and for those in ``also``: for people."""
    if not (isinstance(baseline, ValuesProfile) and isinstance(window, ValuesProfile)):
        return compared
    labels = list(dict.fromkeys([*compared.labels[:-1], *also, *_told(window)[:SHOWN_NEW]]))
    sides = [tuple(_value_shares(labels, side).tolist()) for side in (baseline, window)]
    return Compared((*labels, REST), sides[0], sides[1], compared.distance, compared.p_value)


def decile_edges(column: NumberProfile) -> list[float]:
    """Ascending, without repeats. Of whole numbers halfway between two, so that no edge falls on many equal ones."""
    edges = [column.quantile(place / DECILES) for place in range(1, DECILES)]
    if column.mostly_whole:
        edges = [math.floor(edge) + 0.5 for edge in edges]
    least, greatest = column.bounds or (0.0, 0.0)
    return sorted({edge for edge in edges if least < edge < greatest})


def same_share_p(first: float, of_first: float, second: float, of_second: float) -> float:
    """Chance that two counts out of two totals differ as they do, from one share: G-test with Yates' correction."""
    return _g_test(np.array([[first, of_first - first], [second, of_second - second]]))


def _ranges(edges: list[float], column: NumberProfile) -> list[str]:
    texts = [f"{math.floor(edge)}" if column.mostly_whole else f"{edge:.4g}" for edge in edges]
    if not texts:
        return ["all"]
    between = [f"{low} to {high}" for low, high in pairwise(texts)]
    return [f"up to {texts[0]}", *between, f"above {texts[-1]}"]


def _told(column: ValuesProfile) -> list[str]:
    return [value for value in column.counts if not is_hidden(value)]


def _value_shares(labels: list[str], column: ValuesProfile) -> Shares:
    """Of all occurrences; the last is the rest's."""
    counts = [column.count(label) for label in labels]
    shares: Shares = np.array([*counts, max(column.occurrences - sum(counts), 0)], dtype=np.float64)
    shares /= shares.sum()
    return shares


def _compared(labels: list[str], baseline: Shares, window: Shares, cases: int, of_window: int) -> Compared:
    """Tested on cases, not on occurrences: the terms of one case are not independent (Rao and Scott's design effect).

    A case holds each of its values once, so counting it once in all is the most cautious effect there is.
    """
    distance = float(jensenshannon(baseline, window, base=2))
    p_value = _g_test(np.array([baseline * cases, window * of_window]))
    return Compared(
        tuple(labels),
        tuple(baseline.tolist()),
        tuple(window.tolist()),
        0.0 if math.isnan(distance) else distance,
        p_value,
    )


def _g_test(counts: NDArray[np.float64]) -> float:
    counts = counts[:, counts.sum(axis=0) > 0]
    counts = counts[counts.sum(axis=1) > 0]
    if min(counts.shape) < 2:
        return 1.0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return float(chi2_contingency(counts, lambda_="log-likelihood").pvalue)
