"""Land FAERS archives in the raw bucket: checked, then kept under a key that holds their SHA-256."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from vigil.aws.environment import load_parameters
from vigil.aws.objects import S3Uri, get_file, put_file, put_new
from vigil.cases.inspect import ArchiveSummary, inspect_archive
from vigil.cases.pack import pack_folder

LANDING = "landing"
QUARTERS = "quarters"


class LandingError(Exception):
    """The archives cannot be landed together; the message names them and what to do."""


class LandedArchive(BaseModel):
    """An archive in the raw bucket. ``size`` is in bytes."""

    model_config = ConfigDict(frozen=True)

    quarter: str
    uri: str
    sha256: str
    size: int = 0


def upload(files: Sequence[Path], bucket: str | None = None, s3: Any = None) -> list[tuple[ArchiveSummary, str]]:
    """Check local archives and put them at ``s3://<raw>/landing/<file>``; returns each summary and address.

    An unpacked archive (a folder) is packed first. All are checked before the first is put. Raises ``ArchiveError``
    and ``LandingError``.
    """
    with tempfile.TemporaryDirectory(prefix="vigil-pack-") as temporary:
        paths = [_one_file(path, Path(temporary) / str(index)) for index, path in enumerate(files)]
        summaries = [(inspect_archive(path), path) for path in paths]
        _refuse_repeats([summary for summary, _ in summaries])
        landing = S3Uri(bucket or load_parameters().buckets.raw, LANDING)
        for summary, path in summaries:
            put_file(path, landing / summary.name, s3)
    return [(summary, str(landing / summary.name)) for summary, _ in summaries]


def land(archives: Sequence[str], bucket: str | None = None, s3: Any = None) -> list[LandedArchive]:
    """Check uploaded archives and keep each at ``s3://<raw>/quarters/<quarter>/<sha256>/<name>``, oldest first.

    Landing the same bytes again changes nothing. Raises ``ArchiveError``, ``LandingError`` (no archive, two of one
    quarter) and ``ObjectError`` (no such object).
    """
    if not archives:
        raise LandingError("no archive was given: upload some with `vigil quarters land` and name their addresses")
    root = S3Uri(bucket or load_parameters().buckets.raw, QUARTERS)
    landed: list[LandedArchive] = []
    with tempfile.TemporaryDirectory(prefix="vigil-land-") as temporary:
        checked: list[tuple[ArchiveSummary, Path]] = []
        for index, text in enumerate(archives):
            uri = S3Uri.parse(text)
            path = Path(temporary) / str(index) / uri.name
            get_file(uri, path, s3)
            checked.append((inspect_archive(path), path))
        _refuse_repeats([summary for summary, _ in checked])
        for summary, path in sorted(checked, key=lambda pair: pair[0].quarter):
            target = root / f"{summary.quarter}/{summary.sha256}/{summary.name}"
            put_new(path, target, s3)
            landed.append(
                LandedArchive(quarter=summary.quarter, uri=str(target), sha256=summary.sha256, size=summary.size)
            )
    return landed


def _one_file(path: Path, folder: Path) -> Path:
    if not path.is_dir():
        return path
    folder.mkdir()
    return pack_folder(path, folder)


def _refuse_repeats(summaries: Sequence[ArchiveSummary]) -> None:
    seen: dict[str, str] = {}
    for summary in summaries:
        other = seen.get(summary.quarter)
        if other == summary.name:
            raise LandingError(f"{summary.name} was given twice: name it once")
        if other is not None:
            raise LandingError(f"{other} and {summary.name} are both of {summary.quarter}: keep one of them")
        seen[summary.quarter] = summary.name
