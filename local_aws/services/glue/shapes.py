"""The requests and answers of Glue's job API as types: only the members that this package reads or writes.

https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-jobs.html
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, NotRequired, Required, TypedDict


class JobCommand(TypedDict, total=False):
    Name: str
    ScriptLocation: str
    PythonVersion: str


class ExecutionProperty(TypedDict, total=False):
    MaxConcurrentRuns: int


class JobDefinition(TypedDict, total=False):
    """What CreateJob and UpdateJob have in common."""

    Description: str
    Role: str
    Command: JobCommand
    ExecutionProperty: ExecutionProperty
    DefaultArguments: dict[str, str]
    NonOverridableArguments: dict[str, str]
    MaxRetries: int
    Timeout: int
    WorkerType: str
    NumberOfWorkers: int
    MaxCapacity: float
    GlueVersion: str


class CreateJobRequest(JobDefinition, total=False):
    Name: Required[str]
    Tags: dict[str, str]


class Job(JobDefinition, total=False):
    Name: Required[str]
    CreatedOn: Required[datetime]
    LastModifiedOn: Required[datetime]


class UpdateJobRequest(TypedDict):
    JobName: str
    JobUpdate: JobDefinition


class JobNameRequest(TypedDict):
    JobName: str


class PageRequest(TypedDict, total=False):
    MaxResults: int
    NextToken: str


class StartJobRunRequest(TypedDict, total=False):
    JobName: Required[str]
    Arguments: dict[str, str]
    Timeout: int
    WorkerType: str
    NumberOfWorkers: int
    MaxCapacity: float


class JobRun(TypedDict, total=False):
    Id: Required[str]
    Attempt: Required[int]
    JobName: Required[str]
    StartedOn: Required[datetime]
    LastModifiedOn: Required[datetime]
    CompletedOn: datetime
    JobRunState: Required[str]
    Arguments: dict[str, str]
    ErrorMessage: str
    ExecutionTime: Required[int]
    Timeout: Required[int]
    WorkerType: str
    NumberOfWorkers: int
    MaxCapacity: float
    GlueVersion: str
    LogGroupName: str


class StoredRun(TypedDict):
    """A run with what its job was when it started, so that it can run again after a restart."""

    run: JobRun
    arguments: dict[str, str]
    script: str
    command: str
    role: NotRequired[str]


class GetJobRunRequest(TypedDict):
    JobName: str
    RunId: str


class GetJobRunsRequest(PageRequest):
    JobName: str


class BatchStopJobRunRequest(TypedDict):
    JobName: str
    JobRunIds: list[str]


class BatchStopJobRunResponse(TypedDict):
    SuccessfulSubmissions: list[dict[str, str]]
    Errors: list[dict[str, Any]]
