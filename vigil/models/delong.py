"""The difference of two models' AUROC on the same labelled cases, with its interval, without arrays.

DeLong, DeLong and Clarke-Pearson, Biometrics 44 (1988) 837-845, by midranks as Sun and Xu, IEEE Signal Processing
Letters 21 (2014) 1389-1393. For where no array library is: functions that must start quickly.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist, covariance, fmean, variance

from vigil.models.models import DECIMALS, Measure

Z = NormalDist().inv_cdf(0.975)
LEAST_OF_A_CLASS = 2  # a variance needs two


def auroc_difference(serious: Sequence[bool], first: Sequence[float], second: Sequence[float]) -> Measure:
    """``second`` minus ``first``, with the 95 % interval; all None with fewer than two cases of a class."""
    if min(sum(serious), len(serious) - sum(serious)) < LEAST_OF_A_CLASS:
        return Measure(value=None, low=None, high=None)
    (a, a_pos, a_neg), (b, b_pos, b_neg) = (_components(serious, scores) for scores in (first, second))
    spread = 0.0
    for one, other in ((a_pos, b_pos), (a_neg, b_neg)):
        spread += (variance(one) + variance(other) - 2 * covariance(one, other)) / len(one)
    half = Z * math.sqrt(max(0.0, spread))
    found = b - a
    return Measure(
        **{n: round(v, DECIMALS) for n, v in {"value": found, "low": found - half, "high": found + half}.items()}
    )


def _components(serious: Sequence[bool], scores: Sequence[float]) -> tuple[float, list[float], list[float]]:
    """AUROC, and for each serious, each other case the share of the other class that it is ordered rightly against."""
    positive = [score for score, label in zip(scores, serious, strict=True) if label]
    negative = [score for score, label in zip(scores, serious, strict=True) if not label]
    together = _midranks([*positive, *negative])
    over = [(rank - own) / len(negative) for rank, own in zip(together, _midranks(positive), strict=False)]
    under = [
        1 - (rank - own) / len(positive)
        for rank, own in zip(together[len(positive) :], _midranks(negative), strict=True)
    ]
    return fmean(over), over, under


def _midranks(values: Sequence[float]) -> list[float]:
    """Ranks from one on; equal values share the mean of theirs."""
    order = sorted(range(len(values)), key=values.__getitem__)
    ranks = [0.0] * len(values)
    start = 0
    while start < len(order):
        end = start
        while end < len(order) and values[order[end]] == values[order[start]]:
            end += 1
        for place in order[start:end]:
            ranks[place] = (start + 1 + end) / 2
        start = end
    return ranks
