"""Build a dataset's files from archives, in two steps: curate, then split. The Glue job and ``dvc repro`` run both."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel

from vigil.cases.curate import curate_staged
from vigil.cases.curation import SCHEMA_VERSION
from vigil.cases.stage import REJECTS_FILE, stage_archives
from vigil.datasets.measure import measure_curation, measure_splits
from vigil.datasets.models import (
    CURATION_FILE,
    MEASUREMENTS_FILE,
    PROVENANCE_FILE,
    Curation,
    Measurements,
    Provenance,
    SourceArchive,
)
from vigil.datasets.quality import profile_named
from vigil.datasets.split import SplitSettings, split_cases
from vigil.digests import canonical_json, file_digest, tree_digest

CURATED_FILE = "curated.parquet"
ENGINE = "duckdb"


class OutputExistsError(Exception):
    """The folder to write holds something already."""


def build_dataset(
    archives: Sequence[Path], work: Path, output: Path, profile: str, settings: SplitSettings | None = None
) -> Measurements:
    """Write the four split files, ``rejects.jsonl``, ``measurements.json`` and ``provenance.json`` into ``output``.

    ``work`` takes intermediate files and must be empty. ``output`` appears only when everything succeeded. Raises
    ``ArchiveError``, ``SplitError``, ``OutputExistsError`` and, for a profile that does not exist, ``QualityError``.
    """
    profile_named(profile)
    curate_archives(archives, work, work / "curated")
    return split_curated(work / "curated", output, profile, settings or SplitSettings())


def curate_archives(archives: Sequence[Path], work: Path, output: Path) -> Curation:
    """Write ``curated.parquet``, ``rejects.jsonl`` and ``curation.json`` into ``output``. Raises ``ArchiveError``."""
    staged, done = work / "staged", work / "curated-unfinished"
    counts = stage_archives(archives, staged)
    curate_staged(staged, done / CURATED_FILE)
    digests = {path.name: _digest(path) for path in archives}
    curation = Curation(
        archives=tuple(SourceArchive(sha256=digests[archive.name], counts=archive) for archive in counts),
        measurements=measure_curation(staged, done / CURATED_FILE, counts),
        schema_version=SCHEMA_VERSION,
        engine=ENGINE,
    )
    shutil.copyfile(staged / REJECTS_FILE, done / REJECTS_FILE)
    write_record(done / CURATION_FILE, curation)
    _put_in_place(done, output)
    return curation


def split_curated(curated: Path, output: Path, profile: str, settings: SplitSettings) -> Measurements:
    """Split what ``curate_archives`` wrote. Raises ``SplitError``; ``output`` appears only when all succeeded."""
    curation = Curation.model_validate_json((curated / CURATION_FILE).read_bytes())
    quarters = tuple(archive.counts.quarter for archive in curation.archives)
    done = output.with_name(output.name + ".unfinished")
    shutil.rmtree(done, ignore_errors=True)
    try:
        split_cases(curated / CURATED_FILE, quarters, settings, done)
        metrics = {**curation.measurements.metrics, **measure_splits(done)}
        measurements = Measurements(metrics=dict(sorted(metrics.items())), codes=curation.measurements.codes)
        provenance = Provenance(
            quarters=quarters,
            archives=curation.archives,
            profile=profile,
            split=settings,
            schema_version=curation.schema_version,
            engine=curation.engine,
        )
        shutil.copyfile(curated / REJECTS_FILE, done / REJECTS_FILE)
        write_record(done / MEASUREMENTS_FILE, measurements)
        write_record(done / PROVENANCE_FILE, provenance)
        _put_in_place(done, output)
    finally:
        shutil.rmtree(done, ignore_errors=True)
    return measurements


def write_record(path: Path, record: BaseModel) -> None:
    """Write a record as canonical JSON, so that the same record has the same bytes."""
    path.write_bytes(canonical_json(record.model_dump(mode="json")) + b"\n")


def _put_in_place(done: Path, output: Path) -> None:
    output.parent.mkdir(parents=True, exist_ok=True)
    if output.is_dir() and not any(output.iterdir()):
        output.rmdir()
    if output.exists():
        raise OutputExistsError(f"{output} is not empty: remove it, or name a folder that does not exist yet")
    shutil.move(done, output)


def _digest(archive: Path) -> str:
    return tree_digest(archive) if archive.is_dir() else file_digest(archive)
