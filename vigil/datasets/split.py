"""Split current cases by time and by case: train, validation, test (same time) and test_next (the newest quarter).

A case has one row, in the quarter of its newest version, so no case id can be in two splits. Rows are in order of
quarter and case id, whatever the number of quarters, so memory is bounded by a batch.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from vigil.cases.parquet import RowWriter
from vigil.cases.schema import CURATED_SCHEMA
from vigil.datasets.quarter_record import CASES_FILE
from vigil.datasets.split_settings import SPLIT_FILES, TEST_NEXT, SplitSettings, split_of

BATCH_ROWS = 50_000


class SplitError(ValueError):
    """The cases cannot be split as asked."""


def refuse_too_few(quarters: int) -> None:
    """Raise ``SplitError`` where there is no older quarter to train on."""
    if quarters < 2:
        raise SplitError(
            "one quarter cannot be split: the newest becomes the out-of-time test, so give at least one older quarter "
            "to train on"
        )


def split_cases(
    quarters: Mapping[str, Path], current: Mapping[str, pa.Int64Array], settings: SplitSettings, folder: Path
) -> dict[str, int]:
    """Write each split's file into ``folder``; returns rows by split. The newest quarter is ``test_next``.

    ``quarters`` maps a quarter to its curated files, ``current`` to the sorted ids of the cases to keep from it. Raises
    ``SplitError`` for fewer than two quarters, or when a split comes out empty.
    """
    refuse_too_few(len(quarters))
    newest = max(quarters)
    with ExitStack() as stack:
        writers = {
            name: stack.enter_context(RowWriter(folder / file, CURATED_SCHEMA)) for name, file in SPLIT_FILES.items()
        }
        for quarter in sorted(quarters):
            for rows in _current_rows(quarters[quarter] / CASES_FILE, current[quarter]):
                if quarter == newest:
                    writers[TEST_NEXT].write(rows)
                    continue
                names = pa.array(split_of(case_id, settings) for case_id in rows["case_id"].to_pylist())
                for name, writer in writers.items():
                    writer.write(rows.filter(pc.equal(names, name)))
    counts = {name: writer.rows for name, writer in writers.items()}
    if empty := [name for name, count in counts.items() if count == 0]:
        raise SplitError(f"no case falls into {', '.join(empty)} ({counts}): give more cases or other shares")
    return counts


def _current_rows(cases: Path, kept: pa.Int64Array) -> Iterator[pa.Table]:
    with pq.ParquetFile(cases) as source:
        for batch in source.iter_batches(BATCH_ROWS):
            rows = pa.Table.from_batches([batch]).cast(CURATED_SCHEMA)
            kept_here = rows.filter(pc.is_in(rows["case_id"], value_set=kept))
            if kept_here.num_rows:
                yield kept_here
