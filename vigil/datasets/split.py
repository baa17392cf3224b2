"""Split curated cases by time and by case: train, validation, test (same time) and test_next (the newest quarter).

A case has one row, in the quarter of its newest version, so no case id can be in two splits.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pydantic import BaseModel, ConfigDict, Field, model_validator

from vigil.cases.curation import CURATED_SCHEMA
from vigil.cases.parquet import RowWriter

TRAIN, VALIDATION, TEST, TEST_NEXT = "train", "validation", "test", "test_next"
SPLITS = (TRAIN, VALIDATION, TEST, TEST_NEXT)
SPLIT_FILES = {name: f"{name}.parquet" for name in SPLITS}
HASH_BYTES = 8
BATCH_ROWS = 50_000


class SplitError(ValueError):
    """The cases cannot be split as asked."""


class SplitSettings(BaseModel):
    """Shares of the cases that are not in the newest quarter. ``seed`` changes who is where, nothing else does."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    seed: int = 20140101
    train: float = Field(default=0.70, gt=0)
    validation: float = Field(default=0.15, gt=0)
    test: float = Field(default=0.15, gt=0)

    @model_validator(mode="after")
    def _check_sum(self) -> SplitSettings:
        total = self.train + self.validation + self.test
        if abs(total - 1) > 1e-9:
            raise ValueError(f"train, validation and test must sum to 1, they sum to {total}")
        return self


def split_of(case_id: int, settings: SplitSettings) -> str:
    """The split of a case that is not in the newest quarter: a function of its id and the seed alone."""
    digest = hashlib.sha256(f"{settings.seed}:{case_id}".encode()).digest()
    position = int.from_bytes(digest[:HASH_BYTES]) / 2 ** (8 * HASH_BYTES)
    if position < settings.train:
        return TRAIN
    return VALIDATION if position < settings.train + settings.validation else TEST


def split_cases(curated: Path, quarters: Sequence[str], settings: SplitSettings, folder: Path) -> dict[str, int]:
    """Write ``train.parquet`` and so on into ``folder``; returns rows by split. The newest quarter is ``test_next``.

    Raises ``SplitError`` for fewer than two quarters, or when a split comes out empty.
    """
    if len(set(quarters)) < 2:
        raise SplitError(
            f"the quarters {list(quarters)} cannot be split: the newest becomes the out-of-time test, "
            "so give at least one older quarter to train on"
        )
    newest = max(quarters)
    with ExitStack() as stack, pq.ParquetFile(curated) as source:
        writers = {
            name: stack.enter_context(RowWriter(folder / file, CURATED_SCHEMA)) for name, file in SPLIT_FILES.items()
        }
        for batch in source.iter_batches(BATCH_ROWS):
            rows = pa.Table.from_batches([batch])
            names = pa.array(
                TEST_NEXT if quarter == newest else split_of(case_id, settings)
                for case_id, quarter in zip(rows["case_id"].to_pylist(), rows["quarter"].to_pylist(), strict=True)
            )
            for name, writer in writers.items():
                writer.write(rows.filter(pc.equal(names, name)).cast(CURATED_SCHEMA))
    counts = {name: writer.rows for name, writer in writers.items()}
    if empty := [name for name, count in counts.items() if count == 0]:
        raise SplitError(f"no case falls into {', '.join(empty)} ({counts}): give more cases or other shares")
    return counts
