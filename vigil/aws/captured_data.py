"""What lies in a window's hours: captured requests, and the ground truth that has arrived for them.

Only looked at, never read: whether there is anything, and a digest that tells this state from a later one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from vigil.aws.hour_objects import HOUR, hour_objects
from vigil.aws.objects import S3Uri
from vigil.digests import digest_of

#: Data capture uploads a record some minutes after its request; a window that ended just now is not complete yet.
SETTLED = timedelta(minutes=10)


@dataclass(frozen=True)
class Found:
    """``objects`` below ``root`` in the hours that were asked for; ``state``: digest of their keys and ETags."""

    root: S3Uri
    objects: int
    state: str


def last_window(now: datetime, seconds: int) -> tuple[datetime, datetime]:
    """The last whole hours that make ``seconds`` and whose data have settled, UTC."""
    end = (now.astimezone(UTC) - SETTLED).replace(minute=0, second=0, microsecond=0)
    return end - timedelta(seconds=seconds), end


def captured_in(s3: Any, root: S3Uri, start: datetime, end: datetime) -> Found:
    """What any variant captured in the hours from ``start`` to ``end``; ``root``: ``…/captured/<endpoint>/``."""
    entries = [each for variant in _variants(s3, root) for each in _objects(s3, root, f"{variant}/", start, end)]
    return Found(root, len(entries), digest_of(entries))


def ground_truth_until(s3: Any, root: S3Uri, start: datetime, now: datetime) -> Found:
    """Labels that arrived since ``start``: they lag behind predictions. ``root``: ``…/ground-truth/<endpoint>/``."""
    entries = list(_objects(s3, root, "", start, now + HOUR))
    return Found(root, len(entries), digest_of(entries))


def _variants(s3: Any, root: S3Uri) -> list[str]:
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=root.bucket, Prefix=root.key, Delimiter="/")
    prefixes = [entry["Prefix"] for page in pages for entry in page.get("CommonPrefixes", [])]
    return sorted(prefix.removeprefix(root.key).rstrip("/") for prefix in prefixes)


def _objects(s3: Any, root: S3Uri, below: str, start: datetime, end: datetime) -> Iterator[tuple[str, str]]:
    """Keys relative to ``root`` with their ETags, of the hours that the time touches."""
    place = S3Uri(root.bucket, root.key + below)
    for item in hour_objects(s3, place, start, end + HOUR - timedelta(microseconds=1)):
        yield item["Key"].removeprefix(root.key), item["ETag"]
