"""Measure a dataset's quarters and its splits, so that quality can be judged without reading a row again."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from vigil.cases.engine import DuckDbEngine
from vigil.cases.quarter import Quarter
from vigil.cases.schema import load_curated_table
from vigil.cases.synthetic import SYNTHETIC_MARK
from vigil.datasets.models import DatasetProfile, Measurements
from vigil.datasets.quarter_record import CuratedQuarter
from vigil.datasets.split_settings import SPLIT_FILES

Metrics = dict[str, float | int | str | None]


def measure_dataset(
    quarters: Sequence[CuratedQuarter], profile: DatasetProfile, folder: Path, spill: Path
) -> Measurements:
    """Measure the ``quarters``, oldest first, and the split files made of them in ``folder``, with their profile."""
    with DuckDbEngine(spill) as engine:
        cases = engine.read([folder / file for file in SPLIT_FILES.values()], "cases")
        metrics: Metrics = {
            **_parsing(quarters),
            **_against_history(quarters),
            **_staged(quarters),
            **_per_report(quarters),
            **_cases(cases, quarters),
            **against_older_quarters(profile),
        }
        for name, file in SPLIT_FILES.items():
            metrics |= _split(engine.read([folder / file], name), name)
    reports = sum(quarter.archive.counts.tables["DEMO"].rows for quarter in quarters)
    metrics["versions.superseded_or_deleted"] = reports - int(metrics["rows.total"] or 0)
    return Measurements(metrics=dict(sorted(metrics.items())), codes=_codes(quarters))


def against_older_quarters(profile: DatasetProfile) -> Metrics:
    """By how much shares of the newest quarter differ from those of the older ones together: ``newest.<what>``.

    And the least and the greatest share of serious cases that any quarter has.
    """
    *older, newest = (profile.quarters[quarter] for quarter in sorted(profile.quarters))
    rates = [figures.serious_rate for figures in (*older, newest)]
    metrics: Metrics = {"serious_rate.least": min(rates), "serious_rate.most": max(rates)}
    rows = sum(figures.rows for figures in older)
    if not rows:
        return metrics
    before = sum(figures.serious_rate * figures.rows for figures in older) / rows
    metrics["newest.serious_rate"] = round(newest.serious_rate - before, 6)
    for column, missing in newest.missing.items():
        mean = sum(figures.missing[column] * figures.rows for figures in older) / rows
        metrics[f"newest.missing.{column}"] = round(missing - mean, 6)
    return metrics


def _parsing(quarters: Sequence[CuratedQuarter]) -> Metrics:
    tables = [counts for quarter in quarters for counts in quarter.archive.counts.tables.values()]
    lines, rejects = sum(counts.lines for counts in tables), sum(counts.rejects for counts in tables)
    return {
        "quarters": len(quarters),
        "lines": lines,
        "lines.latin1": sum(counts.latin1_lines for counts in tables),
        "rejects": rejects,
        "reject_rate": rejects / lines if lines else None,
    }


def _against_history(quarters: Sequence[CuratedQuarter]) -> Metrics:
    """Reports of each quarter, and of the newest against the median of the older ones."""
    rows = {quarter.quarter: quarter.archive.counts.tables["DEMO"].rows for quarter in quarters}
    *older, newest = rows.values()
    return {
        **{f"rows.demo.{quarter}": count for quarter, count in rows.items()},
        "rows.demo.least": min(rows.values()),
        "rows.demo.newest_to_median": round(newest / statistics.median(older), 6) if older else None,
    }


def _staged(quarters: Sequence[CuratedQuarter]) -> Metrics:
    metrics: Metrics = {
        "repeated.primaryid": sum(quarter.staged.repeated_reports for quarter in quarters),
        "event_dates.partial": sum(quarter.staged.partial_event_dates for quarter in quarters),
    }
    for name in quarters[0].staged.children:
        children = [quarter.staged.children[name] for quarter in quarters]
        rows = sum(child.rows for child in children)
        metrics[f"orphans.{name}"] = round(sum(child.orphans for child in children) / rows, 6) if rows else 0.0
    return metrics


def _per_report(quarters: Sequence[CuratedQuarter]) -> Metrics:
    """Rows of each child table for each report, in the quarter that has fewest: a lost part of a table shows there."""
    metrics: Metrics = {}
    for name in quarters[0].staged.children:
        shares = [
            quarter.staged.children[name].rows / max(quarter.archive.counts.tables["DEMO"].rows, 1)
            for quarter in quarters
        ]
        metrics[f"per_report.{name}.least"] = round(min(shares), 6)
    return metrics


def _codes(quarters: Sequence[CuratedQuarter]) -> dict[str, dict[str, int]]:
    found: dict[str, Counter[str]] = {}
    for quarter in quarters:
        for column, counts in quarter.staged.codes.items():
            found.setdefault(column, Counter()).update(counts)
    return {column: dict(sorted(counts.items())) for column, counts in found.items()}


def _cases(cases: Any, quarters: Sequence[CuratedQuarter]) -> Metrics:
    spans = [Quarter.parse(quarter.quarter) for quarter in quarters]
    first = cases.quarter.cases(*((str(span), span.first_day.isoformat()) for span in spans))
    last = cases.quarter.cases(*((str(span), span.last_day.isoformat()) for span in spans))
    outside = (cases.received_date < first) | (cases.received_date > last)
    wanted: dict[str, Any] = {
        "rows.total": cases.count(),
        "repeated.case_id": cases.count() - cases.case_id.nunique(),
        "serious_rate.all": _share(cases.serious),
        "received_date.first": cases.received_date.min(),
        "received_date.last": cases.received_date.max(),
        "event_date.first": cases.event_date.min(),
        "event_date.last": cases.event_date.max(),
        "synthetic_rate": _share(cases.authority_number.startswith(SYNTHETIC_MARK).fill_null(False)),
        "received_outside_quarter": _share(outside),
        "age_years.mean": cases.age_years.mean(),
        "weight_kg.mean": cases.weight_kg.mean(),
        "reactions.mean_count": cases.reactions.length().mean(),
    }
    for column in load_curated_table().columns:
        if column.is_list:
            wanted[f"coverage.{column.name}"] = _share(cases[column.name].length() > 0)
        else:
            wanted[f"null_rate.{column.name}"] = _share(cases[column.name].isnull())
    return _row(cases.aggregate(**wanted), wanted)


def _split(cases: Any, name: str) -> Metrics:
    wanted = {f"rows.{name}": cases.count(), f"serious_rate.{name}": _share(cases.serious)}
    return _row(cases.aggregate(**wanted), wanted)


def _share(condition: Any) -> Any:
    return condition.cast("float64").mean()


def _row(aggregate: Any, wanted: Mapping[str, Any]) -> Metrics:
    row: Mapping[str, Any] = aggregate.to_pyarrow().to_pylist()[0]
    return {name: _rounded(row[name]) for name in wanted}


def _rounded(value: Any) -> float | int | str | None:
    """Parallel sums may differ in the last bits from run to run; six decimals are the same."""
    return round(value, 6) if isinstance(value, float) else value
