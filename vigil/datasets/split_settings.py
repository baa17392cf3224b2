"""How cases are shared out among the splits: a function of a case's id, its quarter and the seed alone."""

from __future__ import annotations

import hashlib

from pydantic import BaseModel, ConfigDict, Field, model_validator

TRAIN, VALIDATION, TEST, TEST_NEXT = "train", "validation", "test", "test_next"
SPLITS = (TRAIN, VALIDATION, TEST, TEST_NEXT)
# Hive's naming of folders, which Athena, Spark and DuckDB read as a partition column.
SPLIT_FILES = {name: f"cases/split={name}/cases.parquet" for name in SPLITS}
HASH_BYTES = 8


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
