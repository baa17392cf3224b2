"""When the alert of a schedule is raised, and what its history tells.

botocore model: UpdateMonitoringAlert, ListMonitoringAlertHistory
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from local_aws.api import ApiError, Context
from local_aws.services.sagemaker.monitoring import alerts
from local_aws.services.sagemaker.monitoring.shapes import SCHEDULE

MOMENT = datetime(2026, 3, 4, 12, tzinfo=UTC)
LETTERS = {"v": "CompletedWithViolations", "c": "Completed", "f": "Failed", "r": "InProgress"}


@pytest.fixture
def watched(context: Context) -> Context:
    schedule = {"MonitoringScheduleName": "s", "MonitoringScheduleArn": "arn", "CreationTime": MOMENT}
    context.store.put(SCHEDULE, "s", schedule)
    return context


def after(context: Context, statuses: str) -> str:
    """The alert's status after executions that ended so, one letter each; those of another schedule between them."""
    found: Any = []
    for letter in statuses:
        found.append({"MonitoringScheduleName": "other", "MonitoringExecutionStatus": LETTERS["v"]})
        found.append({"MonitoringScheduleName": "s", "MonitoringExecutionStatus": LETTERS[letter]})
        alerts.evaluate(context, "s", found)
    (alert,) = alerts.list_monitoring_alerts(context, {"MonitoringScheduleName": "s"})["MonitoringAlertSummaries"]
    return alert["AlertStatus"]


def update(context: Context, points: int, period: int) -> None:
    alerts.update_monitoring_alert(
        context,
        {
            "MonitoringScheduleName": "s",
            "MonitoringAlertName": "s",
            "DatapointsToAlert": points,
            "EvaluationPeriod": period,
        },
    )


@pytest.mark.parametrize(
    ("points", "period", "statuses", "status"),
    [
        (1, 1, "v", "InAlert"),
        (1, 1, "vc", "OK"),
        (1, 1, "vf", "InAlert"),
        (1, 1, "vr", "InAlert"),
        (2, 3, "vc", "OK"),
        (2, 3, "vcv", "InAlert"),
        (2, 3, "vcvc", "OK"),
        (2, 3, "vcfv", "InAlert"),
    ],
)
def test_m_of_the_last_n_completed_executions(
    watched: Context, points: int, period: int, statuses: str, status: str
) -> None:
    update(watched, points, period)
    assert after(watched, statuses) == status


def test_history_has_each_change_newest_first_and_outlives_the_schedule(watched: Context) -> None:
    after(watched, "vvcv")
    history = alerts.list_monitoring_alert_history(watched, {"MonitoringScheduleName": "s"})["MonitoringAlertHistory"]
    assert [one["AlertStatus"] for one in history].count("InAlert") == 2
    assert len(history) == 3
    raised = alerts.list_monitoring_alert_history(watched, {"StatusEquals": "OK"})["MonitoringAlertHistory"]
    assert len(raised) == 1
    watched.store.delete(SCHEDULE, "s")
    alerts.forget(watched, "s")
    assert len(alerts.list_monitoring_alert_history(watched, {})["MonitoringAlertHistory"]) == 3


def test_what_cannot_be_is_refused(watched: Context) -> None:
    with pytest.raises(ApiError, match="must not be greater"):
        update(watched, 3, 2)
    with pytest.raises(ApiError, match="ResourceNotFound"):
        alerts.list_monitoring_alerts(watched, {"MonitoringScheduleName": "nobody"})
