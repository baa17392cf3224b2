"""How AWS writes moments. Each takes a moment with a time zone, and writes it in UTC."""

from __future__ import annotations

from datetime import UTC, datetime


def iso_seconds(moment: datetime) -> str:
    """``2024-05-01T10:00:00Z``"""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def iso_milliseconds(moment: datetime, zone: str = "Z") -> str:
    """``2024-05-01T10:00:00.000Z``; some services write ``zone`` as ``+0000``."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + zone


def epoch_milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def utc(seconds: float) -> datetime:
    """The moment that is so many seconds after the epoch."""
    return datetime.fromtimestamp(seconds, UTC)
