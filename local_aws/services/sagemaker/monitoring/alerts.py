"""The alert of each monitoring schedule: M of its last N executions with violations, and the changes of its state.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_UpdateMonitoringAlert.html. Choices here: the alert has
the schedule's name, one of one executions raises it, and only executions that completed are data points.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Required, TypedDict, cast

from local_aws.api import ApiError, Context, operation
from local_aws.services.sagemaker.errors import validation_error
from local_aws.services.sagemaker.listing import only, page, select
from local_aws.services.sagemaker.monitoring.shapes import SCHEDULE, Execution, Schedule
from local_aws.services.sagemaker.records import now

ALERT = "sagemaker.monitoring_alert"
HISTORY = "sagemaker.monitoring_alert_history"
IN_ALERT, OK = "InAlert", "OK"
POINTS = ("Completed", "CompletedWithViolations")
PAGE = 100


class Alert(TypedDict):
    MonitoringAlertName: str
    CreationTime: datetime
    LastModifiedTime: datetime
    AlertStatus: str
    DatapointsToAlert: int
    EvaluationPeriod: int
    Actions: dict[str, Any]


class ListAlertsRequest(TypedDict, total=False):
    MonitoringScheduleName: Required[str]
    NextToken: str
    MaxResults: int


class ListAlertsResponse(TypedDict, total=False):
    MonitoringAlertSummaries: list[Alert]
    NextToken: str


class ListHistoryRequest(TypedDict, total=False):
    MonitoringScheduleName: str
    MonitoringAlertName: str
    StatusEquals: str


class ListHistoryResponse(TypedDict, total=False):
    MonitoringAlertHistory: list[dict[str, Any]]
    NextToken: str


class UpdateAlertRequest(TypedDict):
    MonitoringScheduleName: str
    MonitoringAlertName: str
    DatapointsToAlert: int
    EvaluationPeriod: int


class UpdateAlertResponse(TypedDict):
    MonitoringScheduleArn: str
    MonitoringAlertName: str


@operation("sagemaker", "ListMonitoringAlerts")
def list_monitoring_alerts(aws: Context, request: ListAlertsRequest) -> ListAlertsResponse:
    alert = _alert(aws, _schedule(aws, request["MonitoringScheduleName"]))
    chosen, more = page([alert], cast(dict[str, Any], request))
    return cast(ListAlertsResponse, {"MonitoringAlertSummaries": list(chosen), **more})


@operation("sagemaker", "ListMonitoringAlertHistory")
def list_monitoring_alert_history(aws: Context, request: ListHistoryRequest) -> ListHistoryResponse:
    equal = [member for member in ("MonitoringScheduleName", "MonitoringAlertName") if member in request]
    given = cast(dict[str, Any], request)
    found = [one for _, one in aws.store.read(HISTORY) if all(one[member] == given[member] for member in equal)]
    members = ("MonitoringScheduleName", "MonitoringAlertName", "CreationTime", "AlertStatus")
    chosen, more = select(
        found,
        {"MaxResults": PAGE, **given},
        name="MonitoringAlertName",
        status="AlertStatus",
        summary=only(*members),
    )
    return cast(ListHistoryResponse, {"MonitoringAlertHistory": chosen, **more})


@operation("sagemaker", "UpdateMonitoringAlert")
def update_monitoring_alert(aws: Context, request: UpdateAlertRequest) -> UpdateAlertResponse:
    """The new numbers hold from the next execution on."""
    name, points, period = (request["MonitoringAlertName"], request["DatapointsToAlert"], request["EvaluationPeriod"])
    if points > period:
        raise validation_error("DatapointsToAlert must not be greater than EvaluationPeriod.")
    with aws.store.transaction():
        schedule = _schedule(aws, request["MonitoringScheduleName"])
        alert = _alert(aws, schedule)
        if name != alert["MonitoringAlertName"]:
            raise ApiError("ResourceNotFound", f"Monitoring Alert with name {name} does not exist.")
        alert |= {"DatapointsToAlert": points, "EvaluationPeriod": period, "LastModifiedTime": now()}
        aws.store.put(ALERT, schedule["MonitoringScheduleName"], alert)
    return {"MonitoringScheduleArn": schedule["MonitoringScheduleArn"], "MonitoringAlertName": name}


def evaluate(context: Context, name: str, executions: Sequence[Execution]) -> None:
    """Look at a schedule's executions, oldest first, after one has ended; inside the transaction that ends it."""
    schedule = context.store.get(SCHEDULE, name)
    if schedule is None:
        return
    alert = _alert(context, cast(Schedule, schedule))
    ended = [one["MonitoringExecutionStatus"] for one in executions if one["MonitoringScheduleName"] == name]
    points = [status for status in ended if status in POINTS][-alert["EvaluationPeriod"] :]
    status = IN_ALERT if points.count(POINTS[1]) >= alert["DatapointsToAlert"] else OK
    if status == alert["AlertStatus"]:
        return
    alert |= {"AlertStatus": status, "LastModifiedTime": now()}
    context.store.put(ALERT, name, alert)
    entry = {"MonitoringScheduleName": name, "MonitoringAlertName": alert["MonitoringAlertName"]}
    context.store.append(HISTORY, {**entry, "CreationTime": now(), "AlertStatus": status})


def forget(context: Context, name: str) -> None:
    """The schedule is gone; the history of its alert stays."""
    context.store.delete(ALERT, name)


def _alert(context: Context, schedule: Schedule) -> Alert:
    made: Alert = {
        "MonitoringAlertName": schedule["MonitoringScheduleName"],
        "CreationTime": schedule["CreationTime"],
        "LastModifiedTime": schedule["CreationTime"],
        "AlertStatus": OK,
        "DatapointsToAlert": 1,
        "EvaluationPeriod": 1,
        "Actions": {"ModelDashboardIndicator": {"Enabled": True}},
    }
    return cast(Alert, context.store.get(ALERT, schedule["MonitoringScheduleName"]) or made)


def _schedule(context: Context, name: str) -> Schedule:
    schedule = context.store.get(SCHEDULE, name)
    if schedule is None:
        raise ApiError("ResourceNotFound", f"Monitoring Schedule with name {name} does not exist.")
    return cast(Schedule, schedule)
