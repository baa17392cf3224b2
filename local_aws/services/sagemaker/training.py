"""CreateTrainingJob, and the operations on the jobs that it makes.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateTrainingJob.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypedDict, cast

from local_aws.api import Context, operation
from local_aws.services.s3_transfer import join_uri
from local_aws.services.sagemaker import job_kinds, training_checks, training_metrics, training_run
from local_aws.services.sagemaker.errors import name_in_use, resource_not_found, validation_error
from local_aws.services.sagemaker.job_ends import KILLED, must_stop
from local_aws.services.sagemaker.job_kinds import TRAINING
from local_aws.services.sagemaker.jobs import Patience
from local_aws.services.sagemaker.listing import only, select
from local_aws.services.sagemaker.records import now
from local_aws.services.sagemaker.runtime import runtime
from local_aws.services.sagemaker.shapes import (
    CreateTrainingJobRequest,
    ListRequest,
    TrainingJob,
    TrainingJobArnResponse,
    TrainingJobNameRequest,
    UpdateTrainingJobRequest,
)
from local_aws.services.sagemaker.training_status import enter, fail, finish

NOT_FOUND = "Requested resource not found."
SUMMARY = (
    "TrainingJobName",
    "TrainingJobArn",
    "CreationTime",
    "TrainingEndTime",
    "LastModifiedTime",
    "TrainingJobStatus",
    "SecondaryStatus",
)


class ListTrainingJobsResponse(TypedDict, total=False):
    TrainingJobSummaries: list[dict[str, Any]]
    NextToken: str


@operation("sagemaker", "CreateTrainingJob")
def create_training_job(aws: Context, request: CreateTrainingJobRequest) -> TrainingJobArnResponse:
    training_checks.check(aws, request)
    return {"TrainingJobArn": begin(aws, request)}


@operation("sagemaker", "DescribeTrainingJob")
def describe_training_job(aws: Context, request: TrainingJobNameRequest) -> TrainingJob:
    return _find(aws, request["TrainingJobName"])


@operation("sagemaker", "StopTrainingJob")
def stop_training_job(aws: Context, request: TrainingJobNameRequest) -> None:
    name = request["TrainingJobName"]
    with aws.store.transaction():
        if not must_stop(_find(aws, name)["TrainingJobStatus"], "training job"):
            return
        enter(aws, name, "Stopping", "Stopping the training job", TrainingJobStatus="Stopping")
    if runtime(aws).jobs.stop(_key(name)):
        finish(aws, name, "Stopped", "Stopped", "Training job stopped")


@operation("sagemaker", "UpdateTrainingJob")
def update_training_job(aws: Context, request: UpdateTrainingJobRequest) -> TrainingJobArnResponse:
    """Warm pools, profiler and remote debugging, which are all that this operation changes, are not provided here."""
    job = aws.store.get(TRAINING.kind, request["TrainingJobName"])
    if job is None:
        raise resource_not_found(NOT_FOUND)
    given = sorted(set(request) - {"TrainingJobName"})
    if given:
        raise validation_error(f"local_aws has no warm pools, profiler or remote debugging: leave {given[0]} out.")
    return {"TrainingJobArn": job["TrainingJobArn"]}


@operation("sagemaker", "DeleteTrainingJob")
def delete_training_job(aws: Context, request: TrainingJobNameRequest) -> None:
    """The name is free again; the job's log and artefacts stay."""
    name = request["TrainingJobName"]
    with aws.store.transaction():
        job = aws.store.get(TRAINING.kind, name)
        if job is None:
            raise resource_not_found(NOT_FOUND)
        if job["TrainingJobStatus"] in ("InProgress", "Stopping"):
            raise name_in_use(f"The training job {name} is in status {job['TrainingJobStatus']} and cannot be deleted.")
        job_kinds.remove(aws, TRAINING, name)
        training_metrics.forget(aws, name)


@operation("sagemaker", "ListTrainingJobs")
def list_training_jobs(aws: Context, request: ListRequest) -> ListTrainingJobsResponse:
    jobs = [document for _, document in aws.store.list(TRAINING.kind)]
    page, more = select(jobs, request, name="TrainingJobName", status="TrainingJobStatus", summary=only(*SUMMARY))
    return cast(ListTrainingJobsResponse, {"TrainingJobSummaries": page, **more})


def begin(context: Context, request: CreateTrainingJobRequest, **members: Any) -> str:
    """Keep and queue a job that has been checked; returns its ARN. Raises ResourceInUse."""
    name = request["TrainingJobName"]
    arn = TRAINING.arn(context, name)
    with context.store.transaction():
        if context.store.get(TRAINING.kind, name) is not None:
            raise name_in_use(
                "Training job names must be unique within an AWS account and region, and a training job with this "
                f"name already exists ({arn})"
            )
        job_kinds.create(context, TRAINING, {**_new_job(request, arn), **members}, request.get("Tags"))
    submit(context, name)
    return arn


def submit(context: Context, name: str) -> None:
    """Queue a job, or see that it is queued already."""
    running = runtime(context)
    job = cast(TrainingJob, context.store.get(TRAINING.kind, name))
    running.jobs.submit(
        _key(name),
        lambda control: training_run.run(context, name, control, running.settings),
        _patience(context, job),
        lambda: fail(context, name, KILLED),
    )


def resume(context: Context) -> None:
    """Run interrupted and waiting jobs again, from a clean folder, in the order of their creation."""
    for name, job in context.store.list(TRAINING.kind):
        if job["TrainingJobStatus"] == "Stopping":
            finish(context, name, "Stopped", "Stopped", "Training job stopped")
        elif job["TrainingJobStatus"] == "InProgress":
            if job["SecondaryStatus"] != "Starting":
                enter(context, name, "Restarting", "The server was restarted: the job runs again")
            submit(context, name)


def _patience(context: Context, job: TrainingJob) -> Patience | None:
    """The shorter of MaxPendingTimeInSeconds and, for spot training, MaxWaitTimeInSeconds."""
    condition, name = job["StoppingCondition"], job["TrainingJobName"]
    limits = {
        condition.get("MaxPendingTimeInSeconds"): ("Stopped", "Training job pending time exceeded its maximum"),
        condition.get("MaxWaitTimeInSeconds"): ("MaxWaitTimeExceeded", "Training job wait time exceeded its maximum"),
    }
    limit = min((seconds for seconds in limits if seconds is not None), default=None)
    if limit is None:
        return None
    waited = (now() - job["CreationTime"]).total_seconds()
    return Patience(limit - waited, lambda: finish(context, name, "Stopped", *limits[limit]))


def _key(name: str) -> str:
    return f"training-job/{name}"


def _find(context: Context, name: str) -> TrainingJob:
    job = context.store.get(TRAINING.kind, name)
    if job is None:
        raise validation_error(NOT_FOUND)
    return cast(TrainingJob, job)


def _new_job(request: CreateTrainingJobRequest, arn: str) -> Mapping[str, Any]:
    moment = now()
    artifacts = join_uri(
        request["OutputDataConfig"]["S3OutputPath"], request["TrainingJobName"], "output", "model.tar.gz"
    )
    condition = request.get("StoppingCondition", {})
    return {
        **{key: value for key, value in request.items() if key != "Tags"},
        "StoppingCondition": {"MaxRuntimeInSeconds": training_run.DEFAULT_LIMIT_SECONDS, **condition},
        "TrainingJobArn": arn,
        "TrainingJobStatus": "InProgress",
        "SecondaryStatus": "Starting",
        "SecondaryStatusTransitions": [
            {"Status": "Starting", "StartTime": moment, "StatusMessage": "Preparing the instances for training"}
        ],
        "ModelArtifacts": {"S3ModelArtifacts": artifacts},
        "CreationTime": moment,
        "LastModifiedTime": moment,
    }
