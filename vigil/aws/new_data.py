"""What the model in service was not trained on: quarters that it does not know, and their labelled reports.

A FAERS quarter brings its outcomes with it, so its reports are labelled as soon as it has landed, whether or not the
same reports were scored before. Each line of its DEMO table is one report.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any

from botocore.exceptions import ClientError

from vigil.aws.landing_places import LANDING, QUARTERS
from vigil.aws.objects import ObjectError, S3Uri, list_prefix
from vigil.aws.ranged_object import BLOCK_BYTES, ranged
from vigil.aws.releases import ReleaseRecord
from vigil.cases.archive import ArchiveError, open_stream
from vigil.monitoring.models import NewData

logger = logging.getLogger(__name__)

DEMO = "DEMO"


class MissingArchiveError(Exception):
    """An archive that the model in service was trained on is no longer in the raw bucket: restore it."""


@dataclass(frozen=True)
class Landed:
    quarter: str
    uri: S3Uri


def find_new_data(release: ReleaseRecord, raw_bucket: str, s3: Any) -> NewData:
    """Beside ``release``, what the model in service was trained on. ``archives``: of both, oldest quarter first.

    What was uploaded comes before what was checked and kept of the same quarter: it is newer. An upload that is no
    archive is left out, with a line in the log; `build_dataset` refuses it with the reason.
    """
    root = S3Uri(raw_bucket, "")
    landed: dict[str, Landed] = {}
    for archive in [*_kept(root, s3), *_uploaded(root, s3)]:
        landed[archive.quarter] = archive
    new = [landed[quarter] for quarter in sorted(set(landed) - set(release.quarters))]
    known = [_known(root, quarter, digest, s3) for quarter, digest in _sources(release)]
    archives = sorted([*known, *new], key=lambda archive: archive.quarter)
    return NewData(
        quarters=tuple(archive.quarter for archive in new),
        cases=sum(count_reports(archive.uri, s3) for archive in new),
        archives=tuple(str(archive.uri) for archive in archives) if new else (),
        profile=release.profile,
    )


def count_reports(uri: S3Uri, s3: Any) -> int:
    """Lines of the DEMO table, without its header. Reads that member only, in pieces."""
    with (
        ranged(uri, s3) as stream,
        open_stream(stream, uri.name) as archive,
        archive.open(archive.files[DEMO]) as table,
    ):
        return max(0, _lines(table) - 1)


def _kept(root: S3Uri, s3: Any) -> Iterator[Landed]:
    """``quarters/<quarter>/<sha256>/<name>``; of several, the last by digest, so that the choice is always the same."""
    area = root / f"{QUARTERS}/"
    for name in list_prefix(area, s3):
        quarter, _, rest = name.partition("/")
        if "/" in rest:
            yield Landed(quarter, S3Uri(area.bucket, area.key + name))


def _uploaded(root: S3Uri, s3: Any) -> Iterator[Landed]:
    area = root / f"{LANDING}/"
    for name in list_prefix(area, s3):
        uri = S3Uri(area.bucket, area.key + name)
        try:
            with ranged(uri, s3) as stream, open_stream(stream, uri.name) as archive:
                yield Landed(str(archive.quarter), uri)
        except (ArchiveError, ClientError) as error:
            logger.warning("%s is left out: %s", uri, error)


def _sources(release: ReleaseRecord) -> list[tuple[str, str]]:
    if len(release.archives) != len(release.quarters):
        raise MissingArchiveError(f"the release {release.version} does not say what it was made of: release it again")
    return list(zip(release.quarters, release.archives, strict=True))


def _known(root: S3Uri, quarter: str, digest: str, s3: Any) -> Landed:
    folder = root / f"{QUARTERS}/{quarter}/{digest}/"
    try:
        (name,) = list_prefix(folder, s3)
    except (ObjectError, ValueError):
        raise MissingArchiveError(f"{folder} does not hold the archive of {quarter}: restore it") from None
    return Landed(quarter, folder / name)


def _lines(stream: IO[bytes]) -> int:
    count, last = 0, b"\n"
    while block := stream.read(BLOCK_BYTES):
        count, last = count + block.count(b"\n"), block[-1:]
    return count + (last != b"\n")
