"""A dataset version's splits as training and evaluation read them: reports, labels, and what to slice by.

Only the columns named here are read, so a field that reveals the label is never even in memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow
import pyarrow.parquet
from numpy.typing import NDArray

from vigil.cases.intake import IntakeError, case_report
from vigil.cases.models import CaseReport
from vigil.datasets.split_settings import SPLIT_FILES

REPORT_COLUMNS = ("case_id", "reactions", "drugs", "age_years", "weight_kg", "sex", "reporter_country")
CHANNEL_COLUMNS = ("reporter_occupation", "sender")  # for monitoring; read where the split has them
LABEL_COLUMN = "serious"
BATCH_ROWS = 20_000  # bounds the reports held at once: a quarter has some 400,000

AGE_BANDS = (("age_0_17", 0.0, 18.0), ("age_18_64", 18.0, 65.0), ("age_65_up", 65.0, 151.0))


class CuratedDataError(ValueError):
    """A split lacks a column or holds a row that is no case report; the message names file, column or row."""


class CuratedSplit:
    """One split of the dataset version in ``folder``. Reports can be read as often as needed."""

    def __init__(self, folder: Path, name: str) -> None:
        self.name = name
        self._file = SPLIT_FILES[name]
        self._path = folder / self._file
        if not self._path.is_file():
            raise CuratedDataError(f"{self._file} is missing from the dataset: release the dataset again")
        have = set(pyarrow.parquet.ParquetFile(self._path).schema_arrow.names)
        missing = [column for column in (*REPORT_COLUMNS, LABEL_COLUMN) if column not in have]
        if missing:
            raise CuratedDataError(f"{self._file}: columns missing: {', '.join(missing)}")

    def __iter__(self) -> Iterator[CaseReport]:
        """The case reports, in the file's order."""
        row = 0
        with pyarrow.parquet.ParquetFile(self._path) as file:
            have = set(file.schema_arrow.names)
            columns = [*REPORT_COLUMNS, *(column for column in CHANNEL_COLUMNS if column in have)]
            for batch in file.iter_batches(BATCH_ROWS, columns=columns, use_threads=False):
                for record in batch.to_pylist():
                    row += 1
                    yield self._report(record, row)

    def labels(self) -> NDArray[np.bool_]:
        """Whether each case is serious, shape (reports,)."""
        column = self._column(LABEL_COLUMN)
        if column.null_count:
            raise CuratedDataError(f"{self._file}: {column.null_count} rows have no label")
        return np.asarray(column.to_numpy(zero_copy_only=False), dtype=np.bool_)

    def subgroups(self) -> dict[str, NDArray[np.bool_]]:
        """For each subgroup, which reports belong to it. No country is counted as non-US: it is not known to be US."""
        us = _text(self._column("reporter_country")) == "US"
        sex = _text(self._column("sex"))
        age = np.asarray(self._column("age_years").to_numpy(zero_copy_only=False), dtype=np.float64)
        bands = {name: (age >= low) & (age < high) for name, low, high in AGE_BANDS}
        return {
            "us": us,
            "non_us": ~us,
            "sex_F": sex == "F",
            "sex_M": sex == "M",
            "sex_missing": (sex != "F") & (sex != "M"),
            **bands,
            "age_missing": np.isnan(age),
        }

    def _column(self, name: str) -> Any:
        with pyarrow.parquet.ParquetFile(self._path) as file:
            return file.read(columns=[name], use_threads=False).column(name).combine_chunks()

    def _report(self, record: dict[str, Any], row: int) -> CaseReport:
        try:
            return case_report(record)
        except IntakeError as error:
            raise CuratedDataError(f"{self._file}: row {row}: not a case report: {error.fields}") from None


def _text(column: Any) -> NDArray[np.str_]:
    return np.array([value or "" for value in column.to_pylist()], dtype=np.str_)
