"""Types of a dataset version: where it came from, what was measured, and what describes it."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from vigil.datasets.quarter_record import SourceArchive
from vigil.datasets.split_settings import SplitSettings

MEASUREMENTS_FILE = "measurements.json"
PROFILE_FILE = "profile.json"
PROVENANCE_FILE = "provenance.json"
DESCRIPTION_FILE = "dataset.json"
QUALITY_FILE = "quality.json"
DATASET_NAME = "faers"


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


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
