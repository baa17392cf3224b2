"""Land FAERS archives in the raw bucket: checked, then kept under a key that holds their SHA-256."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from vigil.aws.environment import load_parameters
from vigil.aws.landing_places import LANDED, LANDING, QUARTERS
from vigil.aws.objects import ObjectError, S3Uri, get_bytes, get_file, object_identity, put_bytes, put_file, put_new
from vigil.cases.inspect import ArchiveSummary, inspect_archive
from vigil.cases.pack import pack_folder
from vigil.digests import canonical_json, digest_of


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
        _refuse_repeats([(summary.quarter, summary.name) for summary, _ in summaries])
        landing = S3Uri(bucket or load_parameters().buckets.raw, LANDING)
        for summary, path in summaries:
            put_file(path, landing / summary.name, s3)
    return [(summary, str(landing / summary.name)) for summary, _ in summaries]


def land(archives: Sequence[str], bucket: str | None = None, s3: Any = None) -> list[LandedArchive]:
    """Check uploaded archives and keep each at ``s3://<raw>/quarters/<quarter>/<sha256>/<name>``, oldest first.

    An object that was landed before is not read again. Landing the same bytes again changes nothing. Raises
    ``ArchiveError``, ``LandingError`` (no archive, two of one quarter) and ``ObjectError`` (no such object).
    """
    if not archives:
        raise LandingError("no archive was given: upload some with `vigil quarters land` and name their addresses")
    root = S3Uri(bucket or load_parameters().buckets.raw, "")
    landed = [_land(S3Uri.parse(text), root, s3) for text in archives]
    _refuse_repeats([(archive.quarter, S3Uri.parse(archive.uri).name) for archive in landed])
    return sorted(landed, key=lambda archive: archive.quarter)


def _land(uri: S3Uri, root: S3Uri, s3: Any) -> LandedArchive:
    record = root / f"{LANDED}/{digest_of([str(uri), object_identity(uri, s3)])}.json"
    try:
        return LandedArchive.model_validate_json(get_bytes(record, s3))
    except ObjectError:
        pass  # not landed yet
    with tempfile.TemporaryDirectory(prefix="vigil-land-") as temporary:
        path = Path(temporary) / uri.name
        get_file(uri, path, s3)
        summary = inspect_archive(path)
        target = root / f"{QUARTERS}/{summary.quarter}/{summary.sha256}/{summary.name}"
        put_new(path, target, s3)
    landed = LandedArchive(quarter=summary.quarter, uri=str(target), sha256=summary.sha256, size=summary.size)
    put_bytes(canonical_json(landed.model_dump(mode="json")), record, s3)
    return landed


def _one_file(path: Path, folder: Path) -> Path:
    if not path.is_dir():
        return path
    folder.mkdir()
    return pack_folder(path, folder)


def _refuse_repeats(archives: Sequence[tuple[str, str]]) -> None:
    """``archives`` are pairs of quarter and file name."""
    seen: dict[str, str] = {}
    for quarter, name in archives:
        other = seen.get(quarter)
        if other == name:
            raise LandingError(f"{name} was given twice: name it once")
        if other is not None:
            raise LandingError(f"{other} and {name} are both of {quarter}: keep one of them")
        seen[quarter] = name
