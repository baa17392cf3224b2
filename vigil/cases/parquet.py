"""Write Parquet whose bytes depend on the rows alone."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from types import TracebackType

import pyarrow as pa
import pyarrow.parquet as pq

ROW_GROUP_ROWS = 65_536


class RowWriter:
    """Writes rows in row groups of a fixed size, however they arrive. A context manager; the file is whole on exit."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.rows = 0
        self._pending = schema.empty_table()
        self._writer = pq.ParquetWriter(
            path, schema, version="2.6", compression="zstd", compression_level=3, store_schema=False
        )

    def write(self, rows: pa.Table) -> None:
        self.rows += rows.num_rows
        self._pending = pa.concat_tables([self._pending, rows])
        while self._pending.num_rows >= ROW_GROUP_ROWS:
            self._flush(ROW_GROUP_ROWS)

    def _flush(self, count: int) -> None:
        group = self._pending.slice(0, count).combine_chunks()
        self._writer.write_table(group, row_group_size=ROW_GROUP_ROWS)
        self._pending = self._pending.slice(count)

    def __enter__(self) -> RowWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None and self._pending.num_rows:
            self._flush(self._pending.num_rows)
        self._writer.close()


def write_rows(batches: Iterable[pa.Table], schema: pa.Schema, path: Path) -> int:
    """Write ``batches`` to ``path``; returns the number of rows."""
    with RowWriter(path, schema) as writer:
        for batch in batches:
            writer.write(batch)
    return writer.rows
