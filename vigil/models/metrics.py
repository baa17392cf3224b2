"""The five measures, each for many bootstrap resamples at once.

A resample is a row of weights: how often each case was drawn. Cases are sorted by score once and grouped where scores
are equal, so every measure is a few sums along rows and ties are handled exactly: AUROC counts a tied pair as half,
average precision steps from score to score (as scikit-learn does), and a tie across the review capacity is shared out
evenly.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MEASURES = ("auroc", "average_precision", "brier", "calibration_error", "recall_at_capacity")
Array = NDArray[np.float64]


@dataclass(frozen=True)
class Scored:
    """Cases of one population, highest score first: ``label`` 0 or 1, all arrays of shape (cases,)."""

    probability: Array
    label: Array
    order: NDArray[np.intp]
    group_starts: NDArray[np.intp]

    @classmethod
    def of(cls, probability: Array, serious: NDArray[np.bool_]) -> Scored:
        order = np.argsort(-probability, kind="stable")
        ranked = probability[order]
        starts = np.flatnonzero(np.concatenate(([True], ranked[1:] != ranked[:-1])))
        return cls(ranked, serious[order].astype(np.float64), order, starts)

    def by_score(self, weights: Array) -> Array:
        """Sums of ``weights`` (resamples, cases) over equal scores, shape (resamples, scores)."""
        return np.asarray(np.add.reduceat(weights, self.group_starts, axis=1), np.float64)


def measure(scored: Scored, weights: Array, *, capacity: float, bins: int) -> dict[str, Array]:
    """Every measure for each row of ``weights`` (resamples, cases in ``scored``'s order), shape (resamples,).

    NaN where a measure is undefined: AUROC without both classes, average precision and recall without a serious case.
    """
    positives = scored.by_score(weights * scored.label)
    negatives = scored.by_score(weights * (1 - scored.label))
    with np.errstate(divide="ignore", invalid="ignore"):
        return {
            "auroc": _auroc(positives, negatives),
            "average_precision": _average_precision(positives, negatives),
            "brier": weights @ (scored.probability - scored.label) ** 2 / weights.sum(axis=1),
            "calibration_error": _calibration_error(scored, weights, bins),
            "recall_at_capacity": _recall_at_capacity(positives, negatives, capacity),
        }


def _auroc(positives: Array, negatives: Array) -> Array:
    positives_above = np.cumsum(positives, axis=1) - positives / 2
    pairs = positives.sum(axis=1) * negatives.sum(axis=1)
    return np.asarray((positives_above * negatives).sum(axis=1) / pairs, np.float64)


def _average_precision(positives: Array, negatives: Array) -> Array:
    found = np.cumsum(positives, axis=1)
    read = found + np.cumsum(negatives, axis=1)
    precision = np.divide(found, read, out=np.zeros_like(found), where=read > 0)
    return np.asarray((precision * positives).sum(axis=1) / positives.sum(axis=1), np.float64)


def _recall_at_capacity(positives: Array, negatives: Array, capacity: float) -> Array:
    """The share of serious cases in the top ``capacity`` of the queue."""
    group = positives + negatives
    before = np.cumsum(group, axis=1) - group
    left = capacity * group.sum(axis=1, keepdims=True) - before
    share = np.clip(np.divide(left, group, out=np.zeros_like(left), where=group > 0), 0, 1)
    return np.asarray((share * positives).sum(axis=1) / positives.sum(axis=1), np.float64)


def bin_starts(cases: int, bins: int) -> NDArray[np.intp]:
    """First positions of ``bins`` equal-mass bins of cases sorted by score; fewer where there are fewer cases."""
    return np.unique(np.arange(bins) * cases // bins).astype(np.intp)


def _calibration_error(scored: Scored, weights: Array, bins: int) -> Array:
    """Expected calibration error: mean |observed - predicted| over equal-mass bins, weighted by their cases.

    The bins are those of the whole population in every resample. The error of a resample exceeds that of the
    population on average, so the interval leans upwards.
    """
    starts = bin_starts(len(scored.label), bins)
    gap = np.add.reduceat(weights * (scored.label - scored.probability), starts, axis=1)
    return np.asarray(np.abs(gap).sum(axis=1) / weights.sum(axis=1), np.float64)
