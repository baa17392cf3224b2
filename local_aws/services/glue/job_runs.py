"""StartJobRun, GetJobRun, GetJobRuns, BatchStopJobRun.

https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-jobs-runs.html
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any, TypedDict, cast

from local_aws.api import ApiError, Context, operation
from local_aws.services.glue import execution
from local_aws.services.glue.records import (
    RUN,
    change_run,
    find_job,
    find_run,
    now,
    page,
    run_key,
    runs_of,
)
from local_aws.services.glue.shapes import (
    BatchStopJobRunRequest,
    BatchStopJobRunResponse,
    GetJobRunRequest,
    GetJobRunsRequest,
    Job,
    JobRun,
    StartJobRunRequest,
    StoredRun,
)

ACTIVE = ("STARTING", "RUNNING", "STOPPING")
LOG_GROUP = "/aws-glue/jobs"
COPIED = ("WorkerType", "NumberOfWorkers", "MaxCapacity", "GlueVersion")


class StartJobRunResponse(TypedDict):
    JobRunId: str


class GetJobRunResponse(TypedDict):
    JobRun: JobRun


class GetJobRunsResponse(TypedDict, total=False):
    JobRuns: list[JobRun]
    NextToken: str


@operation("glue", "StartJobRun")
def start_job_run(aws: Context, request: StartJobRunRequest) -> StartJobRunResponse:
    name = request["JobName"]
    with aws.store.transaction():
        job = find_job(aws, name, "Failed to start job run due to missing metadata.")
        active = sum(stored["run"]["JobRunState"] in ACTIVE for stored in runs_of(aws, name))
        if active >= job["ExecutionProperty"].get("MaxConcurrentRuns", 1):
            raise ApiError("ConcurrentRunsExceededException", f"Concurrent runs exceeded for {name}")
        stored = _new_run(job, request)
        run_id = stored["run"]["Id"]
        aws.store.put(RUN, run_key(name, run_id), stored)
    execution.launch(aws, stored)
    return {"JobRunId": run_id}


@operation("glue", "GetJobRun")
def get_job_run(aws: Context, request: GetJobRunRequest) -> GetJobRunResponse:
    return {"JobRun": _as_of_now(find_run(aws, request["JobName"], request["RunId"])["run"])}


@operation("glue", "GetJobRuns")
def get_job_runs(aws: Context, request: GetJobRunsRequest) -> GetJobRunsResponse:
    """Newest first."""
    find_job(aws, request["JobName"])
    runs = [_as_of_now(stored["run"]) for stored in reversed(runs_of(aws, request["JobName"]))]
    found, more = page(runs, request)
    return cast(GetJobRunsResponse, {"JobRuns": found, **more})


@operation("glue", "BatchStopJobRun")
def batch_stop_job_run(aws: Context, request: BatchStopJobRunRequest) -> BatchStopJobRunResponse:
    name = request["JobName"]
    accepted: list[dict[str, str]] = []
    errors: list[dict[str, Any]] = []
    for run_id in request["JobRunIds"]:
        try:
            _stop(aws, name, run_id)
            accepted.append({"JobName": name, "JobRunId": run_id})
        except ApiError as error:
            detail = {"ErrorCode": error.code, "ErrorMessage": error.message}
            errors.append({"JobName": name, "JobRunId": run_id, "ErrorDetail": detail})
    return {"SuccessfulSubmissions": accepted, "Errors": errors}


def resume(context: Context) -> None:
    """Run again, from a clean folder, what a stopped or killed server interrupted."""
    for _, stored in context.store.list(RUN):
        run = stored["run"]
        if run["JobRunState"] == "STOPPING":
            change_run(context, run["JobName"], run["Id"], JobRunState="STOPPED", CompletedOn=now())
        elif run["JobRunState"] in ACTIVE:
            change_run(context, run["JobName"], run["Id"], Attempt=run["Attempt"] + 1, JobRunState="STARTING")
            execution.launch(context, find_run(context, run["JobName"], run["Id"]))


def _stop(context: Context, name: str, run_id: str) -> None:
    with context.store.transaction():
        state = find_run(context, name, run_id)["run"]["JobRunState"]
        if state not in ACTIVE:
            raise ApiError("InvalidInputException", f"Job run {run_id} is in state {state} and cannot be stopped.")
        change_run(context, name, run_id, JobRunState="STOPPING")
    execution.stop(context, name, run_id)


def _new_run(job: Job, request: StartJobRunRequest) -> StoredRun:
    moment = now()
    arguments = request.get("Arguments", {})
    run: dict[str, Any] = {
        **_copied(job),
        **_copied(request),
        "Id": f"jr_{uuid.uuid4().hex}{uuid.uuid4().hex}",
        "Attempt": 0,
        "JobName": job["Name"],
        "StartedOn": moment,
        "LastModifiedOn": moment,
        "JobRunState": "STARTING",
        "Arguments": arguments,
        "PredecessorRuns": [],
        "ExecutionTime": 0,
        "Timeout": request.get("Timeout", job["Timeout"]),
        "LogGroupName": LOG_GROUP,
    }
    merged = {**job.get("DefaultArguments", {}), **arguments, **job.get("NonOverridableArguments", {})}
    command = job["Command"]
    return {
        "run": cast(JobRun, run),
        "arguments": merged,
        "script": command["ScriptLocation"],
        "command": command["Name"],
        "role": job["Role"],
    }


def _copied(members: Mapping[str, Any]) -> dict[str, Any]:
    return {member: members[member] for member in COPIED if member in members}


def _as_of_now(run: JobRun) -> JobRun:
    if run["JobRunState"] in ACTIVE:
        return {**run, "ExecutionTime": round((now() - run["StartedOn"]).total_seconds())}
    return run
