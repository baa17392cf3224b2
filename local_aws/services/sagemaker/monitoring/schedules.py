"""Create-, Update-, Describe-, List-, Start-, Stop- and DeleteMonitoringSchedule.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateMonitoringSchedule.html
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypedDict, cast

from local_aws.api import ApiError, Context, operation
from local_aws.services.sagemaker import tags
from local_aws.services.sagemaker.announcements import announce
from local_aws.services.sagemaker.errors import name_in_use, validation_error
from local_aws.services.sagemaker.images import find_image
from local_aws.services.sagemaker.listing import only, select
from local_aws.services.sagemaker.monitoring import alerts, clockwork, executions
from local_aws.services.sagemaker.monitoring.definitions import DATA_QUALITY, definition_of
from local_aws.services.sagemaker.monitoring.expressions import offset, parse
from local_aws.services.sagemaker.monitoring.shapes import (
    SCHEDULE,
    ListSchedulesRequest,
    MonitoringScheduleConfig,
    Schedule,
    ScheduleArnResponse,
    ScheduleNameRequest,
    ScheduleRequest,
)
from local_aws.services.sagemaker.records import ENDPOINT, change, now

PAGE = 10
SUMMARY = (
    "MonitoringScheduleName",
    "MonitoringScheduleArn",
    "CreationTime",
    "LastModifiedTime",
    "MonitoringScheduleStatus",
    "EndpointName",
    "MonitoringJobDefinitionName",
    "MonitoringType",
)
EQUAL = {
    "EndpointName": "EndpointName",
    "MonitoringJobDefinitionName": "MonitoringJobDefinitionName",
    "MonitoringTypeEquals": "MonitoringType",
}


class ListSchedulesResponse(TypedDict, total=False):
    MonitoringScheduleSummaries: list[dict[str, Any]]
    NextToken: str


@operation("sagemaker", "CreateMonitoringSchedule")
def create_monitoring_schedule(aws: Context, request: ScheduleRequest) -> ScheduleArnResponse:
    name, config = request["MonitoringScheduleName"], request["MonitoringScheduleConfig"]
    arn = aws.arn("sagemaker", f"monitoring-schedule/{name.lower()}")
    endpoint = _check(aws, config)
    moment = now()
    schedule: Schedule = {
        "MonitoringScheduleName": name,
        "MonitoringScheduleArn": arn,
        "MonitoringScheduleStatus": "Scheduled",
        "MonitoringScheduleConfig": config,
        "MonitoringType": config.get("MonitoringType", DATA_QUALITY),
        "EndpointName": endpoint,
        "CreationTime": moment,
        "LastModifiedTime": moment,
        "NextRun": _next_run(config, moment),
    }
    if "MonitoringJobDefinitionName" in config:
        schedule["MonitoringJobDefinitionName"] = config["MonitoringJobDefinitionName"]
    with aws.store.transaction():
        if aws.store.get(SCHEDULE, name) is not None:
            raise name_in_use(f"Monitoring Schedule with name {name} already exists ({arn})")
        aws.store.put(SCHEDULE, name, schedule)
        tags.keep(aws, arn, request.get("Tags"))
        _announce(aws, schedule)
    clockwork.wake(aws)
    return {"MonitoringScheduleArn": arn}


@operation("sagemaker", "UpdateMonitoringSchedule")
def update_monitoring_schedule(aws: Context, request: ScheduleRequest) -> ScheduleArnResponse:
    """The configuration is replaced as a whole; NOW runs once more."""
    name, config = request["MonitoringScheduleName"], request["MonitoringScheduleConfig"]
    endpoint = _check(aws, config)
    with aws.store.transaction():
        _find(aws, name)
        schedule = _change(
            aws,
            name,
            MonitoringScheduleConfig=config,
            MonitoringScheduleStatus="Scheduled",
            MonitoringType=config.get("MonitoringType", DATA_QUALITY),
            MonitoringJobDefinitionName=config.get("MonitoringJobDefinitionName"),
            EndpointName=endpoint,
            NextRun=_next_run(config, now()),
        )
    clockwork.wake(aws)
    return {"MonitoringScheduleArn": schedule["MonitoringScheduleArn"]}


@operation("sagemaker", "DescribeMonitoringSchedule")
def describe_monitoring_schedule(aws: Context, request: ScheduleNameRequest) -> Schedule:
    schedule = _find(aws, request["MonitoringScheduleName"])
    last = executions.latest(aws, schedule["MonitoringScheduleName"])
    if last is not None:
        schedule["LastMonitoringExecutionSummary"] = last
    return schedule


@operation("sagemaker", "ListMonitoringSchedules")
def list_monitoring_schedules(aws: Context, request: ListSchedulesRequest) -> ListSchedulesResponse:
    found = [document for _, document in aws.store.list(SCHEDULE) if _wanted(document, request)]
    page, more = select(
        found,
        {"MaxResults": PAGE, **request},
        name="MonitoringScheduleName",
        status="MonitoringScheduleStatus",
        summary=only(*SUMMARY),
    )
    return cast(ListSchedulesResponse, {"MonitoringScheduleSummaries": page, **more})


@operation("sagemaker", "StartMonitoringSchedule")
def start_monitoring_schedule(aws: Context, request: ScheduleNameRequest) -> None:
    name = request["MonitoringScheduleName"]
    with aws.store.transaction():
        schedule = _find(aws, name)
        if schedule["MonitoringScheduleStatus"] == "Scheduled":
            return
        next_run = _next_run(schedule["MonitoringScheduleConfig"], now())
        _change(aws, name, MonitoringScheduleStatus="Scheduled", NextRun=next_run)
    clockwork.wake(aws)


@operation("sagemaker", "StopMonitoringSchedule")
def stop_monitoring_schedule(aws: Context, request: ScheduleNameRequest) -> None:
    """Nothing more is started; what is under way ends by itself."""
    name = request["MonitoringScheduleName"]
    with aws.store.transaction():
        if _find(aws, name)["MonitoringScheduleStatus"] != "Stopped":
            _change(aws, name, MonitoringScheduleStatus="Stopped", NextRun=None)


@operation("sagemaker", "DeleteMonitoringSchedule")
def delete_monitoring_schedule(aws: Context, request: ScheduleNameRequest) -> None:
    """The history of its executions stays."""
    with aws.store.transaction():
        schedule = _find(aws, request["MonitoringScheduleName"])
        aws.store.delete(SCHEDULE, schedule["MonitoringScheduleName"])
        alerts.forget(aws, schedule["MonitoringScheduleName"])
        tags.forget(aws, schedule["MonitoringScheduleArn"])


def _check(context: Context, config: MonitoringScheduleConfig) -> str:
    """The endpoint that is watched. Raises a ValidationException for what could never run."""
    if "ScheduleConfig" not in config:
        raise validation_error("MonitoringScheduleConfig needs a ScheduleConfig.")
    schedule = config["ScheduleConfig"]
    offsets = [
        duration
        for duration in (schedule.get("DataAnalysisStartTime"), schedule.get("DataAnalysisEndTime"))
        if duration is not None
    ]
    for duration in offsets:
        offset(duration)
    if parse(schedule["ScheduleExpression"]) is None and len(offsets) < 2:
        raise validation_error("ScheduleExpression NOW needs DataAnalysisStartTime and DataAnalysisEndTime.")
    definition = definition_of(context, config)
    find_image(context, definition["Application"]["ImageUri"])
    name = str(definition["Endpoint"]["EndpointName"])
    endpoint = context.store.get(ENDPOINT, name)
    if endpoint is None:
        raise validation_error(f'Could not find endpoint "{context.arn("sagemaker", f"endpoint/{name}")}".')
    if not endpoint.get("DataCaptureConfig", {}).get("EnableCapture"):
        raise validation_error(f"Endpoint {name} captures no data: update it with a DataCaptureConfig first.")
    return name


def _next_run(config: MonitoringScheduleConfig, moment: datetime) -> datetime:
    hours = parse(config["ScheduleConfig"]["ScheduleExpression"])
    return moment if hours is None else hours.after(moment)


def _change(context: Context, name: str, **members: Any) -> Schedule:
    schedule = cast(Schedule, change(context, SCHEDULE, name, **members))
    _announce(context, schedule)
    return schedule


def _announce(context: Context, schedule: Schedule) -> None:
    detail = only(*SUMMARY)(schedule)
    announce(context, "SageMaker Monitoring Schedule State Change", schedule["MonitoringScheduleArn"], detail)


def _find(context: Context, name: str) -> Schedule:
    schedule = context.store.get(SCHEDULE, name)
    if schedule is None:
        raise ApiError("ResourceNotFound", f"Monitoring Schedule with name {name} does not exist.")
    return cast(Schedule, schedule)


def _wanted(document: dict[str, Any], request: ListSchedulesRequest) -> bool:
    given = cast(dict[str, Any], request)
    return all(document.get(own) == given[member] for member, own in EQUAL.items() if member in given)
