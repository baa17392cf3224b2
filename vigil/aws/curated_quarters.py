"""Curated quarters in S3: made once for an archive and a revision of the code, then used by every later dataset."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from vigil.aws.landing import LandedArchive
from vigil.aws.objects import S3Uri, get_file, list_prefix, put_new
from vigil.cases.engine import EngineMaker
from vigil.datasets.quarter_record import QUARTER_FILE, QUARTER_FILES
from vigil.datasets.quarters import StaleQuarterError, curate_quarter, read_quarter
from vigil.datasets.revision import curation_revision
from vigil.digests import file_digest

CURATED = "curated"
Progress = Callable[[str], None]


class ArchiveChangedError(Exception):
    """An archive's bytes are not those that were landed; nothing is curated from it."""


def place_of(archive: LandedArchive, bucket: str) -> S3Uri:
    """``s3://<bucket>/curated/<revision>/<SHA-256 of the archive>/<its name>/``: the same content has the same name.

    The archive's name is a part of it, for it stands in every row.
    """
    return S3Uri(bucket, f"{CURATED}/{curation_revision()}/{archive.sha256}/{S3Uri.parse(archive.uri).name}/")


def bring_quarter(
    archive: LandedArchive, bucket: str, folder: Path, engine: EngineMaker, progress: Progress, s3: Any = None
) -> None:
    """Fill ``folder`` with the curated quarter of ``archive``: what is in S3, else curated now and put there.

    Raises ``ArchiveChangedError``, ``StaleQuarterError`` and what ``curate_quarter`` raises; nothing is put then.
    """
    place = place_of(archive, bucket)
    if QUARTER_FILE in list_prefix(place, s3):
        for name in QUARTER_FILES:
            get_file(place / name, folder / name, s3)
        try:
            read_quarter(folder)
        except StaleQuarterError as error:
            raise StaleQuarterError(f"{error}. It lies at {place}: delete what is there, then run again") from error
        progress(f"{archive.quarter}: curated before, taken from {place}")
        return
    local = folder.with_name(f"{folder.name}-archive") / S3Uri.parse(archive.uri).name
    _fetch(archive, local, s3)
    curated = curate_quarter(local, folder, engine)
    local.unlink()
    for name in QUARTER_FILES:
        put_new(folder / name, place / name, s3)
    progress(f"{archive.quarter}: {curated.cases:,} cases curated by {engine.name}, kept at {place}")


def _fetch(archive: LandedArchive, path: Path, s3: Any) -> None:
    uri = S3Uri.parse(archive.uri)
    get_file(uri, path, s3)
    found = file_digest(path)
    if found != archive.sha256:
        raise ArchiveChangedError(f"{uri} has SHA-256 {found}, but {archive.sha256} was landed: land the archive again")
