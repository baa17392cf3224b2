"""Listing what lies in hour folders, ``yyyy/mm/dd/hh/``, as data capture and ground truth have them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from vigil.aws.monitoring_places import HOUR_FOLDER
from vigil.aws.objects import S3Uri

HOUR = timedelta(hours=1)


def hour_objects(s3: Any, place: S3Uri, start: datetime, beyond: datetime) -> Iterator[dict[str, Any]]:
    """S3's entries below ``place``, in order, from the hour of ``start`` up to, without, the hour of ``beyond``.

    The folders' names sort as time does, so that one listing from the first hour on meets them all.
    """
    first, last = (f"{moment.astimezone(UTC):{HOUR_FOLDER}}" for moment in (start, beyond))
    pages = s3.get_paginator("list_objects_v2").paginate(
        Bucket=place.bucket, Prefix=place.key, StartAfter=f"{place.key}{first}"
    )
    for page in pages:
        for item in page.get("Contents", []):
            if item["Key"].removeprefix(place.key) >= last:
                return
            yield item
