"""Build a dataset's files: curate each archive, then put the quarters together. Job and ``dvc repro`` do both."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from vigil.cases.archive import ArchiveError, open_archive
from vigil.cases.engine import DUCKDB, DuckDbEngine, EngineMaker
from vigil.cases.staged_counts import REJECTS_FILE
from vigil.datasets.history import current_cases
from vigil.datasets.measure import measure_dataset
from vigil.datasets.models import (
    MEASUREMENTS_FILE,
    PROFILE_FILE,
    PROVENANCE_FILE,
    Measurements,
    Provenance,
)
from vigil.datasets.profiling import profile_dataset
from vigil.datasets.quality import profile_named
from vigil.datasets.quarter_record import CuratedQuarter
from vigil.datasets.quarters import curate_quarter, is_up_to_date, read_quarter
from vigil.datasets.records import put_in_place, write_record
from vigil.datasets.split import refuse_too_few, split_cases
from vigil.datasets.split_settings import SplitSettings


def build_dataset(
    archives: Sequence[Path],
    work: Path,
    output: Path,
    profile: str,
    settings: SplitSettings | None = None,
    engine: EngineMaker = DuckDbEngine,
) -> Measurements:
    """Write the split files, ``rejects.jsonl`` and the records of a dataset into ``output``.

    ``work`` takes the curated quarters. ``output`` appears only when everything succeeded. Raises ``ArchiveError``,
    ``SplitError``, ``OutputExistsError`` and, for a quality profile that does not exist, ``QualityError``.
    """
    profile_named(profile)
    quarters = curate_archives(archives, work / "quarters", engine)
    return assemble_quarters(quarters, output, profile, settings or SplitSettings(), engine.name)


def curate_archives(archives: Sequence[Path], folder: Path, engine: EngineMaker = DuckDbEngine) -> list[Path]:
    """Bring ``folder`` up to date: ``<quarter>/`` for each archive, curated where it is not there yet.

    What was curated from the same bytes by the same code is used again; other folders are removed. Returns the folders,
    oldest quarter first. Raises ``ArchiveError``, also for two archives of one quarter.
    """
    if not archives:
        raise ArchiveError("no archive was given: name at least one FAERS archive")
    wanted = _archives_by_quarter(archives)
    for path in folder.glob("*"):
        if path.is_dir() and path.name not in wanted:
            shutil.rmtree(path)
    for quarter, archive in wanted.items():
        if not is_up_to_date(folder / quarter, archive):
            shutil.rmtree(folder / quarter, ignore_errors=True)
            curate_quarter(archive, folder / quarter, engine)
    return [folder / quarter for quarter in wanted]


def _archives_by_quarter(archives: Sequence[Path]) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for path in archives:
        with open_archive(path) as archive:
            other = found.setdefault(str(archive.quarter), path)
        if other is not path:
            raise ArchiveError(f"{other.name} and {path.name} are both of {archive.quarter}: keep one of them")
    return {quarter: found[quarter] for quarter in sorted(found)}


def assemble_quarters(
    folders: Sequence[Path], output: Path, profile: str, settings: SplitSettings, engine_name: str = DUCKDB
) -> Measurements:
    """Put curated quarters together: current cases, split, measured and profiled, into ``output``.

    Memory does not grow with the number of quarters, but for the keys of their cases. Raises ``SplitError``,
    ``StaleQuarterError``, ``OutputExistsError``, and ``ArchiveError`` for two archives of one quarter.
    """
    quarters = _by_quarter(folders)
    refuse_too_few(len(quarters))
    output.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".assembling-", dir=output.parent) as temporary:
        done, spill = Path(temporary) / "done", Path(temporary) / "spill"
        paths = {quarter.quarter: path for quarter, path in quarters}
        with DuckDbEngine(spill) as engine:
            current = current_cases(paths, engine)
        split_cases(paths, current, settings, done)
        records = [quarter for quarter, _ in quarters]
        found = profile_dataset(done, spill)
        measurements = measure_dataset(records, found, done, spill)
        write_record(done / MEASUREMENTS_FILE, measurements)
        write_record(done / PROFILE_FILE, found)
        write_record(done / PROVENANCE_FILE, _provenance(records, profile, settings, engine_name))
        _concatenate([path / REJECTS_FILE for path in paths.values()], done / REJECTS_FILE)
        put_in_place(done, output)
    return measurements


def _by_quarter(folders: Sequence[Path]) -> list[tuple[CuratedQuarter, Path]]:
    """The curated quarters, oldest first."""
    found: dict[str, tuple[CuratedQuarter, Path]] = {}
    for folder in folders:
        quarter = read_quarter(folder)
        if (other := found.get(quarter.quarter)) is not None:
            names = f"{other[0].archive.counts.name} and {quarter.archive.counts.name}"
            raise ArchiveError(f"{names} are both of {quarter.quarter}: keep one of them")
        found[quarter.quarter] = (quarter, folder)
    return [found[quarter] for quarter in sorted(found)]


def _provenance(
    quarters: Sequence[CuratedQuarter], profile: str, settings: SplitSettings, engine_name: str
) -> Provenance:
    return Provenance(
        quarters=tuple(quarter.quarter for quarter in quarters),
        archives=tuple(quarter.archive for quarter in quarters),
        profile=profile,
        split=settings,
        schema_version=quarters[0].schema_version,
        revision=quarters[0].revision,
        engine=engine_name,
    )


def _concatenate(parts: Sequence[Path], target: Path) -> None:
    with target.open("wb") as whole:
        for part in parts:
            with part.open("rb") as file:
                shutil.copyfileobj(file, whole)
