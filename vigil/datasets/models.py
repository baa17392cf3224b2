"""Types of a dataset version: where it came from, what was measured, and what describes it."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from vigil.cases.stage import StagedArchive
from vigil.datasets.split_settings import SplitSettings

QUARTER_FILE = "quarter.json"
MEASUREMENTS_FILE = "measurements.json"
PROFILE_FILE = "profile.json"
PROVENANCE_FILE = "provenance.json"
DESCRIPTION_FILE = "dataset.json"
QUALITY_FILE = "quality.json"
DATASET_NAME = "faers"


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
    """``quarter.json``, written last: one archive, curated. A function of the archive and of the code alone.

    ``revision`` names that code (``vigil.datasets.revision``): rows curated by other code are never mixed in.
    """

    archive: SourceArchive
    cases: int
    staged: StagedMeasurements
    schema_version: int
    revision: str

    @property
    def quarter(self) -> str:
        return self.archive.counts.quarter


class Measurements(_Record):
    """What the quality rules judge. ``metrics``: counts, shares from 0 to 1, ISO dates; null where there was no data.

    ``codes`` counts the values of columns that hold codes, by column.
    """

    metrics: dict[str, float | int | str | None]
    codes: dict[str, dict[str, int]]


class Distribution(_Record):
    """How the known values of a column are distributed.

    ``shares`` pairs a value or a bin (``40-44``) with its share of the rows where the column is known; for terms, of
    the rows that have any. They are in the order in which to show them: bins ascending, values by share. Rare values
    are counted together as ``(other)``.
    """

    kind: Literal["number", "category", "terms"]
    missing: float
    shares: tuple[tuple[str, float], ...]


class QuarterFigures(_Record):
    """One quarter's part of a dataset version; shares from 0 to 1."""

    rows: int
    serious_rate: float
    missing: dict[str, float]


class DatasetProfile(_Record):
    """``profile.json``: the version's distributions, by column of the curated table, and its quarters."""

    rows: int
    columns: dict[str, Distribution]
    quarters: dict[str, QuarterFigures]


class Provenance(_Record):
    """How curated files were made; together with the code, enough to make them again.

    ``engine`` is told, but no part of a version: every engine gives the same rows.
    """

    quarters: tuple[str, ...]
    archives: tuple[SourceArchive, ...]
    profile: str
    split: SplitSettings
    schema_version: int
    revision: str
    engine: str


class DatasetDescription(_Record):
    """``dataset.json`` of a version."""

    name: str
    quarters: tuple[str, ...]
    archives: tuple[SourceArchive, ...]
    profile: str
    split: SplitSettings
    schema_version: int
    rows: dict[str, int]
