"""Assemble a dataset version from the curation's output: judged, described, and named by its manifest."""

from __future__ import annotations

import shutil
from pathlib import Path

from vigil.cases.staged_counts import REJECTS_FILE
from vigil.datasets import manifest
from vigil.datasets.manifest import MANIFEST_FILE, Manifest
from vigil.datasets.models import (
    DATASET_NAME,
    DESCRIPTION_FILE,
    MEASUREMENTS_FILE,
    PROFILE_FILE,
    PROVENANCE_FILE,
    QUALITY_FILE,
    DatasetDescription,
    Measurements,
    Provenance,
)
from vigil.datasets.quality import check
from vigil.datasets.records import write_record
from vigil.datasets.split_settings import SPLIT_FILES

COPIED_FILES = (*SPLIT_FILES.values(), REJECTS_FILE, MEASUREMENTS_FILE, PROFILE_FILE)


class IncompleteStagingError(Exception):
    """The curation's output lacks a file, so the run that wrote it did not finish."""


def assemble(staging: Path, version_folder: Path) -> Manifest:
    """Fill ``version_folder`` with the files of a dataset version and its manifest, from the folder ``staging``.

    Raises ``IncompleteStagingError``, and ``QualityError`` when a rule of the profile used for curation fails: what
    does not pass cannot become a version, whoever asks.
    """
    missing = [name for name in (*COPIED_FILES, PROVENANCE_FILE) if not (staging / name).is_file()]
    if missing:
        raise IncompleteStagingError(f"the curation's output lacks {', '.join(missing)}: run the curation again")
    provenance = Provenance.model_validate_json((staging / PROVENANCE_FILE).read_bytes())
    measurements = Measurements.model_validate_json((staging / MEASUREMENTS_FILE).read_bytes())
    report = check(measurements, provenance.profile)
    version_folder.mkdir(parents=True, exist_ok=True)
    for name in COPIED_FILES:
        (version_folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(staging / name, version_folder / name)
    write_record(version_folder / QUALITY_FILE, report)
    write_record(version_folder / DESCRIPTION_FILE, _describe(provenance, measurements))
    built = manifest.build(version_folder)
    (version_folder / MANIFEST_FILE).write_bytes(built.to_bytes())
    return built


def _describe(provenance: Provenance, measurements: Measurements) -> DatasetDescription:
    rows = {name: int(measurements.metrics[f"rows.{name}"] or 0) for name in SPLIT_FILES}
    kept = {field: value for field, value in provenance if field in DatasetDescription.model_fields}
    return DatasetDescription(name=DATASET_NAME, rows=rows, **kept)
