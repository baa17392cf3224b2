"""Profile a dataset version: how the values of each column are distributed, over all and by quarter."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import ibis
from ibis import _

from vigil.cases.engine import DuckDbEngine
from vigil.cases.schema import load_curated_table
from vigil.datasets.models import DatasetProfile, Distribution, QuarterFigures
from vigil.datasets.split_settings import SPLIT_FILES

# Identifiers, dates and free text have no distribution worth comparing.
CATEGORIES = (
    *("sex", "reporter_country", "occurrence_country", "reporter_occupation", "report_code", "initial_or_followup"),
    "sender",
)
TERMS = ("reactions", "drugs", "indications", "outcomes")
LENGTHS = ("reactions", "drugs")
OTHER = "(other)"
SHOWN_VALUES = 30
# A value that so few cases have is counted with the others: a profile is about many people, never about one.
FEWEST_CASES = 5
# Width of the bins, and where the last one begins: few people are beyond it.
AGE_YEARS, WEIGHT_KG = (5, 95), (10, 150)
LONGEST_LIST = 20


def profile_dataset(folder: Path, spill: Path) -> DatasetProfile:
    """Profile the split files in ``folder``. The same rows give the same profile."""
    with DuckDbEngine(spill) as engine:
        cases = engine.read([folder / file for file in SPLIT_FILES.values()], "cases")
        rows = int(cases.count().to_pyarrow().as_py())
        columns = {
            "age_years": _binned(cases, cases.age_years, rows, *AGE_YEARS),
            "weight_kg": _binned(cases, cases.weight_kg, rows, *WEIGHT_KG),
            "serious": _category(cases, cases.serious.cast("string"), rows),
            **{name: _category(cases, cases[name], rows) for name in CATEGORIES},
            **{name: _terms(cases, name, rows) for name in TERMS},
            **{f"{name}.count": _lengths(cases, name, rows) for name in LENGTHS},
        }
        return DatasetProfile(rows=rows, columns=dict(sorted(columns.items())), quarters=_quarters(cases))


def _binned(cases: Any, value: Any, rows: int, width: int, last: int) -> Distribution:
    low = ibis.least((value / width).floor().cast("int64") * width, last)
    counted = _counts(cases.select(bin=ibis.ifelse(value.isnull(), ibis.null("int64"), low)), "bin")
    return _numbers(counted, rows, lambda n: f"{n}+" if n == last else f"{n}-{n + width - 1}")


def _lengths(cases: Any, name: str, rows: int) -> Distribution:
    counted = _counts(cases.select(length=ibis.least(cases[name].length(), LONGEST_LIST)), "length")
    return _numbers(counted, rows, lambda n: f"{n}+" if n == LONGEST_LIST else str(n))


def _numbers(counts: dict[Any, int], rows: int, label: Callable[[Any], str]) -> Distribution:
    """Bins in order; those of few cases are counted together, last."""
    rare = sum(n for low, n in counts.items() if low is not None and n < FEWEST_CASES)
    shown = {low: n for low, n in counts.items() if low is None or n >= FEWEST_CASES}
    found = shown | ({OTHER: rare} if rare else {})
    return _distribution("number", found, rows, lambda low: low if low == OTHER else label(low))


def _category(cases: Any, value: Any, rows: int) -> Distribution:
    counted = _counts(cases.select(value=value), "value")
    return _distribution("category", _commonest(counted), rows, str)


def _terms(cases: Any, name: str, rows: int) -> Distribution:
    """Shares of the cases that have any term: they sum to more than one, and there is no share of all others."""
    counted = _counts(cases.select(term=cases[name].unnest()), "term")
    empty = int(cases.filter(cases[name].length() == 0).count().to_pyarrow().as_py())
    shown = {term: count for term, count in _commonest({**counted, None: empty}).items() if term != OTHER}
    return _distribution("terms", shown, rows, str)


def _counts(values: Any, column: str) -> dict[Any, int]:
    counted = values.group_by(column).aggregate(n=_.count()).order_by(column)
    return {row[column]: row["n"] for row in counted.to_pyarrow().to_pylist()}


def _commonest(counts: dict[Any, int]) -> dict[Any, int]:
    """The commonest values, most first, ties in alphabetical order; the rest as ``(other)``."""
    known = sorted(
        ((n, value) for value, n in counts.items() if value is not None), key=lambda pair: (-pair[0], pair[1])
    )
    shown = {value: n for n, value in known[:SHOWN_VALUES] if n >= FEWEST_CASES}
    if rest := sum(n for n, _value in known) - sum(shown.values()):
        shown[OTHER] = rest
    return {**shown, None: counts.get(None, 0)}


def _distribution(kind: Any, counts: dict[Any, int], rows: int, label: Callable[[Any], str]) -> Distribution:
    missing = counts.pop(None, 0)
    known = max(rows - missing, 1)
    shares = tuple((label(value), round(n / known, 6)) for value, n in counts.items())
    return Distribution(kind=kind, missing=round(missing / max(rows, 1), 6), shares=shares)


def _quarters(cases: Any) -> dict[str, QuarterFigures]:
    optional = [column.name for column in load_curated_table().columns if not (column.required or column.is_list)]
    counted = cases.group_by("quarter").aggregate(
        rows=_.count(),
        serious=_.serious.cast("float64").mean(),
        **{f"missing.{name}": cases[name].isnull().cast("float64").mean() for name in optional},
    )
    return {
        row["quarter"]: QuarterFigures(
            rows=row["rows"],
            serious_rate=round(row["serious"], 6),
            missing={name: round(row[f"missing.{name}"], 6) for name in optional},
        )
        for row in counted.order_by("quarter").to_pyarrow().to_pylist()
    }
