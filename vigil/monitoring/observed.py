"""Scored cases as columns: the one form in which monitors see them, a batch at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

import pyarrow as pa
import pyarrow.compute as pc

from vigil.cases.models import CaseReport
from vigil.monitoring.columns import COLUMNS, Column
from vigil.scoring.models import CaseScore

#: Bounds what is held at once; an invocation has at most 500 cases.
BATCH_ROWS = 20_000

COUNTS = {"reactions": "reaction_count", "drugs": "drug_count"}


def _arrow_type(column: Column) -> pa.DataType:
    if column.many:
        return pa.list_(pa.string())
    return {"String": pa.string(), "Integral": pa.int64(), "Fractional": pa.float64()}[column.type]


#: The columns' types as ``observed`` gives them.
OBSERVED = pa.schema([pa.field(column.name, _arrow_type(column)) for column in COLUMNS])


def observed(cases: Iterable[tuple[CaseReport, CaseScore]]) -> pa.Table:
    """One row for each scored case, by ``OBSERVED``. A value that a case repeats counts once."""
    pairs = list(cases)
    reports, scores = [report for report, _ in pairs], [score for _, score in pairs]
    reactions = [list(dict.fromkeys(report.reactions)) for report in reports]
    drugs = [list(dict.fromkeys(report.drugs)) for report in reports]
    columns = {
        "age_years": [report.age_years for report in reports],
        "weight_kg": [report.weight_kg for report in reports],
        "sex": [report.sex for report in reports],
        "reporter_country": [report.reporter_country for report in reports],
        "reporter_occupation": [report.reporter_occupation for report in reports],
        "sender": [report.sender for report in reports],
        "reactions": reactions,
        "drugs": drugs,
        "reaction_count": [len(values) for values in reactions],
        "drug_count": [len(values) for values in drugs],
        "probability": [score.probability for score in scores],
        "uncertainty": [score.uncertainty for score in scores],
        "band": [score.band for score in scores],
    }
    return pa.table(columns, schema=OBSERVED)


def observed_batches(cases: Iterable[tuple[CaseReport, CaseScore]], rows: int = BATCH_ROWS) -> Iterator[pa.Table]:
    """The same in tables of at most ``rows`` rows, so that memory does not grow with the window."""
    rest = iter(cases)
    while batch := list(islice(rest, rows)):
        yield observed(batch)


def observed_table(table: pa.Table) -> pa.Table:
    """Of a table with curated columns (and the scores, where it has them) those that a monitor sees.

    The counts are added; lists must hold a value at most once for each row, as curated ones do.
    """
    kept = table.select([column.name for column in COLUMNS if column.name in table.column_names])
    for many, count in COUNTS.items():
        if many in kept.column_names and count not in kept.column_names:
            lengths = pc.fill_null(pc.list_value_length(kept.column(many)), 0)
            kept = kept.append_column(count, lengths.cast(pa.int64()))
    return kept
