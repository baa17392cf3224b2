"""Run the curation on DuckDB over staged files and write its rows as Parquet."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from vigil.cases.archive import DELETED
from vigil.cases.curation import CURATED_SCHEMA, StagedTables, curate
from vigil.cases.parquet import write_rows

THREADS = 2
MEMORY_LIMIT = "2GB"  # DuckDB spills to disk beyond it; a full quarter needs less
BATCH_ROWS = 50_000


def connect(spill: Path) -> Any:
    """An Ibis connection to an in-memory DuckDB with bounded threads and memory, spilling into ``spill``."""
    import ibis

    return ibis.duckdb.connect(
        threads=THREADS, memory_limit=MEMORY_LIMIT, temp_directory=str(spill), preserve_insertion_order=False
    )


def staged_tables(connection: Any, staged: Path) -> StagedTables:
    """The staged tables of all quarters below ``staged``."""

    def read(table: str) -> Any:
        return connection.read_parquet(str(staged / table / "*.parquet"), table_name=table.lower())

    return StagedTables(
        demo=read("DEMO"),
        drug=read("DRUG"),
        reac=read("REAC"),
        outc=read("OUTC"),
        indi=read("INDI"),
        deleted=read(DELETED),
    )


def curate_staged(staged: Path, target: Path) -> int:
    """Curate what ``stage_archives`` staged into the one file ``target``. Returns the number of cases.

    The same input gives the same bytes: rows in order of case id, row groups of a fixed size, fixed writer settings.
    """
    connection = connect(staged / "spill")
    raw = staged / "curated-by-engine.parquet"
    try:
        curate(staged_tables(connection, staged)).to_parquet(str(raw))
    finally:
        connection.disconnect()
    with pq.ParquetFile(raw) as file:
        count = write_rows((_cast(batch) for batch in file.iter_batches(BATCH_ROWS)), CURATED_SCHEMA, target)
    raw.unlink()
    return count


def _cast(batch: pa.RecordBatch) -> pa.Table:
    return pa.Table.from_batches([batch]).cast(CURATED_SCHEMA)
