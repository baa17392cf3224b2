"""The aggregate figures that synthetic quarters are drawn from (``figures.json``), as tables to draw from by label."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Texts = npt.NDArray[np.object_]
# Real reports have some 5,000 terms and the rare ones tell most; the figures have the 800 commonest. Stretching their
# odds makes up for it: a linear model on the terms reaches about the AUROC it has on real reports.
TERM_SHARPNESS = 1.6
TINY = 1e-6  # no value is impossible for a label


@dataclass(frozen=True)
class Choices:
    """Values with their cumulative shares, one row for cases that are not serious (0) and one for serious (1)."""

    values: tuple[str, ...]
    cumulative: Floats  # (2, values)

    @property
    def texts(self) -> Texts:
        """``values`` as an array of Python's texts, to be taken from by index."""
        return np.array(self.values, dtype=object)

    def as_numbers(self) -> Ints:
        return np.array([int(value) for value in self.values], dtype=np.int64)

    @classmethod
    def of(cls, rows: Sequence[Sequence[Any]]) -> Choices:
        """From rows ``[value, not serious, serious]``. A label that no row has draws as the other does."""
        counts = np.array([[row[1], row[2]] for row in rows], dtype=np.float64).T
        for label in (0, 1):
            if not counts[label].any():
                counts[label] = counts[1 - label]
        return cls(tuple(str(row[0]) for row in rows), np.cumsum(counts / counts.sum(axis=1, keepdims=True), axis=1))

    @classmethod
    def plain(cls, rows: Sequence[Sequence[Any]]) -> Choices:
        """From rows ``[value, count]`` that do not depend on the label."""
        return cls.of([[value, count, count] for value, count in rows])

    def sharpened(self, factor: float) -> Choices:
        """The same values and overall shares, each value's odds of being serious stretched to the power ``factor``."""
        shares = np.diff(self.cumulative, axis=1, prepend=0.0) + TINY
        total, odds = shares.sum(axis=0), (shares[1] / shares[0]) ** factor
        stretched = np.array([total / (1 + odds), total * odds / (1 + odds)])
        return Choices(self.values, np.cumsum(stretched / stretched.sum(axis=1, keepdims=True), axis=1))

    def draw(self, random: np.random.Generator, serious: Bools) -> Ints:
        """One index into ``values`` for each case."""
        points = random.random(len(serious))
        drawn = np.empty(len(serious), dtype=np.int64)
        for label in (False, True):
            here = serious == label
            drawn[here] = np.searchsorted(self.cumulative[int(label)], points[here], side="right")
        return np.minimum(drawn, len(self.values) - 1)

    def draw_values(self, random: np.random.Generator, serious: Bools) -> Texts:
        drawn: Texts = self.texts[self.draw(random, serious)]
        return drawn


@dataclass(frozen=True)
class DrugTerms:
    """For each of some drugs, terms with cumulative shares, padded to one length."""

    rows: dict[str, int]
    terms: Ints  # (drugs, longest): indices into the figures' terms
    cumulative: Floats  # (drugs, longest)

    @classmethod
    def of(cls, raw: dict[str, Sequence[Sequence[int]]]) -> DrugTerms:
        longest = max(len(rows) for rows in raw.values())
        terms = np.zeros((len(raw), longest), dtype=np.int64)
        cumulative = np.full((len(raw), longest), 2.0)  # beyond any draw
        for index, rows in enumerate(raw.values()):
            counts = np.array([row[1] for row in rows], dtype=np.float64)
            terms[index, : len(rows)] = [row[0] for row in rows]
            cumulative[index, : len(rows)] = np.cumsum(counts / counts.sum())
            cumulative[index, len(rows) - 1] = 1.0
        return cls({drug: index for index, drug in enumerate(raw)}, terms, cumulative)

    def rows_of(self, drugs: Texts) -> Ints:
        """Each drug's row, or -1."""
        return np.array([self.rows.get(drug, -1) for drug in drugs.tolist()], dtype=np.int64)

    def draw(self, random: np.random.Generator, rows: Ints) -> Ints:
        """One term for each of ``rows``."""
        points = random.random(len(rows))
        drawn: Ints = self.terms[rows, (points[:, None] >= self.cumulative[rows]).sum(axis=1)]
        return drawn


@dataclass(frozen=True)
class Figures:
    serious_share: float
    terms: Choices
    all_terms: Choices  # the same terms, drawn alike for both labels
    drugs: Choices
    drug_terms: DrugTerms
    countries: Choices
    senders: Choices
    report_codes: dict[str, Choices]  # by region: US, EU, OTHER
    occupations: dict[str, Choices]  # by report code
    sexes: dict[str, Choices]  # by occupation
    ages: Choices  # lower end of bands of five years
    age_missing: tuple[float, float]  # shares, by label
    weight_known: tuple[float, float]
    versions: Choices
    reactions_per_report: Choices
    drugs_per_report: Choices
    outcomes: Choices
    indications: Choices
    routes: Choices


@cache
def load_figures() -> Figures:
    text = resources.files("vigil.cases.synthetic").joinpath("figures.json").read_text(encoding="utf-8")
    raw: dict[str, Any] = json.loads(text)
    reports = raw["reports"]

    def by(name: str) -> dict[str, Choices]:
        return {key: Choices.of(rows) for key, rows in raw[name].items()}

    return Figures(
        serious_share=reports[1] / sum(reports),
        terms=Choices.of(raw["terms"]).sharpened(TERM_SHARPNESS),
        all_terms=Choices.plain([[value, low + high] for value, low, high in raw["terms"]]),
        drugs=Choices.of(raw["drugs"]),
        drug_terms=DrugTerms.of(raw["drug_terms"]),
        countries=Choices.of(raw["countries"]),
        senders=Choices.of(raw["senders"]),
        report_codes=by("report_codes"),
        occupations=by("occupations"),
        sexes=by("sexes"),
        ages=Choices.of(raw["ages"]),
        age_missing=_by_label(raw["age_missing"], reports),
        weight_known=_by_label(raw["weights_known"], reports),
        versions=Choices.of(raw["versions"]),
        reactions_per_report=Choices.of(raw["reactions_per_report"]),
        drugs_per_report=Choices.of(raw["drugs_per_report"]),
        outcomes=Choices.of(raw["outcomes"]),
        indications=Choices.plain(raw["indications"]),
        routes=Choices.plain(raw["routes"]),
    )


def _by_label(counts: Sequence[int], reports: Sequence[int]) -> tuple[float, float]:
    return counts[0] / reports[0], counts[1] / reports[1]
