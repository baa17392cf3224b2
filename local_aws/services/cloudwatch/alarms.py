"""Alarms as they are stored: metric alarms and composite alarms, with their state and their history."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from local_aws.api import ApiError, Context

KIND = "cloudwatch_alarm"
OK, ALARM, INSUFFICIENT = "OK", "ALARM", "INSUFFICIENT_DATA"
COMPOSITE, METRIC = "CompositeAlarm", "MetricAlarm"
#: What is stored beside the members that the API tells.
OWN = ("Type", "Tags")


def arn_of(aws: Context, name: str) -> str:
    return aws.arn("cloudwatch", f"alarm:{name}")


def every(aws: Context) -> list[dict[str, Any]]:
    return [alarm for _, alarm in aws.store.list(KIND)]


def find(aws: Context, name: str) -> dict[str, Any]:
    alarm = aws.store.get(KIND, name)
    if alarm is None:
        raise ApiError("ResourceNotFound", f"Unknown alarm: {name}", 404)
    return alarm


def keep(aws: Context, alarm: dict[str, Any]) -> None:
    aws.store.put(KIND, alarm["AlarmName"], alarm)


def described(alarm: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in alarm.items() if name not in OWN}


def history_stream(name: str) -> str:
    return f"cloudwatch:alarm:{name}"


def remember(
    aws: Context, alarm: dict[str, Any], kind: str, summary: str, data: dict[str, Any], at: datetime | None = None
) -> None:
    """Add to the alarm's history, which outlives it."""
    aws.store.append(
        history_stream(alarm["AlarmName"]),
        {
            "AlarmName": alarm["AlarmName"],
            "AlarmType": alarm["Type"],
            "Timestamp": at or datetime.now(UTC),
            "HistoryItemType": kind,
            "HistorySummary": summary,
            "HistoryData": json.dumps({"version": "1.0", **data}),
        },
    )
