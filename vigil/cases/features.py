"""From case reports to a feature matrix: one function for training and for service, so the two cannot drift apart.

Columns: a bag of reaction terms, a bag of the words in them, and a few numbers. The words carry what the model knows to
terms it has never seen, and MedDRA brings new terms twice a year. Unknown terms and words are ignored.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator
from scipy import sparse

from vigil.cases.feature_fields import FEATURE_FIELDS, BannedFeatureError, refuse_unusable_fields
from vigil.cases.models import CaseReport
from vigil.cases.outcome_terms import is_outcome_term, normalise_term, words_of

__all__ = [
    "FEATURE_FIELDS",
    "BannedFeatureError",
    "FeatureSpace",
    "ReportTerms",
    "featurize",
    "fit_feature_space",
]

# The columns of numbers that each field of a report gives. Reactions give their bags of terms and words as well.
NUMBERS: dict[str, tuple[str, ...]] = {
    "reactions": ("reactions.log_count",),
    "drugs": ("drugs.log_count",),
    "age_years": ("age_years", "age_years.missing"),
    "weight_kg": ("weight_kg", "weight_kg.missing"),
    "sex": ("sex.F", "sex.M", "sex.missing"),
}

# Numbers are brought to about the size of the bags' zeros and ones, so that one penalty suits all coefficients.
AGE_SCALE_YEARS = 50.0
WEIGHT_SCALE_KG = 50.0
COUNT_SCALE = 2.0

SHORTEST_WORD = 3
STOP_WORDS = frozenset({"and", "due", "for", "nos", "other", "the", "with"})


@dataclass(frozen=True)
class ReportTerms:
    """What a report's reactions offer to the bags: ``terms``, distinct and sorted, outcome terms left out.

    ``reported`` counts every distinct term, outcome terms too: were they left out of the count, a count of zero would
    give away the reports that hold nothing but "Death".
    """

    reported: int
    terms: tuple[str, ...]

    @classmethod
    def of(cls, report: CaseReport) -> ReportTerms:
        distinct = sorted({term for term in map(normalise_term, report.reactions) if term})
        return cls(len(distinct), tuple(term for term in distinct if not is_outcome_term(term)))

    @property
    def words(self) -> list[str]:
        return sorted({word for term in self.terms for word in feature_words(term)})


def feature_words(term: str) -> list[str]:
    """The distinct words of a normalised term that may become features, in alphabetical order."""
    return sorted({word for word in words_of(term) if len(word) >= SHORTEST_WORD and word not in STOP_WORDS})


class FeatureSpace(BaseModel):
    """The columns of the feature matrix, in order: terms, words, numbers. Written as JSON beside the model."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: str = Field(default="vigil.feature-space/1", pattern=r"^vigil\.feature-space/1$")
    fields: tuple[str, ...]
    min_document_frequency: int = Field(ge=1)
    terms: tuple[str, ...]
    words: tuple[str, ...]
    numbers: tuple[str, ...]

    @model_validator(mode="after")
    def _columns_follow_from_fields(self) -> FeatureSpace:
        refuse_unusable_fields(self.fields)
        expected = tuple(number for field in self.fields for number in NUMBERS[field])
        if self.numbers != expected:
            raise ValueError(f"numbers {self.numbers} do not belong to the fields {self.fields}")
        for name, bag in (("terms", self.terms), ("words", self.words)):
            if list(bag) != sorted(set(bag)):
                raise ValueError(f"{name} must be distinct and sorted")
        return self

    @property
    def size(self) -> int:
        """The number of columns."""
        return len(self.terms) + len(self.words) + len(self.numbers)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """A name for each column: ``term:nausea``, ``word:carcinoma``, ``age_years``."""
        return (
            *(f"term:{term}" for term in self.terms),
            *(f"word:{word}" for word in self.words),
            *self.numbers,
        )

    @cached_property
    def term_columns(self) -> dict[str, int]:
        return {term: column for column, term in enumerate(self.terms)}

    @cached_property
    def word_columns(self) -> dict[str, int]:
        return {word: column for column, word in enumerate(self.words, start=len(self.terms))}

    @cached_property
    def number_columns(self) -> dict[str, int]:
        start = len(self.terms) + len(self.words)
        return {number: column for column, number in enumerate(self.numbers, start=start)}


def fit_feature_space(
    reports: Iterable[CaseReport],
    *,
    min_document_frequency: int = 3,
    fields: Iterable[str] = FEATURE_FIELDS,
) -> FeatureSpace:
    """The feature space of the training reports: terms and words that at least ``min_document_frequency`` of them hold.

    Raises ``BannedFeatureError`` naming a banned field before a single report is read.
    """
    fields = tuple(fields)
    refuse_unusable_fields(fields)
    terms: Counter[str] = Counter()
    words: Counter[str] = Counter()
    if "reactions" in fields:
        for report in reports:
            found = ReportTerms.of(report)
            terms.update(found.terms)
            words.update(found.words)
    return FeatureSpace(
        fields=fields,
        min_document_frequency=min_document_frequency,
        terms=_frequent(terms, min_document_frequency),
        words=_frequent(words, min_document_frequency),
        numbers=tuple(number for field in fields for number in NUMBERS[field]),
    )


def _frequent(counts: Counter[str], least: int) -> tuple[str, ...]:
    return tuple(sorted(name for name, count in counts.items() if count >= least))


def featurize(reports: Iterable[CaseReport], space: FeatureSpace) -> Any:
    """The feature matrix, ``scipy.sparse.csr_matrix`` of float32, shape (reports, ``space.size``).

    Zeros are never stored: XGBoost reads an absent entry as missing, and both homes must agree on which are absent.
    """
    columns: list[int] = []
    values: list[float] = []
    row_ends = [0]
    for report in reports:
        found = ReportTerms.of(report)
        row = dict.fromkeys(_bag_columns(found, space), 1.0) | _number_columns(report, found, space)
        columns.extend(sorted(row))
        values.extend(row[column] for column in sorted(row))
        row_ends.append(len(columns))
    matrix = sparse.csr_matrix(
        (np.array(values, np.float32), np.array(columns, np.int32), np.array(row_ends, np.int32)),
        shape=(len(row_ends) - 1, space.size),
    )
    matrix.eliminate_zeros()
    return matrix


def _bag_columns(found: ReportTerms, space: FeatureSpace) -> list[int]:
    terms = (space.term_columns.get(term) for term in found.terms)
    words = (space.word_columns.get(word) for word in found.words)
    return [column for column in (*terms, *words) if column is not None]


def _drug_count(report: CaseReport) -> int:
    """Distinct drugs, at least one: every report is about a drug, so an empty list means that none was passed on."""
    return max(1, len({normalise_term(drug) for drug in report.drugs}))


def _number_columns(report: CaseReport, found: ReportTerms, space: FeatureSpace) -> dict[int, float]:
    numbers = {
        "reactions.log_count": math.log1p(found.reported) / COUNT_SCALE,
        "drugs.log_count": math.log1p(_drug_count(report)) / COUNT_SCALE,
        "age_years": (report.age_years or 0.0) / AGE_SCALE_YEARS,
        "age_years.missing": float(report.age_years is None),
        "weight_kg": (report.weight_kg or 0.0) / WEIGHT_SCALE_KG,
        "weight_kg.missing": float(report.weight_kg is None),
        "sex.F": float(report.sex == "F"),
        "sex.M": float(report.sex == "M"),
        "sex.missing": float(report.sex is None),
    }
    return {column: numbers[name] for name, column in space.number_columns.items()}
