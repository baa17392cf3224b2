"""S3 objects as files: get, put, put only where nothing is, and whole prefixes.

Every function takes the S3 client last, so that tests and jobs may bring their own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vigil.aws.environment import aws_client

NOT_THERE = {"404", "NoSuchKey", "NoSuchBucket", "NotFound"}
ALREADY_THERE = {"PreconditionFailed", "412"}
# Two writers met; the other one is putting the same key. The caller's next look finds it.
BEING_WRITTEN = {"ConditionalRequestConflict", "409"}
COPY_ATTEMPTS = 5


class ObjectError(Exception):
    """An object is missing, or an address is not one of S3; the message names it."""


@dataclass(frozen=True)
class S3Uri:
    """``s3://bucket/key``; a prefix ends in ``/``."""

    bucket: str
    key: str

    @classmethod
    def parse(cls, text: str) -> S3Uri:
        """Raises ``ObjectError``."""
        scheme, _, rest = text.partition("://")
        bucket, _, key = rest.partition("/")
        if scheme != "s3" or not bucket:
            raise ObjectError(f"{text!r} is not an S3 address: write s3://bucket/key")
        return cls(bucket, key)

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.key}"

    def __truediv__(self, name: str) -> S3Uri:
        return S3Uri(self.bucket, f"{self.key.rstrip('/')}/{name}" if self.key else name)

    @property
    def name(self) -> str:
        return self.key.rstrip("/").rpartition("/")[2]

    @property
    def parent(self) -> S3Uri:
        """The prefix of the folder that holds it."""
        folder, slash, _ = self.key.rstrip("/").rpartition("/")
        return S3Uri(self.bucket, folder + slash)


def get_bytes(uri: S3Uri, s3: Any = None) -> bytes:
    """Raises ``ObjectError`` where there is no such object."""
    with _named(uri):
        body: bytes = (s3 or aws_client("s3")).get_object(Bucket=uri.bucket, Key=uri.key)["Body"].read()
        return body


def object_identity(uri: S3Uri, s3: Any = None) -> str:
    """What tells one content of an object from the next: its version, where the bucket keeps versions, and its ETag.

    Raises ``ObjectError`` where there is no such object.
    """
    with _named(uri):
        head = (s3 or aws_client("s3")).head_object(Bucket=uri.bucket, Key=uri.key)
    return f"{head.get('VersionId', '')} {head['ETag']} {head['ContentLength']}"


def object_metadata(uri: S3Uri, s3: Any = None) -> dict[str, str]:
    """The user's own metadata of an object; empty where there is none, or no such object."""
    from botocore.exceptions import ClientError

    try:
        head = (s3 or aws_client("s3")).head_object(Bucket=uri.bucket, Key=uri.key)
    except ClientError as error:
        if error.response["Error"]["Code"] not in NOT_THERE:
            raise
        return {}
    return dict(head["Metadata"])


def get_file(uri: S3Uri, path: Path, s3: Any = None) -> None:
    """Download one object to ``path``. Raises ``ObjectError`` where there is no such object."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with _named(uri):
        (s3 or aws_client("s3")).download_file(uri.bucket, uri.key, str(path))


def put_bytes(content: bytes, uri: S3Uri, s3: Any = None) -> None:
    (s3 or aws_client("s3")).put_object(Bucket=uri.bucket, Key=uri.key, Body=content)


def put_file(path: Path, uri: S3Uri, s3: Any = None) -> None:
    (s3 or aws_client("s3")).upload_file(str(path), uri.bucket, uri.key)


def put_new(path: Path, uri: S3Uri, s3: Any = None) -> bool:
    """Put a file where nothing is yet (If-None-Match); false, and no change, where an object is there already."""

    def put(client: Any) -> None:
        with path.open("rb") as body:
            client.put_object(Bucket=uri.bucket, Key=uri.key, Body=body, IfNoneMatch="*")

    return _put_once(put, s3)


def put_new_bytes(content: bytes, uri: S3Uri, s3: Any = None, metadata: dict[str, str] | None = None) -> bool:
    """As ``put_new``, for content that is in memory. ``metadata``: the user's own, kept with the object."""

    def put(client: Any) -> None:
        client.put_object(Bucket=uri.bucket, Key=uri.key, Body=content, IfNoneMatch="*", Metadata=metadata or {})

    return _put_once(put, s3)


def _put_once(put: Callable[[Any], None], s3: Any) -> bool:
    from botocore.exceptions import ClientError

    client = s3 or aws_client("s3")
    for attempt in range(1, COPY_ATTEMPTS + 1):
        try:
            put(client)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code in ALREADY_THERE:
                return False
            if code not in BEING_WRITTEN or attempt == COPY_ATTEMPTS:
                raise
        else:
            return True
    return False


def list_prefix(prefix: S3Uri, s3: Any = None) -> list[str]:
    """Sorted keys below ``prefix``, relative to it."""
    pages = (s3 or aws_client("s3")).get_paginator("list_objects_v2")
    with _named(prefix):
        found = [
            item["Key"].removeprefix(prefix.key)
            for page in pages.paginate(Bucket=prefix.bucket, Prefix=prefix.key)
            for item in page.get("Contents", [])
        ]
    return sorted(key for key in found if key and not key.endswith("/"))


def get_prefix(prefix: S3Uri, folder: Path, s3: Any = None) -> list[str]:
    """Download all objects below ``prefix`` into ``folder``; returns their relative keys."""
    keys = list_prefix(prefix, s3)
    root = folder.resolve()
    for key in keys:
        target = (root / key).resolve()
        if not target.is_relative_to(root):
            raise ObjectError(f"{prefix}{key} points outside the folder: remove the object")
        get_file(S3Uri(prefix.bucket, prefix.key + key), target, s3)
    return keys


def delete_prefix(prefix: S3Uri, s3: Any = None) -> None:
    """Delete all objects below ``prefix``, which must name a folder. In a versioned bucket their versions stay."""
    if not prefix.key.endswith("/"):
        raise ObjectError(f"{prefix} is no folder: a prefix to delete ends in /")
    client = s3 or aws_client("s3")
    for key in list_prefix(prefix, s3):
        client.delete_object(Bucket=prefix.bucket, Key=prefix.key + key)


@contextmanager
def _named(uri: S3Uri) -> Iterator[None]:
    """Turn "no such object" into an ``ObjectError`` that names the address."""
    from botocore.exceptions import ClientError

    try:
        yield
    except ClientError as error:
        if error.response["Error"]["Code"] not in NOT_THERE:
            raise
        raise ObjectError(f"there is no {uri}, or this role may not see it") from error


def files_below(folder: Path) -> Iterator[tuple[str, Path]]:
    """Sorted relative names and paths of the files below ``folder``."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield path.relative_to(folder).as_posix(), path
