"""Moments are written as AWS writes them, in UTC whatever their zone."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from local_aws import times

MOMENT = datetime(2024, 5, 1, 12, 0, 0, 123_999, tzinfo=timezone(timedelta(hours=2)))


def test_forms() -> None:
    assert times.iso_seconds(MOMENT) == "2024-05-01T10:00:00Z"
    assert times.iso_milliseconds(MOMENT) == "2024-05-01T10:00:00.123Z"
    assert times.iso_milliseconds(MOMENT, "+0000") == "2024-05-01T10:00:00.123+0000"


@given(st.integers(0, 4_000_000_000_000))
def test_milliseconds_since_1970_come_back(milliseconds: int) -> None:
    assert times.epoch_milliseconds(times.utc(milliseconds / 1000)) == milliseconds
