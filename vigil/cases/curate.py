"""Run the curation over an archive's staged files and write its rows as Parquet whose bytes depend on them alone."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from vigil.cases.archive import DELETED
from vigil.cases.curation import StagedTables, curate
from vigil.cases.engine import Engine
from vigil.cases.parquet import write_rows
from vigil.cases.schema import CURATED_SCHEMA
from vigil.cases.stage import COUNTRIES
from vigil.cases.staged_counts import StagedArchive


def staged_tables(engine: Engine, staged: Path) -> StagedTables:
    """The tables that ``stage_archive`` left in the folder ``staged``."""

    def read(table: str) -> object:
        return engine.read([staged / f"{table}.parquet"], table.lower())

    return StagedTables(
        demo=read("DEMO"),
        drug=read("DRUG"),
        reac=read("REAC"),
        outc=read("OUTC"),
        indi=read("INDI"),
        deleted=read(DELETED),
        countries=read(COUNTRIES),
    )


def curate_staged(staged: Path, archive: StagedArchive, target: Path, engine: Engine) -> int:
    """Curate what ``stage_archive`` staged into the one file ``target``. Returns the number of cases.

    The same input gives the same bytes, whichever engine runs: rows in order of case id, row groups of a fixed size,
    fixed writer settings.
    """
    rows = curate(staged_tables(engine, staged), archive.name, archive.quarter)
    return write_rows((_cast(batch) for batch in engine.batches(rows)), CURATED_SCHEMA, target)


def _cast(batch: pa.RecordBatch) -> pa.Table:
    return pa.Table.from_batches([batch]).cast(CURATED_SCHEMA)
