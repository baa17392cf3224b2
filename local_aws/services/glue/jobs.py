"""CreateJob, GetJob, GetJobs, ListJobs, UpdateJob, DeleteJob.

https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-jobs-job.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypedDict, cast

from local_aws.api import ApiError, Context, operation
from local_aws.services.glue.records import JOB, find_job, invalid, now, page
from local_aws.services.glue.shapes import (
    CreateJobRequest,
    Job,
    JobDefinition,
    JobNameRequest,
    PageRequest,
    UpdateJobRequest,
)

COMMANDS = ("glueetl", "pythonshell")
LAST_VERSION_OF_LONG_RUNS = 4.0
LONG_RUN_MINUTES, RUN_MINUTES = 2880, 480


class NameResponse(TypedDict):
    Name: str


class JobNameResponse(TypedDict):
    JobName: str


class GetJobResponse(TypedDict):
    Job: Job


class GetJobsResponse(TypedDict, total=False):
    Jobs: list[Job]
    NextToken: str


class ListJobsResponse(TypedDict, total=False):
    JobNames: list[str]
    NextToken: str


@operation("glue", "CreateJob")
def create_job(aws: Context, request: CreateJobRequest) -> NameResponse:
    """The same request again is answered as the first; another one for the same name is refused."""
    name = request["Name"]
    definition = {key: value for key, value in request.items() if key not in ("Name", "Tags")}
    _refuse_unsupported(definition)
    with aws.store.transaction():
        if (known := aws.store.get(JOB, name)) is not None:
            if all(known.get(key) == value for key, value in definition.items()):
                return {"Name": name}
            raise ApiError(
                "IdempotentParameterMismatchException",
                f"Job with name: {name} already submitted with different configuration",
            )
        moment = now()
        aws.store.put(JOB, name, {**_complete(definition), "Name": name, "CreatedOn": moment, "LastModifiedOn": moment})
    return {"Name": name}


@operation("glue", "GetJob")
def get_job(aws: Context, request: JobNameRequest) -> GetJobResponse:
    return {"Job": find_job(aws, request["JobName"])}


@operation("glue", "GetJobs")
def get_jobs(aws: Context, request: PageRequest) -> GetJobsResponse:
    jobs, more = page([document for _, document in aws.store.list(JOB)], request)
    return cast(GetJobsResponse, {"Jobs": jobs, **more})


@operation("glue", "ListJobs")
def list_jobs(aws: Context, request: PageRequest) -> ListJobsResponse:
    names, more = page([name for name, _ in aws.store.list(JOB)], request)
    return cast(ListJobsResponse, {"JobNames": names, **more})


@operation("glue", "UpdateJob")
def update_job(aws: Context, request: UpdateJobRequest) -> JobNameResponse:
    """The new definition replaces the old one: what it leaves out is reset, as the API reference says."""
    name, definition = request["JobName"], cast(dict[str, Any], request["JobUpdate"])
    _refuse_unsupported(definition)
    with aws.store.transaction():
        job = find_job(aws, name)
        if "Command" not in definition:
            raise invalid("Command must be given.")
        kept = {"Name": name, "CreatedOn": job["CreatedOn"], "LastModifiedOn": now()}
        aws.store.put(JOB, name, {**_complete(definition), **kept})
    return {"JobName": name}


@operation("glue", "DeleteJob")
def delete_job(aws: Context, request: JobNameRequest) -> JobNameResponse:
    """Deleting a job that does not exist is no error (API reference). Its runs stay readable."""
    aws.store.delete(JOB, request["JobName"])
    return {"JobName": request["JobName"]}


def _complete(definition: Mapping[str, Any]) -> JobDefinition:
    """With the defaults of the API reference; the longest run depends on Glue's version."""
    version = float(definition.get("GlueVersion", "0.9"))
    minutes = LONG_RUN_MINUTES if version <= LAST_VERSION_OF_LONG_RUNS else RUN_MINUTES
    defaults = {"MaxRetries": 0, "Timeout": minutes, "ExecutionProperty": {"MaxConcurrentRuns": 1}}
    return cast(JobDefinition, {**defaults, **definition})


def _refuse_unsupported(definition: Mapping[str, Any]) -> None:
    command = definition.get("Command", {})
    if command.get("Name") not in COMMANDS or not command.get("ScriptLocation", "").startswith("s3://"):
        raise invalid(f"local_aws runs commands named {' or '.join(COMMANDS)} with an s3:// ScriptLocation.")
    if definition.get("MaxRetries", 0) != 0 or definition.get("JobRunQueuingEnabled", False):
        raise invalid("local_aws neither retries nor queues runs: set MaxRetries to 0, JobRunQueuingEnabled to false.")
    try:
        float(definition.get("GlueVersion", "0.9"))
    except ValueError as error:
        raise invalid(f"GlueVersion {definition['GlueVersion']} is not a version such as 5.1.") from error
