"""Release records: what was released when, from what, and what the gate said. One JSON object each, written once."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

from vigil.aws.environment import load_parameters
from vigil.aws.objects import S3Uri, get_bytes, list_prefix, put_new_bytes
from vigil.datasets.manifest import SHORT_LENGTH
from vigil.datasets.models import DATASET_NAME
from vigil.datasets.records import record_bytes

RELEASES = "releases"
SHORTEST = 6  # characters of a version that a person may type


class ReleaseNotFoundError(Exception):
    """No release, or more than one, has the version that was asked for; the message says what to do."""


class GateFacts(BaseModel):
    """What the quality gate found. ``compared_with``: the version that drift was measured against, if there was one."""

    model_config = ConfigDict(frozen=True)

    passed: bool
    warnings: tuple[str, ...] = ()
    compared_with: str | None = None


class ReleaseRecord(BaseModel):
    """One released version. ``rows`` counts cases by split; ``prefix`` is its S3 address, ending in ``/``.

    ``archives`` are the SHA-256 of what it was curated from, oldest quarter first.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    version: str
    prefix: str
    tag: str
    quarters: tuple[str, ...]
    profile: str
    rows: dict[str, int]
    serious_rate: float | None
    schema_version: int
    engine: str
    curation_revision: str
    archives: tuple[str, ...] = ()
    released_at: datetime
    gate: GateFacts | None = None

    @property
    def short(self) -> str:
        return self.version[:SHORT_LENGTH]


def record_release(record: ReleaseRecord, bucket: str, s3: Any = None) -> bool:
    """Keep ``record``; false, and no change, where the version has one already."""
    return put_new_bytes(record_bytes(record), release_uri(bucket, record.version), s3)


def release_uri(bucket: str, version: str) -> S3Uri:
    """Where the record of a version lies; ``version`` in full."""
    return _place(bucket) / f"{version}.json"


def read_release_bytes(version: str, bucket: str, s3: Any = None) -> bytes:
    """The record of exactly this version as it is stored. Raises ``ObjectError``."""
    return get_bytes(_place(bucket) / f"{version}.json", s3)


def list_releases(bucket: str | None = None, s3: Any = None) -> list[ReleaseRecord]:
    """All releases, oldest first."""
    place = _place(bucket or load_parameters().buckets.datasets)
    records = [ReleaseRecord.model_validate_json(get_bytes(place / name, s3)) for name in list_prefix(place, s3)]
    return sorted(records, key=lambda record: (record.released_at, record.version))


def find_release(version: str, bucket: str | None = None, s3: Any = None) -> ReleaseRecord:
    """The release whose version is, or begins with, ``version``. Raises ``ReleaseNotFoundError``."""
    found = [record for record in list_releases(bucket, s3) if record.version.startswith(version)]
    if len(version) < SHORTEST or not found:
        raise ReleaseNotFoundError(f"no release has the version {version!r}: see `vigil datasets list`")
    if len(found) > 1:
        raise ReleaseNotFoundError(f"{len(found)} releases have versions that begin with {version!r}: give more of it")
    return found[0]


def last_release(
    profile: str, newest_quarter: str, not_of: tuple[str, ...] = (), bucket: str | None = None, s3: Any = None
) -> ReleaseRecord | None:
    """What a dataset up to ``newest_quarter`` follows: the release of the same quality profile that reaches furthest.

    Releases that reach beyond ``newest_quarter`` do not count, so that a backfill compares with its own past; of those
    that reach equally far, the latest. One made of the very archives ``not_of`` does not count either: a run that is
    repeated compares with what came before it, not with itself.
    """
    before = [
        record
        for record in list_releases(bucket, s3)
        if record.profile == profile and record.quarters[-1] <= newest_quarter and record.archives != not_of
    ]
    return max(before, key=lambda record: (record.quarters[-1], record.released_at), default=None)


def _place(bucket: str) -> S3Uri:
    return S3Uri(bucket, f"{RELEASES}/{DATASET_NAME}/")
