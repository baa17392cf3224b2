"""Measure what was staged and curated, so that quality can be judged without reading a row again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pyarrow.parquet as pq

from vigil.cases.curate import connect, staged_tables
from vigil.cases.curation import CURATED_SCHEMA, StagedTables
from vigil.cases.quarter import Quarter
from vigil.cases.stage import StagedArchive
from vigil.cases.synthetic import SYNTHETIC_MARK
from vigil.datasets.models import Measurements
from vigil.datasets.split import SPLIT_FILES

LISTS = ("reactions", "drugs", "suspect_drugs", "indications", "outcomes")
NEVER_NULL = {"case_id", "primary_id", "serious", "source_archive", "source_table", "source_line"}
CODE_COLUMNS = {
    "demo": ("rept_cod", "i_f_code", "sex", "age_cod", "wt_cod", "occp_cod"),
    "drug": ("role_cod",),
    "outc": ("outc_cod",),
}
CODE_FORM = r"^[A-Z0-9]{0,6}$"  # anything else may be text of a shifted column, which must not be copied
NOT_A_CODE = "(not a code)"
PARTIAL_DATE = r"^[0-9]{4}([0-9]{2})?$"

Metrics = dict[str, float | int | str | None]


def measure_curation(staged: Path, curated: Path, archives: Sequence[StagedArchive]) -> Measurements:
    """Measure the staged tables and the curated file."""
    connection = connect(staged / "spill")
    try:
        tables = staged_tables(connection, staged)
        cases = connection.read_parquet(str(curated), table_name="cases")
        metrics: Metrics = {**_parsing(archives), **_cases(cases, archives), **_joins(tables)}
        metrics["versions.superseded_or_deleted"] = _number(tables.demo.count()) - int(metrics["rows.total"] or 0)
        return Measurements(metrics=dict(sorted(metrics.items())), codes=_codes(tables))
    finally:
        connection.disconnect()


def measure_splits(folder: Path) -> Metrics:
    """Rows and the share of serious cases of each split."""
    metrics: Metrics = {}
    for name, file in SPLIT_FILES.items():
        labels = pq.read_table(folder / file, columns=["serious"])["serious"]
        metrics[f"rows.{name}"] = len(labels)
        metrics[f"serious_rate.{name}"] = _rounded(pc.sum(labels).as_py() / len(labels)) if len(labels) else None
    return metrics


def _parsing(archives: Sequence[StagedArchive]) -> Metrics:
    lines = rejects = latin1 = 0
    metrics: Metrics = {}
    for archive in archives:
        for counts in archive.tables.values():
            lines += counts.lines
            rejects += counts.rejects
            latin1 += counts.latin1_lines
        metrics[f"rows.demo.{archive.quarter}"] = archive.tables["DEMO"].rows
    return {
        **metrics,
        "quarters": len(archives),
        "lines": lines,
        "lines.latin1": latin1,
        "rejects": rejects,
        "reject_rate": rejects / lines if lines else None,
        "rows.demo.least": min(archive.tables["DEMO"].rows for archive in archives),
    }


def _cases(cases: Any, archives: Sequence[StagedArchive]) -> Metrics:
    quarters = [Quarter.parse(archive.quarter) for archive in archives]
    first = cases.quarter.cases(*((str(quarter), quarter.first_day.isoformat()) for quarter in quarters))
    last = cases.quarter.cases(*((str(quarter), quarter.last_day.isoformat()) for quarter in quarters))
    outside = (cases.received_date < first) | (cases.received_date > last)
    wanted: dict[str, Any] = {
        "rows.total": cases.count(),
        "repeated.case_id": cases.count() - cases.case_id.nunique(),
        "serious_rate.all": cases.serious.cast("float64").mean(),
        "received_date.first": cases.received_date.min(),
        "received_date.last": cases.received_date.max(),
        "event_date.first": cases.event_date.min(),
        "event_date.last": cases.event_date.max(),
        "synthetic_rate": cases.authority_number.startswith(SYNTHETIC_MARK).fill_null(False).cast("float64").mean(),
        "received_outside_quarter": outside.cast("float64").mean(),
        "age_years.mean": cases.age_years.mean(),
        "weight_kg.mean": cases.weight_kg.mean(),
        "reactions.mean_count": cases.reactions.length().mean(),
    }
    for column in CURATED_SCHEMA.names:
        if column in LISTS:
            wanted[f"coverage.{column}"] = (cases[column].length() > 0).cast("float64").mean()
        elif column not in NEVER_NULL:
            wanted[f"null_rate.{column}"] = cases[column].isnull().cast("float64").mean()
    row: Mapping[str, Any] = cases.aggregate(**wanted).to_pyarrow().to_pylist()[0]
    return {name: _rounded(row[name]) for name in wanted}


def _joins(tables: StagedTables) -> Metrics:
    """Share of child rows without their report, and DEMO lines that repeat a report of the same archive."""
    keys = ["source_archive", "primaryid"]
    reports = tables.demo.select(keys).distinct()
    lines = _number(tables.demo.count())
    metrics: Metrics = {
        "repeated.primaryid": lines - _number(reports.count()),
        "event_dates.partial": _number(tables.demo.event_dt.re_search(PARTIAL_DATE).sum()),
    }
    for name in ("drug", "reac", "outc", "indi"):
        table = getattr(tables, name)
        rows = _number(table.count())
        orphans = _number(table.anti_join(reports, keys).count())
        metrics[f"orphans.{name}"] = _rounded(orphans / rows) if rows else 0.0
    return metrics


def _codes(tables: StagedTables) -> dict[str, dict[str, int]]:
    import ibis

    found: dict[str, dict[str, int]] = {}
    for name, columns in CODE_COLUMNS.items():
        table = getattr(tables, name)
        for column in columns:
            code = table[column].strip().upper()
            safe = ibis.ifelse(code.re_search(CODE_FORM), code, NOT_A_CODE)
            counts = table.select(code=safe).group_by("code").aggregate(n=lambda t: t.count())
            found[column] = {row["code"]: row["n"] for row in counts.order_by("code").to_pyarrow().to_pylist()}
    return found


def _number(expression: Any) -> int:
    return int(expression.to_pyarrow().as_py() or 0)


def _rounded(value: Any) -> float | int | str | None:
    """Parallel sums may differ in the last bits from run to run; six decimals are the same."""
    return round(value, 6) if isinstance(value, float) else value
