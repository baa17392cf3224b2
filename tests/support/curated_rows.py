"""Rows that curation makes of archives, of one alone and of several put together."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pyarrow.parquet as pq

from vigil.cases.curate import curate_staged
from vigil.cases.engine import DuckDbEngine, EngineMaker
from vigil.cases.stage import stage_archive
from vigil.datasets.build import curate_archives
from vigil.datasets.history import current_cases
from vigil.datasets.quarter_record import CASES_FILE


def curated_rows(archive: Path, folder: Path, engine: EngineMaker = DuckDbEngine) -> list[dict[str, Any]]:
    """The curated cases of one archive, written to ``<folder>/curated.parquet``."""
    counts = stage_archive(archive, folder / "staged")
    with engine(folder / "spill") as running:
        curate_staged(folder / "staged", counts, folder / "curated.parquet", running)
    return pq.read_table(folder / "curated.parquet").to_pylist()


def current_rows(archives: Sequence[Path], folder: Path) -> list[dict[str, Any]]:
    """The current cases of all ``archives``, in order of case id."""
    paths = {path.name: path for path in curate_archives(archives, folder / "quarters")}
    with DuckDbEngine(folder / "spill") as engine:
        current = current_cases(paths, engine)
    rows: list[dict[str, Any]] = []
    for quarter, path in paths.items():
        cases = pq.read_table(path / CASES_FILE)
        rows += cases.filter(pc.is_in(cases["case_id"], value_set=current[quarter])).to_pylist()
    return sorted(rows, key=lambda row: row["case_id"])
