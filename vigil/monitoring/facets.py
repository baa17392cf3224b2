"""Which groups are looked at, and the counts that all bias metrics follow from.

A facet's group (Clarify's facet d) is compared with the others of that facet (facet a): women with men, each age band
with the other known ages, US reports with all others. Cases whose sex or age is not known are in neither.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from vigil.cases.models import CaseReport
from vigil.models.curated import AGE_BANDS
from vigil.monitoring.findings import ScoredCase
from vigil.monitoring.model_quality_files import PREDICTED_AT

AGE, SEX, REGION = "age_band", "sex", "region"
FACETS: tuple[tuple[str, str], ...] = (
    (SEX, "F"),
    *((AGE, name.removeprefix("age_")) for name, _, _ in AGE_BANDS),
    (REGION, "US"),
)

#: Predicted serious, labelled serious; the second is None without ground truth.
Cell = tuple[bool, bool | None]


@dataclass(frozen=True)
class Group:
    """Counts of cases by ``Cell``."""

    cells: dict[Cell, int]

    @property
    def cases(self) -> int:
        return sum(self.cells.values())

    @property
    def labelled(self) -> int:
        return sum(count for (_, label), count in self.cells.items() if label is not None)

    def to_json(self) -> dict[str, int]:
        return {cell_name(cell): count for cell, count in sorted(self.cells.items(), key=lambda item: str(item[0]))}

    @classmethod
    def from_json(cls, told: dict[str, Any]) -> Group:
        return cls({cell: int(told[cell_name(cell)]) for cell in CELLS if cell_name(cell) in told})


@dataclass(frozen=True)
class Facet:
    """``d``: the group that ``value`` names; ``a``: the others of the facet."""

    name: str
    value: str
    d: Group
    a: Group

    @property
    def feature(self) -> str:
        return f"{self.name}={self.value}"


CELLS: tuple[Cell, ...] = tuple((predicted, label) for predicted in (True, False) for label in (True, False, None))


def cell_name(cell: Cell) -> str:
    predicted, label = cell
    truth = "unlabelled" if label is None else "serious" if label else "not_serious"
    return f"{truth}_predicted_{'serious' if predicted else 'not_serious'}"


def count_facets(cases: Iterable[ScoredCase]) -> tuple[list[Facet], int]:
    """All facets of some cases, and how many cases there were; memory does not grow with them."""
    counts: Counter[tuple[str, str, Cell]] = Counter()
    seen = 0
    for case in cases:
        seen += 1
        cell = (case.probability >= PREDICTED_AT, case.serious)
        for facet, value in values_of(case.report).items():
            counts[facet, value, cell] += 1
    found = []
    for name, value in FACETS:
        d: Counter[Cell] = Counter()
        a: Counter[Cell] = Counter()
        for (facet, other, cell), count in counts.items():
            if facet == name:
                (d if other == value else a)[cell] += count
        found.append(Facet(name, value, Group(dict(d)), Group(dict(a))))
    return found, seen


def values_of(report: CaseReport) -> dict[str, str]:
    """The group of a report in each facet; a facet is missing where the report does not tell."""
    found = {REGION: "US" if report.reporter_country == "US" else "other"}
    if report.sex is not None:
        found[SEX] = report.sex
    if report.age_years is not None:
        bands = (name for name, low, high in AGE_BANDS if low <= report.age_years < high)
        found[AGE] = next(bands).removeprefix("age_")
    return found
