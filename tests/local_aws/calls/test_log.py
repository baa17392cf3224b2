"""The record of calls keeps the newest, in order, unchanged, and is found again after a restart."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from local_aws.calls.log import FILE, CallLog, Query, Recorded, open_to_read


def recorded(number: int, **changes: object) -> Recorded:
    values: dict[str, object] = {
        "event_id": f"event-{number}",
        "time": 1_700_000_000.0 + number,
        "duration_ms": 1.5,
        "source": "s3.amazonaws.com",
        "name": "GetObject",
        "principal": "arn:aws:sts::123456789012:assumed-role/reader/me",
        "role": "arn:aws:iam::123456789012:role/reader",
        "access_key": "ASIA1",
        "read_only": True,
        "error": None,
        "request_id": f"request-{number}",
        "resources": [("AWS::S3::Bucket", f"bucket-{number}")],
        "document": {"source": "job"},
    }
    return Recorded(**{**values, **changes})  # type: ignore[arg-type]


@pytest.fixture
def log(tmp_path: Path) -> Iterator[CallLog]:
    log = CallLog(tmp_path, kept=100)
    yield log
    log.close()


def test_only_the_newest_are_kept(log: CallLog) -> None:
    for number in range(150):
        log.add([recorded(number)])
    found = log.find(Query(), 1000)
    assert 100 <= len(found) <= 101
    assert found[0].event_id == "event-149"
    assert [call.id for call in found] == sorted((call.id for call in found), reverse=True)


def test_what_is_recorded_is_never_changed(log: CallLog, tmp_path: Path) -> None:
    log.add([recorded(1)])
    with sqlite3.connect(tmp_path / FILE) as other, pytest.raises(sqlite3.IntegrityError, match="never changed"):
        other.execute("UPDATE calls SET principal = 'somebody else'")


def test_record_survives_its_server(log: CallLog, tmp_path: Path) -> None:
    log.add([recorded(1), recorded(2)])
    log.close()
    again = CallLog(tmp_path, kept=100)
    assert [call.event_id for call in again.find(Query(), 10)] == ["event-2", "event-1"]
    again.close()


@pytest.mark.parametrize(
    "query",
    [
        Query(service="states"),
        Query(service="states.amazonaws.com"),
        Query(action="StartExecution"),
        Query(principal="assumed-role/writer"),
        Query(username="you"),
        Query(since=datetime.fromtimestamp(1_700_000_002, UTC)),
        Query(errors=True),
        Query(read_only=False),
        Query(access_key="ASIA2"),
        Query(event_id="event-2"),
        Query(resource="bucket-2"),
        Query(resource_type="AWS::Other"),
        Query(after_id=1),
    ],
)
def test_each_condition_finds_only_what_it_names(log: CallLog, query: Query) -> None:
    other = recorded(
        2,
        source="states.amazonaws.com",
        name="StartExecution",
        principal="arn:aws:sts::123456789012:assumed-role/writer/you",
        error="AccessDenied",
        read_only=False,
        access_key="ASIA2",
        resources=[("AWS::Other", "bucket-2")],
    )
    log.add([recorded(1), other])
    assert [call.event_id for call in log.find(query, 10)] == ["event-2"]


def test_nothing_to_read_where_no_server_ever_was(tmp_path: Path) -> None:
    assert open_to_read(tmp_path) is None
