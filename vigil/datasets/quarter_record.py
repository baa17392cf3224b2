"""The files of a curated quarter and the record among them: a function of one archive, its name included, and of the
code."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from vigil.cases.staged_counts import REJECTS_FILE, StagedArchive

CASES_FILE = "cases.parquet"
DELETED_FILE = "deleted.parquet"
QUARTER_FILE = "quarter.json"
# The record is written last: where it is, the others are.
QUARTER_FILES = (CASES_FILE, DELETED_FILE, REJECTS_FILE, QUARTER_FILE)


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SourceArchive(_Record):
    """One archive a dataset was curated from, and what parsing its tables gave."""

    sha256: str
    counts: StagedArchive


class ChildRows(_Record):
    """Rows of a child table, and those of them that belong to no report of the archive."""

    rows: int
    orphans: int


class StagedMeasurements(_Record):
    """What can only be measured before curation: ``codes`` counts the values of columns that hold codes, by column."""

    codes: dict[str, dict[str, int]]
    children: dict[str, ChildRows]
    repeated_reports: int
    partial_event_dates: int


class CuratedQuarter(_Record):
    """``quarter.json``: one archive, curated into ``cases`` rows.

    ``revision`` names the code (``vigil.datasets.revision``): rows curated by other code are never mixed in. ``files``
    holds the SHA-256 of the other files, which is verified before they are used again.
    """

    archive: SourceArchive
    cases: int
    staged: StagedMeasurements
    schema_version: int
    revision: str
    files: dict[str, str]

    @property
    def quarter(self) -> str:
        return self.archive.counts.quarter
