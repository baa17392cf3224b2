"""What runs a curation: an engine reads Parquet files as Ibis tables and gives an expression's rows back, in order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

import pyarrow as pa

DUCKDB, SPARK = "duckdb", "spark"
ENGINES = (DUCKDB, SPARK)

THREADS = 2
MEMORY_LIMIT = "1500MB"  # DuckDB spills to disk beyond it; with the parser's blocks a whole quarter stays below 3 GB
BATCH_ROWS = 50_000


class Engine(Protocol):
    """Runs Ibis expressions over Parquet files on this machine's disk. A context manager."""

    @property
    def name(self) -> str: ...

    def read(self, files: Sequence[Path], name: str) -> Any:
        """An Ibis table, called ``name``, over the rows of all ``files``, which have one schema."""
        ...

    def batches(self, rows: Any) -> Iterator[pa.RecordBatch]:
        """The rows of an Ibis expression, in the expression's order."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class EngineMaker(Protocol):
    """Makes an engine of the kind ``name``, which may use a folder for what does not fit in memory."""

    @property
    def name(self) -> str: ...

    def __call__(self, spill: Path) -> Engine: ...


class DuckDbEngine:
    """DuckDB in this process, with bounded threads and memory, spilling into ``spill``."""

    name = DUCKDB

    def __init__(self, spill: Path) -> None:
        import ibis

        self.connection = ibis.duckdb.connect(
            threads=THREADS, memory_limit=MEMORY_LIMIT, temp_directory=str(spill), preserve_insertion_order=False
        )
        self.connection.raw_sql("SET enable_progress_bar = false")  # it would stand in a job's log

    def read(self, files: Sequence[Path], name: str) -> Any:
        paths = [str(file) for file in files]
        return self.connection.read_parquet(paths, table_name=name, hive_partitioning=False)

    def batches(self, rows: Any) -> Iterator[pa.RecordBatch]:
        # Not Ibis's to_pyarrow_batches: it calls what DuckDB 2 has removed.
        yield from self.connection.con.sql(self.connection.compile(rows)).to_arrow_reader(BATCH_ROWS)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.connection.disconnect()
