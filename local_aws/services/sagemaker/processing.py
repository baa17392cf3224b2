"""CreateProcessingJob, and the operations on the jobs that it makes.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateProcessingJob.html
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypedDict, cast

from local_aws.api import Context, operation
from local_aws.services.sagemaker import job_kinds, processing_run
from local_aws.services.sagemaker.errors import name_in_use, resource_not_found, validation_error
from local_aws.services.sagemaker.images import find_image
from local_aws.services.sagemaker.job_ends import KILLED, must_stop
from local_aws.services.sagemaker.job_kinds import PROCESSING
from local_aws.services.sagemaker.listing import only, select
from local_aws.services.sagemaker.opt_ml import local_folder
from local_aws.services.sagemaker.runtime import runtime
from local_aws.services.sagemaker.shapes import (
    CreateProcessingJobRequest,
    ListRequest,
    ProcessingJob,
    ProcessingJobArnResponse,
    ProcessingJobNameRequest,
)

SUMMARY = (
    "ProcessingJobName",
    "ProcessingJobArn",
    "CreationTime",
    "ProcessingEndTime",
    "LastModifiedTime",
    "ProcessingJobStatus",
    "FailureReason",
    "ExitMessage",
)


class ListProcessingJobsResponse(TypedDict, total=False):
    ProcessingJobSummaries: list[dict[str, Any]]
    NextToken: str


@operation("sagemaker", "CreateProcessingJob")
def create_processing_job(aws: Context, request: CreateProcessingJobRequest) -> ProcessingJobArnResponse:
    name = request["ProcessingJobName"]
    _refuse_unsupported(aws, request)
    arn = job_kinds.create_in_progress(aws, PROCESSING, request)
    _submit(aws, name)
    return {"ProcessingJobArn": arn}


@operation("sagemaker", "DescribeProcessingJob")
def describe_processing_job(aws: Context, request: ProcessingJobNameRequest) -> ProcessingJob:
    return _find(aws, request["ProcessingJobName"])


@operation("sagemaker", "StopProcessingJob")
def stop_processing_job(aws: Context, request: ProcessingJobNameRequest) -> None:
    name = request["ProcessingJobName"]
    with aws.store.transaction():
        if not must_stop(_find(aws, name)["ProcessingJobStatus"], "processing job"):
            return
        job_kinds.change(aws, PROCESSING, name, ProcessingJobStatus="Stopping")
    if runtime(aws).jobs.stop(_key(name)):
        processing_run.finish(aws, name, "Stopped")


@operation("sagemaker", "DeleteProcessingJob")
def delete_processing_job(aws: Context, request: ProcessingJobNameRequest) -> None:
    """The name is free again; the job's log and output stay."""
    name = request["ProcessingJobName"]
    with aws.store.transaction():
        job = aws.store.get(PROCESSING.kind, name)
        if job is None:
            raise resource_not_found(f"Could not find requested job with name: {name}")
        if job["ProcessingJobStatus"] in ("InProgress", "Stopping"):
            raise name_in_use(f"The processing job {name} is {job['ProcessingJobStatus']} and cannot be deleted.")
        job_kinds.remove(aws, PROCESSING, name)


@operation("sagemaker", "ListProcessingJobs")
def list_processing_jobs(aws: Context, request: ListRequest) -> ListProcessingJobsResponse:
    jobs = [document for _, document in aws.store.list(PROCESSING.kind)]
    page, more = select(jobs, request, name="ProcessingJobName", status="ProcessingJobStatus", summary=only(*SUMMARY))
    return cast(ListProcessingJobsResponse, {"ProcessingJobSummaries": page, **more})


def resume(context: Context) -> None:
    """Run interrupted and waiting jobs again, from a clean folder, in the order of their creation."""
    for name, job in context.store.list(PROCESSING.kind):
        if job["ProcessingJobStatus"] == "Stopping":
            processing_run.finish(context, name, "Stopped")
        elif job["ProcessingJobStatus"] == "InProgress":
            _submit(context, name)


def _key(name: str) -> str:
    return f"processing-job/{name}"


def _submit(context: Context, name: str) -> None:
    running = runtime(context)
    running.jobs.submit(
        _key(name),
        lambda control: processing_run.run(context, name, control, running.settings),
        broken=lambda: processing_run.finish(context, name, "Failed", reason=KILLED),
    )


def _find(context: Context, name: str) -> ProcessingJob:
    job = context.store.get(PROCESSING.kind, name)
    if job is None:
        raise validation_error(f"Could not find requested job with name: {name}")
    return cast(ProcessingJob, job)


def _refuse_unsupported(context: Context, request: CreateProcessingJobRequest) -> None:
    find_image(context, request["AppSpecification"]["ImageUri"])
    if request["ProcessingResources"]["ClusterConfig"]["InstanceCount"] != 1:
        raise validation_error("local_aws processes on one instance: set ClusterConfig.InstanceCount to 1.")
    somewhere = Path("opt/ml")
    for entry in request.get("ProcessingInputs", []):
        source = entry.get("S3Input")
        name = entry["InputName"]
        if source is None or "LocalPath" not in source or source["S3DataType"] != "S3Prefix":
            raise validation_error(f"local_aws reads input {name} from an S3Input of type S3Prefix with a LocalPath.")
        if source.get("S3InputMode", "File") != "File" or source.get("S3CompressionType", "None") != "None":
            raise validation_error(f"local_aws reads input {name} in S3InputMode File, not compressed, only.")
        local_folder(somewhere, source["LocalPath"])
    for output in request.get("ProcessingOutputConfig", {"Outputs": []})["Outputs"]:
        target = output.get("S3Output")
        if target is None or "LocalPath" not in target or target["S3UploadMode"] != "EndOfJob":
            raise validation_error(
                f"local_aws writes output {output['OutputName']} to an S3Output with a LocalPath, at EndOfJob, only."
            )
        local_folder(somewhere, target["LocalPath"])
