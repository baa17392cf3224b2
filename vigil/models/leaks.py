"""Signs that the label has leaked into the features: a banned field, a column or a whole model that is too good."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vigil.cases.features import FeatureSpace
from vigil.models.models import DECIMALS, LeakCheck, Split, SplitEvaluation


@dataclass(frozen=True)
class SplitFeatures:
    """``features``: csr matrix (reports, columns); ``labels`` (reports,)."""

    features: Any
    labels: NDArray[np.bool_]


def check_leaks(
    evaluations: Mapping[Split, SplitEvaluation],
    matrices: Mapping[Split, SplitFeatures],
    space: FeatureSpace,
    banned: Container[str],
) -> LeakCheck:
    """The figures for the plan's leak alarm: the candidate's highest AUROC and the strongest single column's."""
    aurocs = {split: found.candidate.overall.auroc.value or 0.0 for split, found in evaluations.items()}
    highest = max(aurocs, key=lambda split: aurocs[split])
    strongest, strength = "", 0.5
    for data in matrices.values():
        each = column_aurocs(data.features, data.labels)
        column = int(np.argmax(np.abs(each - 0.5))) if len(each) else 0
        if len(each) and abs(each[column] - 0.5) + 0.5 > strength:
            strongest, strength = space.names[column], abs(float(each[column]) - 0.5) + 0.5
    return LeakCheck(
        banned_fields=[field for field in space.fields if field in banned],
        highest_auroc=aurocs[highest],
        highest_auroc_split=highest,
        strongest_feature=strongest,
        strongest_feature_auroc=round(strength, DECIMALS),
    )


def column_aurocs(features: Any, labels: NDArray[np.bool_]) -> NDArray[np.float64]:
    """The AUROC of each column alone as the score, shape (columns,). Values are positive; zeros are not stored."""
    positive, negative = int(labels.sum()), int((~labels).sum())
    by_column = features.tocsc()
    found = np.full(features.shape[1], 0.5)
    for column in range(features.shape[1]):
        span = slice(by_column.indptr[column], by_column.indptr[column + 1])
        values, rows = by_column.data[span], by_column.indices[span]
        if len(rows):
            found[column] = _auroc(values, labels[rows], positive, negative)
    return found


def _auroc(values: NDArray[np.float32], serious: NDArray[np.bool_], positive: int, negative: int) -> float:
    """AUROC from the stored entries of one column; all other cases are tied at zero, below them."""
    _, group = np.unique(values, return_inverse=True)
    high = np.bincount(group, weights=serious, minlength=1)
    low = np.bincount(group, weights=~serious, minlength=1)
    zero_high, zero_low = positive - high.sum(), negative - low.sum()
    below = zero_low + np.cumsum(low) - low
    wins = float((high * (below + low / 2)).sum() + zero_high * zero_low / 2)
    return wins / (positive * negative)
