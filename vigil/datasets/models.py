"""Types of a dataset version: where it came from, what was measured, and what describes it."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from vigil.cases.stage import StagedArchive
from vigil.datasets.split import SplitSettings

CURATION_FILE = "curation.json"
MEASUREMENTS_FILE = "measurements.json"
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


class Measurements(_Record):
    """What the quality rules judge. ``metrics``: counts, shares from 0 to 1, ISO dates; null where there was no data.

    ``codes`` counts the values of columns that hold codes, by column.
    """

    metrics: dict[str, float | int | str | None]
    codes: dict[str, dict[str, int]]


class Curation(_Record):
    """What one curation read and measured, before its cases are split."""

    archives: tuple[SourceArchive, ...]
    measurements: Measurements
    schema_version: int
    engine: str


class Provenance(_Record):
    """How curated files were made; together with the code, enough to make them again."""

    quarters: tuple[str, ...]
    archives: tuple[SourceArchive, ...]
    profile: str
    split: SplitSettings
    schema_version: int
    engine: str


class DatasetDescription(_Record):
    """``dataset.json`` of a version."""

    name: str
    quarters: tuple[str, ...]
    archives: tuple[SourceArchive, ...]
    profile: str
    split: SplitSettings
    schema_version: int
    engine: str
    rows: dict[str, int]
