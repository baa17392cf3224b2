"""Which folders a window's data lie in: what was captured, and the ground truth that has arrived for it.

A processing job has at most ten inputs (SageMaker API, CreateProcessingJob: ProcessingInputs). Where a window touches
more hours than that, whole days, months or variants are handed over; the analyzer looks at each record's time itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from vigil.aws.monitoring_places import HOUR_FOLDER
from vigil.aws.objects import S3Uri
from vigil.digests import digest_of

#: Of the ten inputs; one more is the baseline.
CAPTURED_INPUTS, GROUND_TRUTH_INPUTS = 6, 3
HOUR = timedelta(hours=1)
#: Data capture uploads a record some minutes after its request; a window that ended just now is not complete yet.
SETTLED = timedelta(minutes=10)
HOUR_PARTS, DAY_PARTS, MONTH_PARTS = 4, 3, 2


@dataclass(frozen=True)
class Found:
    """``folders`` are below ``root``, without slashes at their ends; ``state`` is a digest of what lies in them."""

    root: S3Uri
    folders: tuple[str, ...]
    state: str

    def __bool__(self) -> bool:
        return bool(self.folders)


def last_window(now: datetime, seconds: int) -> tuple[datetime, datetime]:
    """The last whole hours that make ``seconds`` and whose data have settled, UTC."""
    end = (now.astimezone(UTC) - SETTLED).replace(minute=0, second=0, microsecond=0)
    return end - timedelta(seconds=seconds), end


def captured_in(s3: Any, root: S3Uri, start: datetime, end: datetime) -> Found:
    """What was captured from ``start`` to ``end``; ``root``: ``…/captured/<endpoint>/``."""
    entries: list[list[str]] = []
    hours: list[str] = []
    for variant in variants(s3, root):
        for key, etag in _objects(s3, root, f"{variant}/", start, end):
            entries.append([key, etag])
            hours.append(key.rpartition("/")[0])
    return Found(root, _folded(hours, CAPTURED_INPUTS, variant_parts=1), digest_of(entries))


def ground_truth_until(s3: Any, root: S3Uri, start: datetime, now: datetime) -> Found:
    """Labels that arrived since ``start``: they lag behind predictions. ``root``: ``…/ground-truth/<endpoint>/``."""
    entries = [[key, etag] for key, etag in _objects(s3, root, "", start, now + HOUR)]
    hours = [key.rpartition("/")[0] for key, _ in entries]
    return Found(root, _folded(hours, GROUND_TRUTH_INPUTS, variant_parts=0), digest_of(entries))


def variants(s3: Any, root: S3Uri) -> list[str]:
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=root.bucket, Prefix=root.key, Delimiter="/")
    prefixes = [entry["Prefix"] for page in pages for entry in page.get("CommonPrefixes", [])]
    return sorted(prefix.removeprefix(root.key).rstrip("/") for prefix in prefixes)


def _objects(s3: Any, root: S3Uri, below: str, start: datetime, end: datetime) -> Iterator[tuple[str, str]]:
    """Keys relative to ``root`` with their ETags, of the hours that the time touches.

    The folders' names sort as time does, so that one listing from the first hour on meets them all.
    """
    first = f"{start.astimezone(UTC).replace(minute=0, second=0, microsecond=0):{HOUR_FOLDER}}"
    after = f"{end.astimezone(UTC) + HOUR - timedelta(microseconds=1):{HOUR_FOLDER}}"  # the first hour beyond
    pages = s3.get_paginator("list_objects_v2").paginate(
        Bucket=root.bucket, Prefix=root.key + below, StartAfter=f"{root.key}{below}{first}"
    )
    for page in pages:
        for item in page.get("Contents", []):
            key = item["Key"].removeprefix(root.key)
            if key.removeprefix(below) >= after:
                return
            if not key.endswith("/"):
                yield key, item["ETag"]


def _folded(hours: list[str], most: int, *, variant_parts: int) -> tuple[str, ...]:
    """The smallest folders that hold all ``hours`` and are not more than ``most``; ``""`` is the root itself."""
    for parts in (HOUR_PARTS, DAY_PARTS, MONTH_PARTS, 0):
        folders = tuple(sorted({"/".join(hour.split("/")[: variant_parts + parts]) for hour in hours}))
        if len(folders) <= most:
            return folders
    return ("",)
