"""Curate one archive into the files of a curated quarter, which later datasets use again."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path

import pyarrow.parquet as pq

from vigil.cases.archive import DELETED
from vigil.cases.curate import curate_staged, staged_tables
from vigil.cases.engine import DuckDbEngine, EngineMaker
from vigil.cases.parquet import write_rows
from vigil.cases.schema import SCHEMA_VERSION
from vigil.cases.stage import DELETED_SCHEMA, stage_archive
from vigil.cases.staged_counts import REJECTS_FILE, StagedArchive
from vigil.datasets.measure_staged import measure_staged
from vigil.datasets.quarter_record import (
    CASES_FILE,
    DELETED_FILE,
    QUARTER_FILE,
    QUARTER_FILES,
    CuratedQuarter,
    SourceArchive,
    StagedMeasurements,
)
from vigil.datasets.records import put_in_place, write_record
from vigil.datasets.revision import curation_revision
from vigil.digests import file_digest, tree_digest


class StaleQuarterError(Exception):
    """A folder's files are not what this code would curate, or not what was curated; they must not be used."""


def curate_quarter(archive: Path, output: Path, engine: EngineMaker = DuckDbEngine) -> CuratedQuarter:
    """Write ``cases.parquet``, ``deleted.parquet``, ``rejects.jsonl`` and ``quarter.json`` into the folder ``output``.

    It appears only when everything succeeded. The same archive gives the same bytes, whichever engine runs. Raises
    ``ArchiveError`` and ``OutputExistsError``.
    """
    output.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".curating-", dir=output.parent) as temporary:
        staged, done = Path(temporary) / "staged", Path(temporary) / "done"
        counts = stage_archive(archive, staged)
        with engine(Path(temporary) / "spill") as running:
            cases = curate_staged(staged, counts, done / CASES_FILE, running)
        write_rows([pq.read_table(staged / f"{DELETED}.parquet")], DELETED_SCHEMA, done / DELETED_FILE)
        shutil.copyfile(staged / REJECTS_FILE, done / REJECTS_FILE)
        curated = CuratedQuarter(
            archive=SourceArchive(sha256=_digest(archive), counts=counts),
            cases=cases,
            staged=_measure(staged, counts, Path(temporary) / "spill"),
            schema_version=SCHEMA_VERSION,
            revision=curation_revision(),
            files=_digests(done),
        )
        write_record(done / QUARTER_FILE, curated)
        put_in_place(done, output)
    return curated


def read_quarter(folder: Path) -> CuratedQuarter:
    """The record of a curated quarter, its files verified.

    Raises ``StaleQuarterError`` when other code made it, a file is missing or a file is not what was curated.
    """
    missing = [name for name in QUARTER_FILES if not (folder / name).is_file()]
    if missing:
        raise StaleQuarterError(f"{folder.name} lacks {', '.join(missing)}: curate the quarter again")
    content = (folder / QUARTER_FILE).read_bytes()
    revision = json.loads(content).get("revision")  # first: a record of other code may have another form
    if revision != curation_revision():
        raise StaleQuarterError(
            f"{folder.name} was curated by revision {revision}, this is {curation_revision()}: curate the quarter again"
        )
    curated = CuratedQuarter.model_validate_json(content)
    found = _digests(folder)
    if changed := [name for name in curated.files if curated.files[name] != found[name]]:
        raise StaleQuarterError(
            f"{folder.name}: {', '.join(changed)} changed since: remove it, curate the quarter again"
        )
    return curated


def is_up_to_date(folder: Path, archive: Path) -> bool:
    """Whether ``folder`` holds what curating ``archive`` with this code would write."""
    try:
        made_of = read_quarter(folder).archive
        return (made_of.sha256, made_of.counts.name) == (_digest(archive), archive.name)
    except (StaleQuarterError, ValueError):
        return False


def _measure(staged: Path, counts: StagedArchive, spill: Path) -> StagedMeasurements:
    """By DuckDB whatever the engine: the staged files are on this machine, and counting needs one pass over them."""
    repeated = counts.tables["DEMO"].repeats
    with DuckDbEngine(spill) as engine:
        return measure_staged(staged_tables(engine, staged), repeated)


def _digests(folder: Path) -> dict[str, str]:
    return {name: file_digest(folder / name) for name in QUARTER_FILES if name != QUARTER_FILE}


def _digest(archive: Path) -> str:
    return tree_digest(archive) if archive.is_dir() else file_digest(archive)
