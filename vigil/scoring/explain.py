"""Which of the reported things moved a score, in the words of the report.

Every member's contributions to its log-odds (for the linear one: coefficient times distance from the training mean; for
trees: TreeSHAP) are averaged with the ensemble's weights and divided by its temperature. Because the ensemble averages
probabilities, not log-odds, the effects explain the score closely but do not add up to it exactly.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from vigil.cases.features import FeatureSpace, ReportTerms, feature_words
from vigil.cases.models import CaseReport
from vigil.models.artefact import TriageModel

EFFECT_DECIMALS = 4

# How the numbers' columns are called in an answer.
NUMBER_LABELS = {
    "reactions.log_count": "number of reactions",
    "drugs.log_count": "number of drugs",
    "age_years": "age",
    "age_years.missing": "age",
    "weight_kg": "weight",
    "weight_kg.missing": "weight",
    "sex.F": "sex",
    "sex.M": "sex",
    "sex.missing": "sex",
}


def column_contributions(model: TriageModel, features: Any) -> NDArray[np.float64]:
    """The ensemble's contribution of each column to the log-odds, shape (reports, columns)."""
    weights = model.settings.weights
    dense = features.toarray().astype(np.float64)
    total = weights[0] * (dense - model.linear.means) * model.linear.coefficients
    for weight, member in zip(weights[1:], model.trees, strict=True):
        if weight > 0:
            total += weight * member.contributions(features)
    return np.asarray(total / model.settings.temperature, np.float64)


def effects_of(report: CaseReport, contributions: NDArray[np.float64], space: FeatureSpace) -> dict[str, float]:
    """The effect of each thing that ``report`` tells; ``contributions`` has shape (columns,).

    A word's contribution is shared out evenly among the reported terms that hold it. Terms the model does not know
    have no effect and are left out.
    """
    effects: dict[str, float] = {}
    terms = ReportTerms.of(report).terms if "reactions" in space.fields else ()
    holders: dict[str, int] = {}
    for term in terms:
        for word in feature_words(term):
            holders[word] = holders.get(word, 0) + 1
    for term in terms:
        shares = [
            contributions[space.word_columns[word]] / holders[word]
            for word in feature_words(term)
            if word in space.word_columns
        ]
        if term in space.term_columns:
            shares.append(contributions[space.term_columns[term]])
        if shares:
            effects[term] = float(sum(shares))
    for number, column in space.number_columns.items():
        label = NUMBER_LABELS[number]
        effects[label] = effects.get(label, 0.0) + float(contributions[column])
    return effects


def strongest(effects: dict[str, float], count: int) -> list[tuple[str, float]]:
    """The ``count`` effects of the largest size, either sign; equal sizes in alphabetical order."""
    rounded = {term: round(effect, EFFECT_DECIMALS) for term, effect in effects.items()}
    ranked = sorted(rounded.items(), key=lambda item: (-abs(item[1]), item[0]))
    return [(term, effect) for term, effect in ranked[:count] if effect != 0.0]
