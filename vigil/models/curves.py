"""Curves for plots, with a bounded number of points so that an evaluation stays small."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vigil.models.metrics import Array, Scored, bin_starts
from vigil.models.models import DECIMALS, CalibrationPoint, Curves, ScoreBin

MOST_POINTS = 101
SCORE_BINS = 20  # of .05: the plan's bands lie on their edges


def curves(probability: Array, serious: NDArray[np.bool_], bins: int) -> Curves:
    """ROC, precision-recall, calibration and the scores' distribution of both-class data; arrays of shape (cases,)."""
    scored = Scored.of(probability, serious)
    ones = np.ones((1, len(serious)))
    found = np.cumsum(scored.by_score(ones * scored.label)[0])
    false = np.cumsum(scored.by_score(ones * (1 - scored.label))[0])
    true_rate, false_rate, precision = found / found[-1], false / false[-1], found / (found + false)
    return Curves(
        roc=[(0.0, 0.0), *_thinned(false_rate, true_rate)],
        pr=_thinned(true_rate, precision),
        calibration=_calibration(scored, bins),
        scores=_scores(probability, serious),
    )


def _thinned(x: Array, y: Array) -> list[tuple[float, float]]:
    chosen = np.unique(np.linspace(0, len(x) - 1, min(len(x), MOST_POINTS)).round().astype(int))
    return [(round(float(x[i]), DECIMALS), round(float(y[i]), DECIMALS)) for i in chosen]


def _calibration(scored: Scored, bins: int) -> list[CalibrationPoint]:
    """The points behind the calibration error: equal-mass bins, lowest scores first."""
    starts = bin_starts(len(scored.label), bins)
    sizes = np.diff(np.append(starts, len(scored.label)))
    predicted = np.add.reduceat(scored.probability, starts) / sizes
    observed = np.add.reduceat(scored.label, starts) / sizes
    points = [
        CalibrationPoint(predicted=round(float(p), DECIMALS), observed=round(float(o), DECIMALS), n=int(n))
        for p, o, n in zip(predicted, observed, sizes, strict=True)
    ]
    return points[::-1]


def _scores(probability: Array, serious: NDArray[np.bool_]) -> list[ScoreBin]:
    """Edges are decimals, not multiples of a binary .05, so that a score of .7 lies in the bin that begins with .7."""
    edges = np.array([number / SCORE_BINS for number in range(SCORE_BINS + 1)])
    places = np.minimum(np.searchsorted(edges, probability, side="right") - 1, SCORE_BINS - 1)
    found = np.bincount(places[serious], minlength=SCORE_BINS)
    others = np.bincount(places[~serious], minlength=SCORE_BINS)
    return [
        ScoreBin(low=float(edges[n]), high=float(edges[n + 1]), serious=int(found[n]), not_serious=int(others[n]))
        for n in range(SCORE_BINS)
    ]
