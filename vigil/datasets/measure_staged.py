"""Measure an archive's staged tables: what curation leaves behind, and quality must judge all the same."""

from __future__ import annotations

from typing import Any

import ibis
from ibis import _

from vigil.cases.curation import StagedTables
from vigil.datasets.quarter_record import ChildRows, StagedMeasurements

CODE_COLUMNS = {
    "demo": ("rept_cod", "i_f_code", "sex", "age_cod", "wt_cod", "occp_cod"),
    "drug": ("role_cod",),
    "outc": ("outc_cod",),
}
CHILDREN = ("drug", "reac", "outc", "indi")
CODE_FORM = r"^[A-Z0-9]{0,6}$"  # anything else may be text of a shifted column, which must not be copied
NOT_A_CODE = "(not a code)"
PARTIAL_DATE = r"^[0-9]{4}([0-9]{2})?$"


def measure_staged(tables: StagedTables, repeated_reports: int) -> StagedMeasurements:
    """Codes, orphans and partial dates of one archive; ``repeated_reports`` is what the parser refused as repeats."""
    reports = tables.demo.select("primaryid")
    return StagedMeasurements(
        codes={
            column: _codes(getattr(tables, name), column)
            for name, columns in CODE_COLUMNS.items()
            for column in columns
        },
        children={name: _children(getattr(tables, name), reports) for name in CHILDREN},
        repeated_reports=repeated_reports,
        partial_event_dates=_number(tables.demo.event_dt.re_search(PARTIAL_DATE).sum()),
    )


def _children(table: Any, reports: Any) -> ChildRows:
    return ChildRows(rows=_number(table.count()), orphans=_number(table.anti_join(reports, "primaryid").count()))


def _codes(table: Any, column: str) -> dict[str, int]:
    counted = table.group_by(column).aggregate(n=_.count())  # first, so that few values are looked at
    code = counted[column].strip().upper()
    safe = ibis.ifelse(code.re_search(CODE_FORM), code, NOT_A_CODE)
    rows = counted.select(code=safe, n=_.n).group_by("code").aggregate(n=_.n.sum()).order_by("code")
    return {row["code"]: int(row["n"]) for row in rows.to_pyarrow().to_pylist()}


def _number(expression: Any) -> int:
    return int(expression.to_pyarrow().as_py() or 0)
