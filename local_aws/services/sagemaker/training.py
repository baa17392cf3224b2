"""CreateTrainingJob, DescribeTrainingJob, StopTrainingJob, ListTrainingJobs.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateTrainingJob.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypedDict, cast

from local_aws.api import Context, operation
from local_aws.services.s3_transfer import has_objects, join_uri
from local_aws.services.sagemaker import tags, training_run
from local_aws.services.sagemaker.errors import name_in_use, validation_error
from local_aws.services.sagemaker.images import find_image
from local_aws.services.sagemaker.job_ends import must_stop
from local_aws.services.sagemaker.listing import only, select
from local_aws.services.sagemaker.records import TRAINING_JOB, now
from local_aws.services.sagemaker.runtime import runtime
from local_aws.services.sagemaker.shapes import (
    Channel,
    CreateTrainingJobRequest,
    ListRequest,
    TrainingJob,
    TrainingJobArnResponse,
    TrainingJobNameRequest,
)

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
    name = request["TrainingJobName"]
    _refuse_unsupported(aws, request)
    arn = aws.arn("sagemaker", f"training-job/{name}")
    with aws.store.transaction():
        if aws.store.get(TRAINING_JOB, name) is not None:
            raise name_in_use(
                "Training job names must be unique within an AWS account and region, and a training job with this "
                f"name already exists ({arn})"
            )
        aws.store.put(TRAINING_JOB, name, _new_job(request, arn))
    tags.keep(aws, arn, request.get("Tags"))
    _submit(aws, name)
    return {"TrainingJobArn": arn}


@operation("sagemaker", "DescribeTrainingJob")
def describe_training_job(aws: Context, request: TrainingJobNameRequest) -> TrainingJob:
    return _find(aws, request["TrainingJobName"])


@operation("sagemaker", "StopTrainingJob")
def stop_training_job(aws: Context, request: TrainingJobNameRequest) -> None:
    name = request["TrainingJobName"]
    with aws.store.transaction():
        if not must_stop(_find(aws, name)["TrainingJobStatus"], "training job"):
            return
        training_run.enter(aws, name, "Stopping", "Stopping the training job", TrainingJobStatus="Stopping")
    if runtime(aws).jobs.stop(_key(name)):
        training_run.finish(aws, name, "Stopped", "Stopped", "Training job stopped")


@operation("sagemaker", "ListTrainingJobs")
def list_training_jobs(aws: Context, request: ListRequest) -> ListTrainingJobsResponse:
    jobs = [document for _, document in aws.store.list(TRAINING_JOB)]
    page, more = select(jobs, request, name="TrainingJobName", status="TrainingJobStatus", summary=only(*SUMMARY))
    return cast(ListTrainingJobsResponse, {"TrainingJobSummaries": page, **more})


def resume(context: Context) -> None:
    """Run interrupted and waiting jobs again, from a clean folder, in the order of their creation."""
    for name, job in context.store.list(TRAINING_JOB):
        if job["TrainingJobStatus"] == "Stopping":
            training_run.finish(context, name, "Stopped", "Stopped", "Training job stopped")
        elif job["TrainingJobStatus"] == "InProgress":
            if job["SecondaryStatus"] != "Starting":
                training_run.enter(context, name, "Restarting", "The server was restarted: the job runs again")
            _submit(context, name)


def _key(name: str) -> str:
    return f"training-job/{name}"


def _submit(context: Context, name: str) -> None:
    running = runtime(context)
    running.jobs.submit(_key(name), lambda control: training_run.run(context, name, control, running.settings))


def _find(context: Context, name: str) -> TrainingJob:
    job = context.store.get(TRAINING_JOB, name)
    if job is None:
        raise validation_error(NOT_FOUND)
    return cast(TrainingJob, job)


def _new_job(request: CreateTrainingJobRequest, arn: str) -> Mapping[str, Any]:
    moment = now()
    artifacts = join_uri(
        request["OutputDataConfig"]["S3OutputPath"], request["TrainingJobName"], "output", "model.tar.gz"
    )
    return {
        "StoppingCondition": {"MaxRuntimeInSeconds": training_run.DEFAULT_LIMIT_SECONDS},
        **{key: value for key, value in request.items() if key != "Tags"},
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


def _refuse_unsupported(context: Context, request: CreateTrainingJobRequest) -> None:
    algorithm = request["AlgorithmSpecification"]
    if "TrainingImage" not in algorithm:
        raise validation_error("local_aws trains with AlgorithmSpecification.TrainingImage only, not AlgorithmName.")
    find_image(context, algorithm["TrainingImage"])
    if request["ResourceConfig"].get("InstanceCount", 1) != 1:
        raise validation_error("local_aws trains on one instance: set ResourceConfig.InstanceCount to 1.")
    if request["OutputDataConfig"].get("CompressionType", "GZIP") != "GZIP":
        raise validation_error("local_aws writes model.tar.gz only: leave OutputDataConfig.CompressionType out.")
    names = [channel["ChannelName"] for channel in request.get("InputDataConfig", [])]
    if len(set(names)) < len(names):
        raise validation_error(f"Channel names must be unique, not {', '.join(names)}.")
    for channel in request.get("InputDataConfig", []):
        _check_channel(context, channel, algorithm["TrainingInputMode"], request["RoleArn"])


def _check_channel(context: Context, channel: Channel, input_mode: str, role: str) -> None:
    source = channel["DataSource"].get("S3DataSource")
    name = channel["ChannelName"]
    if source is None or source["S3DataType"] != "S3Prefix":
        raise validation_error(f"local_aws reads channel {name} from an S3DataSource of type S3Prefix only.")
    if channel.get("InputMode", input_mode) != "File" or channel.get("CompressionType", "None") != "None":
        raise validation_error(f"local_aws reads channel {name} in input mode File, not compressed, only.")
    if not has_objects(context, source["S3Uri"]):
        raise validation_error(no_objects(context, source["S3Uri"], role))


def no_objects(context: Context, uri: str, role: str) -> str:
    """In SageMaker's words, which callers match on."""
    return (
        f'No S3 objects found under S3 URL "{uri}" given in input data source. Please ensure that the bucket exists '
        f"in the selected region ({context.region}), that objects exist under that S3 prefix, and that the role "
        f'"{role}" has "s3:ListBucket" permissions on the bucket.'
    )
