"""The types of monitoring schedules and their executions: only the members that are read here."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NotRequired, Required, TypedDict

from local_aws.services.sagemaker.shapes import ListRequest, Tag

SCHEDULE = "sagemaker.monitoring_schedule"
EXECUTION = "sagemaker.monitoring_execution"


class ScheduleConfig(TypedDict, total=False):
    ScheduleExpression: Required[str]
    DataAnalysisStartTime: str
    DataAnalysisEndTime: str


class MonitoringScheduleConfig(TypedDict, total=False):
    ScheduleConfig: ScheduleConfig
    MonitoringJobDefinition: dict[str, Any]
    MonitoringJobDefinitionName: str
    MonitoringType: str


class ScheduleRequest(TypedDict, total=False):
    MonitoringScheduleName: Required[str]
    MonitoringScheduleConfig: Required[MonitoringScheduleConfig]
    Tags: list[Tag]


class ScheduleNameRequest(TypedDict):
    MonitoringScheduleName: str


class ScheduleArnResponse(TypedDict):
    MonitoringScheduleArn: str


class Schedule(TypedDict, total=False):
    """``NextRun`` is when the next execution is due; a schedule that runs once or is stopped has none."""

    MonitoringScheduleName: Required[str]
    MonitoringScheduleArn: Required[str]
    MonitoringScheduleStatus: Required[str]
    MonitoringScheduleConfig: Required[MonitoringScheduleConfig]
    MonitoringType: Required[str]
    MonitoringJobDefinitionName: str
    EndpointName: Required[str]
    CreationTime: Required[datetime]
    LastModifiedTime: Required[datetime]
    LastMonitoringExecutionSummary: dict[str, Any]
    NextRun: datetime


class ListSchedulesRequest(ListRequest, total=False):
    EndpointName: str
    MonitoringJobDefinitionName: str
    MonitoringTypeEquals: str


class ListExecutionsRequest(ListSchedulesRequest, total=False):
    MonitoringScheduleName: str
    ScheduledTimeAfter: datetime
    ScheduledTimeBefore: datetime


class Execution(TypedDict):
    """``JobName`` is that of the processing job, chosen before the job is created.

    ``Merge`` counts what the merge with ground truth found (``merge.Counts``).
    """

    JobName: str
    MonitoringScheduleName: str
    ScheduledTime: datetime
    CreationTime: datetime
    LastModifiedTime: datetime
    MonitoringExecutionStatus: str
    EndpointName: str
    MonitoringType: str
    MonitoringJobDefinitionName: NotRequired[str]
    ProcessingJobArn: NotRequired[str]
    FailureReason: NotRequired[str]
    Merge: NotRequired[dict[str, int]]


class Definition(TypedDict, total=False):
    """What a monitoring job does, from either form in which a schedule may give it.

    ``GroundTruth`` is the S3 URI below which labels lie by the hour in which they were collected.
    """

    MonitoringType: Required[str]
    GroundTruth: str
    Application: Required[dict[str, Any]]
    Baseline: Required[dict[str, Any]]
    Endpoint: Required[dict[str, Any]]
    Output: Required[dict[str, str]]
    KmsKeyId: str
    Resources: Required[dict[str, Any]]
    Environment: Required[dict[str, str]]
    RoleArn: Required[str]
    StoppingCondition: dict[str, int]
    NetworkConfig: dict[str, Any]
