"""CreateHyperParameterTuningJob, and the operations on the jobs that it makes.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateHyperParameterTuningJob.html
"""

from __future__ import annotations

import secrets
from typing import Any, cast

from local_aws.api import Context, operation
from local_aws.services.sagemaker import job_kinds, tuning_checks, tuning_run, tuning_trials
from local_aws.services.sagemaker.errors import name_in_use, resource_not_found, validation_error
from local_aws.services.sagemaker.job_ends import must_stop
from local_aws.services.sagemaker.job_kinds import TUNING
from local_aws.services.sagemaker.listing import only, page, select
from local_aws.services.sagemaker.records import TUNING_STATE, now
from local_aws.services.sagemaker.shapes import ListRequest
from local_aws.services.sagemaker.tuning_shapes import (
    CreateTuningJobRequest,
    ListTrialsRequest,
    TuningJob,
    TuningJobArnResponse,
    TuningJobNameRequest,
)

PAGE = 10
SUMMARY = (
    "HyperParameterTuningJobName",
    "HyperParameterTuningJobArn",
    "HyperParameterTuningJobStatus",
    "CreationTime",
    "HyperParameterTuningEndTime",
    "LastModifiedTime",
    "TrainingJobStatusCounters",
    "ObjectiveStatusCounters",
)


@operation("sagemaker", "CreateHyperParameterTuningJob")
def create_tuning_job(aws: Context, request: CreateTuningJobRequest) -> TuningJobArnResponse:
    name = request["HyperParameterTuningJobName"]
    tuning_checks.check(aws, request)
    arn, moment = TUNING.arn(aws, name), now()
    seed = request["HyperParameterTuningJobConfig"].get("RandomSeed", secrets.randbits(31))
    with aws.store.transaction():
        # "The name is not case sensitive."
        if any(name.lower() == other.lower() for other, _ in aws.store.list(TUNING.kind)):
            raise name_in_use(
                "Hyperparameter tuning job names must be unique within an AWS account and region, and a job with this "
                f"name already exists ({arn})"
            )
        job = {
            **request,
            "HyperParameterTuningJobArn": arn,
            "HyperParameterTuningJobStatus": "InProgress",
            **tuning_trials.counters([]),
            "CreationTime": moment,
            "LastModifiedTime": moment,
        }
        aws.store.put(TUNING_STATE, name, {"seed": seed})
        job_kinds.create(aws, TUNING, job, request.get("Tags"))
    tuning_run.wake(aws)
    return {"HyperParameterTuningJobArn": arn}


@operation("sagemaker", "DescribeHyperParameterTuningJob")
def describe_tuning_job(aws: Context, request: TuningJobNameRequest) -> TuningJob:
    return _find(aws, request["HyperParameterTuningJobName"])


@operation("sagemaker", "StopHyperParameterTuningJob")
def stop_tuning_job(aws: Context, request: TuningJobNameRequest) -> None:
    name = request["HyperParameterTuningJobName"]
    with aws.store.transaction():
        if not must_stop(_find(aws, name)["HyperParameterTuningJobStatus"], "hyperparameter tuning job"):
            return
        job_kinds.change(aws, TUNING, name, HyperParameterTuningJobStatus="Stopping")
    tuning_run.wake(aws)


@operation("sagemaker", "DeleteHyperParameterTuningJob")
def delete_tuning_job(aws: Context, request: TuningJobNameRequest) -> None:
    """The training jobs and their artefacts stay."""
    name = request["HyperParameterTuningJobName"]
    with aws.store.transaction():
        status = _find(aws, name)["HyperParameterTuningJobStatus"]
        if status in ("InProgress", "Stopping"):
            raise validation_error(f"The hyperparameter tuning job {name} is in status {status}: stop it first.")
        tuning_trials.forget(aws, name)
        aws.store.delete(TUNING_STATE, name)
        job_kinds.remove(aws, TUNING, name)


@operation("sagemaker", "ListHyperParameterTuningJobs")
def list_tuning_jobs(aws: Context, request: ListRequest) -> dict[str, Any]:
    """By name, ascending, unless asked otherwise: so says the model of this operation."""
    jobs = [document for _, document in aws.store.list(TUNING.kind)]
    asked = {"MaxResults": PAGE, "SortBy": "Name", "SortOrder": "Ascending", **request}
    summaries, more = select(
        jobs,
        asked,
        name="HyperParameterTuningJobName",
        status="HyperParameterTuningJobStatus",
        summary=lambda job: {
            **only(*SUMMARY)(job),
            "Strategy": job["HyperParameterTuningJobConfig"]["Strategy"],
            "ResourceLimits": job["HyperParameterTuningJobConfig"]["ResourceLimits"],
        },
    )
    return {"HyperParameterTuningJobSummaries": summaries, **more}


@operation("sagemaker", "ListTrainingJobsForHyperParameterTuningJob")
def list_training_jobs(aws: Context, request: ListTrialsRequest) -> dict[str, Any]:
    """With SortBy FinalObjectiveMetricValue, jobs without one are left out."""
    tuning = _find(aws, request["HyperParameterTuningJobName"])
    trials = tuning_trials.trials_of(aws, request["HyperParameterTuningJobName"])
    by = request.get("SortBy", "Name")
    if by == "FinalObjectiveMetricValue":
        trials = [trial for trial in trials if trial["objective"] is not None]
        trials.sort(key=lambda trial: trial["objective"] or 0.0)
    shown = [one for trial in trials if (one := tuning_trials.summary(aws, tuning, trial)) is not None]
    if "StatusEquals" in request:
        shown = [one for one in shown if one["TrainingJobStatus"] == request["StatusEquals"]]
    if by != "FinalObjectiveMetricValue":
        member = {"CreationTime": "CreationTime", "Status": "TrainingJobStatus"}.get(by, "TrainingJobName")
        shown.sort(key=lambda one: one[member])
    if request.get("SortOrder") == "Descending":
        shown.reverse()
    chosen, more = page(shown, {"MaxResults": PAGE, **request})
    return {"TrainingJobSummaries": list(chosen), **more}


def resume(context: Context) -> None:
    tuning_run.wake(context)


def shutdown(context: Context) -> None:
    tuning_run.shutdown(context)


def _find(context: Context, name: str) -> TuningJob:
    job = context.store.get(TUNING.kind, name)
    if job is None:
        raise resource_not_found(f"Amazon SageMaker can't find a tuning job with the name {name}.")
    return cast(TuningJob, job)
