"""The Glue job's work: archives from S3, curated on this machine, results back to S3."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from vigil.aws.landing import LandedArchive
from vigil.aws.objects import S3Uri, files_below, get_file, put_file
from vigil.datasets.build import build_dataset
from vigil.datasets.models import PROVENANCE_FILE, Measurements
from vigil.digests import file_digest


class ArchiveChangedError(Exception):
    """An archive's bytes are not those that were landed; nothing is curated from it."""


def parse_archives(text: str) -> list[LandedArchive]:
    """Read the job's argument ``--archives``: a JSON list of ``{quarter, uri, sha256}``."""
    return TypeAdapter(list[LandedArchive]).validate_json(text)


def run(archives: Sequence[LandedArchive], output: str, profile: str, s3: Any = None) -> Measurements:
    """Curate ``archives`` and put the results below the prefix ``output``; ``provenance.json`` goes last.

    So a prefix without it is the rest of a failed run. A rerun overwrites. Raises ``ArchiveChangedError`` and what
    ``build_dataset`` raises; nothing is uploaded then.
    """
    target = S3Uri.parse(output)
    with tempfile.TemporaryDirectory(prefix="vigil-curate-") as temporary:
        work = Path(temporary)
        paths = [_fetch(archive, work / "archives", s3) for archive in archives]
        (work / "work").mkdir()
        measurements = build_dataset(paths, work / "work", work / "output", profile)
        files = sorted(files_below(work / "output"), key=lambda item: item[0] == PROVENANCE_FILE)
        for name, path in files:
            put_file(path, target / name, s3)
    return measurements


def _fetch(archive: LandedArchive, folder: Path, s3: Any) -> Path:
    uri = S3Uri.parse(archive.uri)
    path = folder / archive.quarter / uri.name
    get_file(uri, path, s3)
    found = file_digest(path)
    if found != archive.sha256:
        raise ArchiveChangedError(f"{uri} has SHA-256 {found}, but {archive.sha256} was landed: land the archive again")
    return path
