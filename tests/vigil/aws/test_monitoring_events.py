"""The event of a window is put once, and only what EventBridge took counts as told.

https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from vigil.aws.monitoring_events import ATTEMPTS, AnnouncementError, announce
from vigil.monitoring.models import Monitor, Violation, Window, WindowReport, WindowStatus

START = datetime(2026, 11, 26, 5, tzinfo=UTC)


def report(violations: int = 0) -> WindowReport:
    one = Violation(feature="sex", check="baseline_drift_check", metric="js_distance", description="x" * 1000)
    return WindowReport(
        endpoint="e",
        monitor=Monitor.BIAS,
        window=Window(start=START, end=START + timedelta(hours=1)),
        status=WindowStatus.VIOLATIONS if violations else WindowStatus.OK,
        cases=1,
        violation_count=violations,
        violations=(one,) * violations,
        artefact_digest="a" * 64,
        baseline_digest="b" * 64,
        plan_digest="c" * 64,
        report_uri="s3://b/k/",
        finished_at=START,
    )


class Bus:
    """Refuses the first ``refusals`` entries, as a throttled bus does."""

    def __init__(self, refusals: int) -> None:
        self.refusals = refusals
        self.calls: list[dict[str, Any]] = []

    def put_events(self, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803
        self.calls += Entries
        if len(self.calls) <= self.refusals:
            return {"FailedEntryCount": 1, "Entries": [{"ErrorCode": "ThrottlingException"}]}
        return {"FailedEntryCount": 0, "Entries": [{"EventId": "1"}]}


def test_the_event_is_the_report(pauses: list[float]) -> None:
    bus = Bus(0)
    announce(report(1), bus, pauses.append)
    (entry,) = bus.calls
    assert (entry["Source"], entry["DetailType"]) == ("vigil.monitoring", "Monitoring Window Completed")
    assert WindowReport.model_validate_json(entry["Detail"]) == report(1)
    assert pauses == []


def test_an_entry_that_was_refused_is_put_again(pauses: list[float]) -> None:
    bus = Bus(2)
    announce(report(), bus, pauses.append)
    assert len(bus.calls) == 3
    assert pauses == [0.5, 1.0]


def test_a_bus_that_takes_nothing_is_an_error_that_says_what_to_do(pauses: list[float]) -> None:
    bus = Bus(100)
    with pytest.raises(AnnouncementError, match=r"ThrottlingException.*start the monitor again"):
        announce(report(), bus, pauses.append)
    assert len(bus.calls) == ATTEMPTS


def test_an_event_with_many_violations_fits_the_bus() -> None:
    bus = Bus(0)
    announce(report(300), bus)
    detail = bus.calls[0]["Detail"]
    assert len(detail.encode()) < 256 * 1024
    assert json.loads(detail)["violation_count"] == 300


@pytest.fixture
def pauses() -> list[float]:
    return []
