"""Executions of monitoring schedules: begun once, carried to their end whatever happens to the server.

An execution is kept with the name of its processing job before that job is created; after a kill a Pending one
creates the job that is not there yet. Statuses: API_MonitoringExecutionSummary. A job has violations when its exit
message says so, as Model Monitor's container does, or when its report ``constraint_violations.json`` lists any
(https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-byoc-contract-outputs.html).
"""

from __future__ import annotations

import json
import logging
import uuid
from datetime import datetime
from typing import Any, TypedDict, cast

from botocore.exceptions import BotoCoreError, ClientError

from local_aws.api import ApiError, Context, operation
from local_aws.services.s3_transfer import TransferError, join_uri, split_uri
from local_aws.services.sagemaker.deployment_shapes import Deployment
from local_aws.services.sagemaker.listing import only, select
from local_aws.services.sagemaker.monitoring import alerts
from local_aws.services.sagemaker.monitoring.definitions import definition_of
from local_aws.services.sagemaker.monitoring.job import NoDataError, processing_request, window
from local_aws.services.sagemaker.monitoring.labelled import data_of
from local_aws.services.sagemaker.monitoring.shapes import (
    EXECUTION,
    SCHEDULE,
    Execution,
    ListExecutionsRequest,
    Schedule,
)
from local_aws.services.sagemaker.records import DEPLOYMENT, PROCESSING_JOB, change, now

logger = logging.getLogger(__name__)

ACTIVE = ("Pending", "InProgress", "Stopping")
PAGE = 10
SUMMARY = (
    "MonitoringScheduleName",
    "ScheduledTime",
    "CreationTime",
    "LastModifiedTime",
    "MonitoringExecutionStatus",
    "ProcessingJobArn",
    "EndpointName",
    "FailureReason",
    "MonitoringJobDefinitionName",
    "MonitoringType",
)
EQUAL = {
    "MonitoringScheduleName": "MonitoringScheduleName",
    "EndpointName": "EndpointName",
    "MonitoringJobDefinitionName": "MonitoringJobDefinitionName",
    "MonitoringTypeEquals": "MonitoringType",
}
VIOLATIONS = "CompletedWithViolations"
#: How the names of processing jobs begin, as recorded for model quality.
PREFIXES = {
    "DataQuality": "model-monitoring",
    "ModelQuality": "model-quality-monitoring",
    "ModelBias": "model-bias-monitoring",
    "ModelExplainability": "model-explainability-monitoring",
}
NO_DATA = "Job inputs had no data"


class ListExecutionsResponse(TypedDict, total=False):
    MonitoringExecutionSummaries: list[dict[str, Any]]
    NextToken: str


@operation("sagemaker", "ListMonitoringExecutions")
def list_monitoring_executions(aws: Context, request: ListExecutionsRequest) -> ListExecutionsResponse:
    found = [one for one in _all(aws) if _wanted(one, request)]
    by = request.get("SortBy", "CreationTime")
    ordered = {"MaxResults": PAGE, **request, "SortBy": {"ScheduledTime": "Name"}.get(by, by)}
    status = "MonitoringExecutionStatus"
    page, more = select(found, ordered, name="ScheduledTime", status=status, summary=only(*SUMMARY))
    return cast(ListExecutionsResponse, {"MonitoringExecutionSummaries": page, **more})


def plan(context: Context, schedule: Schedule, scheduled: datetime) -> None:
    """Keep an execution that is to begin; inside the transaction that moves the schedule on."""
    moment = now()
    execution: Execution = {
        "JobName": f"{PREFIXES[schedule['MonitoringType']]}-{scheduled:%Y%m%d%H%M}-{uuid.uuid4().hex[:24]}",
        "MonitoringScheduleName": schedule["MonitoringScheduleName"],
        "ScheduledTime": scheduled,
        "CreationTime": moment,
        "LastModifiedTime": moment,
        "MonitoringExecutionStatus": "Pending",
        "EndpointName": schedule["EndpointName"],
        "MonitoringType": schedule["MonitoringType"],
    }
    if "MonitoringJobDefinitionName" in schedule:
        execution["MonitoringJobDefinitionName"] = schedule["MonitoringJobDefinitionName"]
    context.store.put(EXECUTION, execution["JobName"], execution)


def advance(context: Context) -> bool:
    """Bring every execution as far as its processing job is; whether any is still under way."""
    active = [one for one in _all(context) if one["MonitoringExecutionStatus"] in ACTIVE]
    for execution in active:
        job = context.store.get(PROCESSING_JOB, execution["JobName"])
        if job is None:
            _begin(context, execution)
        else:
            _follow(context, execution, job)
    return bool(active)


def latest(context: Context, schedule: str) -> dict[str, Any] | None:
    """The summary of the last execution of a schedule."""
    found = [one for one in _all(context) if one["MonitoringScheduleName"] == schedule]
    return only(*SUMMARY)(found[-1]) if found else None


def _begin(context: Context, execution: Execution) -> None:
    name = execution["JobName"]
    try:
        request = _request(context, execution)
        arn = context.client("sagemaker").create_processing_job(**request)["ProcessingJobArn"]
    except NoDataError as error:
        reason = f"{NO_DATA}: {error}" if str(error) else NO_DATA
        change(context, EXECUTION, name, MonitoringExecutionStatus="Failed", FailureReason=reason)
    except (ApiError, ClientError, TransferError) as error:
        reason = f"The processing job could not be created: {error}"[:1024]
        change(context, EXECUTION, name, MonitoringExecutionStatus="Failed", FailureReason=reason)
    except BotoCoreError as error:
        logger.warning("execution %s waits: %s", name, type(error).__name__)
    else:
        change(context, EXECUTION, name, MonitoringExecutionStatus="InProgress", ProcessingJobArn=arn)


def _request(context: Context, execution: Execution) -> dict[str, Any]:
    schedule = cast(Schedule | None, context.store.get(SCHEDULE, execution["MonitoringScheduleName"]))
    deployment = cast(Deployment | None, context.store.get(DEPLOYMENT, execution["EndpointName"]))
    if schedule is None or deployment is None or deployment["DataCaptureConfig"] is None:
        raise NoDataError
    config = schedule["MonitoringScheduleConfig"]
    definition = definition_of(context, config)
    times = window(config["ScheduleConfig"], definition, execution["ScheduledTime"])
    capture = deployment["DataCaptureConfig"]
    data = data_of(context, definition, execution, capture, times)
    return processing_request(definition, execution, capture, times, data)


def _follow(context: Context, execution: Execution, job: dict[str, Any]) -> None:
    status = job["ProcessingJobStatus"]
    reason = job.get("FailureReason")
    if status == "Completed" and _has_violations(context, execution, job):
        status = VIOLATIONS
    if (status, job["ProcessingJobArn"]) != (
        execution["MonitoringExecutionStatus"],
        execution.get("ProcessingJobArn"),
    ):
        with context.store.transaction():
            change(
                context,
                EXECUTION,
                execution["JobName"],
                MonitoringExecutionStatus=status,
                ProcessingJobArn=job["ProcessingJobArn"],
                FailureReason=reason,
            )
            if status not in ACTIVE:
                alerts.evaluate(context, execution["MonitoringScheduleName"], _all(context))


def _has_violations(context: Context, execution: Execution, job: dict[str, Any]) -> bool:
    if str(job.get("ExitMessage", "")).startswith(VIOLATIONS):
        return True
    target = job["ProcessingOutputConfig"]["Outputs"][0]["S3Output"]["S3Uri"]
    bucket, key = split_uri(join_uri(target, "constraint_violations.json"))
    try:
        report = json.loads(context.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read())
    except (ClientError, BotoCoreError, ValueError):
        return False
    return isinstance(report, dict) and bool(report.get("violations"))


def _all(context: Context) -> list[Execution]:
    return [cast(Execution, document) for _, document in context.store.list(EXECUTION)]


def _wanted(execution: Execution, request: ListExecutionsRequest) -> bool:
    for member, own in EQUAL.items():
        if member in request and execution.get(own) != request[member]:  # type: ignore[literal-required]
            return False
    after, before = request.get("ScheduledTimeAfter"), request.get("ScheduledTimeBefore")
    scheduled = execution["ScheduledTime"]
    return not (after and scheduled < after) and not (before and scheduled > before)
