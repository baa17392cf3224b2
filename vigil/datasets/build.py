"""Build a dataset's files from archives: stage, curate, split, measure. The Glue job and ``dvc repro`` run it."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel

from vigil.cases.curate import curate_staged
from vigil.cases.curation import SCHEMA_VERSION
from vigil.cases.stage import REJECTS_FILE, stage_archives
from vigil.datasets.measure import measure
from vigil.datasets.models import MEASUREMENTS_FILE, PROVENANCE_FILE, Measurements, Provenance, SourceArchive
from vigil.datasets.quality import profile_named
from vigil.datasets.split import SplitSettings, split_cases
from vigil.digests import canonical_json, file_digest, tree_digest

CURATED_FILE = "curated.parquet"
ENGINE = "duckdb"


def build_dataset(
    archives: Sequence[Path], work: Path, output: Path, profile: str, settings: SplitSettings | None = None
) -> Measurements:
    """Write the four split files, ``rejects.jsonl``, ``measurements.json`` and ``provenance.json`` into ``output``.

    ``work`` takes intermediate files and must be empty. ``output`` appears only when everything succeeded. Raises
    ``ArchiveError``, ``SplitError`` and, for a profile that does not exist, ``QualityError``.
    """
    profile_named(profile)
    settings = settings or SplitSettings()
    staged, done, curated = work / "staged", work / "output", work / CURATED_FILE
    counts = stage_archives(archives, staged)
    curate_staged(staged, curated)
    quarters = tuple(archive.quarter for archive in counts)
    split_cases(curated, quarters, settings, done)
    measurements = measure(staged, curated, done, counts)
    digests = {path.name: _digest(path) for path in archives}
    provenance = Provenance(
        quarters=quarters,
        archives=tuple(SourceArchive(sha256=digests[archive.name], counts=archive) for archive in counts),
        profile=profile,
        split=settings,
        schema_version=SCHEMA_VERSION,
        engine=ENGINE,
    )
    (done / REJECTS_FILE).write_bytes((staged / REJECTS_FILE).read_bytes())
    write_record(done / MEASUREMENTS_FILE, measurements)
    write_record(done / PROVENANCE_FILE, provenance)
    _put_in_place(done, output)
    return measurements


def write_record(path: Path, record: BaseModel) -> None:
    """Write a record as canonical JSON, so that the same record has the same bytes."""
    path.write_bytes(canonical_json(record.model_dump(mode="json")) + b"\n")


def _put_in_place(done: Path, output: Path) -> None:
    output.parent.mkdir(parents=True, exist_ok=True)
    if output.is_dir() and not any(output.iterdir()):
        output.rmdir()
    if output.exists():
        raise FileExistsError(f"{output} is not empty: name a folder that does not exist yet")
    shutil.move(done, output)


def _digest(archive: Path) -> str:
    return tree_digest(archive) if archive.is_dir() else file_digest(archive)
