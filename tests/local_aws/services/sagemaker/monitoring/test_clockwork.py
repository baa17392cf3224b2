"""Schedules that become due: once for each time, once for what was missed.

https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-schedule-expression.html
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from local_aws.api import Context
from local_aws.services.sagemaker.monitoring.clockwork import start_due
from local_aws.services.sagemaker.monitoring.job import window
from local_aws.services.sagemaker.monitoring.shapes import EXECUTION, SCHEDULE

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def schedule(context: Context, next_run: datetime | None, expression: str = "cron(0 * ? * * *)") -> None:
    document: dict[str, Any] = {
        "MonitoringScheduleName": "s",
        "MonitoringScheduleStatus": "Stopped" if next_run is None else "Scheduled",
        "MonitoringScheduleConfig": {"ScheduleConfig": {"ScheduleExpression": expression}},
        "MonitoringType": "DataQuality",
        "EndpointName": "e",
        **({} if next_run is None else {"NextRun": next_run}),
    }
    context.store.put(SCHEDULE, "s", document)


def times(context: Context) -> list[datetime]:
    return [document["ScheduledTime"] for _, document in context.store.list(EXECUTION)]


def test_each_hour_is_started_once(context: Context) -> None:
    schedule(context, NOON)
    assert start_due(context, NOON - timedelta(seconds=1)) == NOON
    assert times(context) == []
    assert start_due(context, NOON) == NOON + HOUR
    assert start_due(context, NOON + timedelta(minutes=59)) == NOON + HOUR
    start_due(context, NOON + HOUR)
    assert times(context) == [NOON, NOON + HOUR]


def test_what_was_missed_runs_once_for_its_last_time(context: Context) -> None:
    schedule(context, NOON)
    assert start_due(context, NOON + 5 * HOUR + timedelta(minutes=7)) == NOON + 6 * HOUR
    assert times(context) == [NOON + 5 * HOUR]


def test_now_runs_once_and_a_stopped_schedule_never(context: Context) -> None:
    schedule(context, NOON, "NOW")
    assert start_due(context, NOON) is None
    assert start_due(context, NOON + HOUR) is None
    assert times(context) == [NOON]
    schedule(context, None)
    assert start_due(context, NOON + 9 * HOUR) is None
    assert times(context) == [NOON]


def test_an_execution_looks_at_the_time_since_the_one_before(context: Context) -> None:
    source: Any = {"Endpoint": {}}
    assert window({"ScheduleExpression": "cron(0 * ? * * *)"}, source, NOON) == (NOON - HOUR, NOON)
    assert window({"ScheduleExpression": "cron(0 0/6 ? * * *)"}, source, NOON) == (NOON - 6 * HOUR, NOON)
    shifted: Any = {"Endpoint": {"StartTimeOffset": "-P1D", "EndTimeOffset": "-P1D"}}
    day = timedelta(days=1)
    assert window({"ScheduleExpression": "cron(0 * ? * * *)"}, shifted, NOON) == (NOON - HOUR - day, NOON - day)
