"""CreateTransformJob, and the operations on the jobs that it makes.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateTransformJob.html
"""

from __future__ import annotations

from typing import Any, TypedDict, cast

from local_aws.api import Context, operation
from local_aws.services.s3_transfer import has_objects
from local_aws.services.sagemaker import job_kinds, transform_records, transform_run
from local_aws.services.sagemaker.errors import validation_error
from local_aws.services.sagemaker.job_ends import KILLED, must_stop
from local_aws.services.sagemaker.job_kinds import TRANSFORM
from local_aws.services.sagemaker.listing import only, select
from local_aws.services.sagemaker.models import container_of, find_model
from local_aws.services.sagemaker.runtime import runtime
from local_aws.services.sagemaker.shapes import ListRequest
from local_aws.services.sagemaker.transform_shapes import (
    CreateTransformJobRequest,
    TransformJob,
    TransformJobArnResponse,
    TransformJobNameRequest,
)

LARGEST_MEGABYTES = 100
PAGE = 10
SUMMARY = (
    "TransformJobName",
    "TransformJobArn",
    "CreationTime",
    "TransformEndTime",
    "LastModifiedTime",
    "TransformJobStatus",
    "FailureReason",
)


class ListTransformJobsResponse(TypedDict, total=False):
    TransformJobSummaries: list[dict[str, Any]]
    NextToken: str


@operation("sagemaker", "CreateTransformJob")
def create_transform_job(aws: Context, request: CreateTransformJobRequest) -> TransformJobArnResponse:
    name = request["TransformJobName"]
    container_of(find_model(aws, request["ModelName"]))
    _refuse_unsupported(aws, request)
    arn = job_kinds.create_in_progress(aws, TRANSFORM, request)
    _submit(aws, name)
    return {"TransformJobArn": arn}


@operation("sagemaker", "DescribeTransformJob")
def describe_transform_job(aws: Context, request: TransformJobNameRequest) -> TransformJob:
    return _find(aws, request["TransformJobName"])


@operation("sagemaker", "StopTransformJob")
def stop_transform_job(aws: Context, request: TransformJobNameRequest) -> None:
    name = request["TransformJobName"]
    with aws.store.transaction():
        if not must_stop(_find(aws, name)["TransformJobStatus"], "transform job"):
            return
        job_kinds.change(aws, TRANSFORM, name, TransformJobStatus="Stopping")
    if runtime(aws).jobs.stop(_key(name)):
        transform_run.finish(aws, name, "Stopped")


@operation("sagemaker", "ListTransformJobs")
def list_transform_jobs(aws: Context, request: ListRequest) -> ListTransformJobsResponse:
    jobs = [document for _, document in aws.store.list(TRANSFORM.kind)]
    asked = {"MaxResults": PAGE, **request}
    page, more = select(jobs, asked, name="TransformJobName", status="TransformJobStatus", summary=only(*SUMMARY))
    return cast(ListTransformJobsResponse, {"TransformJobSummaries": page, **more})


def resume(context: Context) -> None:
    """Run interrupted and waiting jobs again, from the beginning, in the order of their creation."""
    for name, job in context.store.list(TRANSFORM.kind):
        if job["TransformJobStatus"] == "Stopping":
            transform_run.finish(context, name, "Stopped")
        elif job["TransformJobStatus"] == "InProgress":
            _submit(context, name)


def _key(name: str) -> str:
    return f"transform-job/{name}"


def _submit(context: Context, name: str) -> None:
    running = runtime(context)
    running.jobs.submit(
        _key(name),
        lambda control: transform_run.run(context, name, control, running.settings),
        broken=lambda: transform_run.finish(context, name, "Failed", reason=KILLED),
    )


def _find(context: Context, name: str) -> TransformJob:
    job = context.store.get(TRANSFORM.kind, name)
    if job is None:
        raise validation_error(f"Could not find requested job with name: {name}")
    return cast(TransformJob, job)


def _refuse_unsupported(context: Context, request: CreateTransformJobRequest) -> None:
    source = request["TransformInput"]["DataSource"]["S3DataSource"]
    split = request["TransformInput"].get("SplitType", "None")
    if request["TransformResources"]["InstanceCount"] != 1:
        raise validation_error("local_aws transforms on one instance: set TransformResources.InstanceCount to 1.")
    if source["S3DataType"] not in ("S3Prefix", "ManifestFile"):
        raise validation_error(f"local_aws transforms what S3Prefix or ManifestFile name, not {source['S3DataType']}.")
    if split not in ("None", "Line"):
        raise validation_error(f"local_aws splits by Line or not at all, not by {split}.")
    if "DataCaptureConfig" in request:
        raise validation_error("local_aws captures the data of endpoints only: leave DataCaptureConfig out.")
    if "BatchStrategy" in request and request["BatchStrategy"] == "SingleRecord" and split == "None":
        raise validation_error("BatchStrategy SingleRecord needs a SplitType other than None.")
    payload, parallel = request.get("MaxPayloadInMB", 6), request.get("MaxConcurrentTransforms") or 1
    if payload > LARGEST_MEGABYTES or payload * parallel > LARGEST_MEGABYTES:
        raise validation_error(
            f"MaxPayloadInMB must not be greater than {LARGEST_MEGABYTES}, nor MaxConcurrentTransforms times it."
        )
    transform_records.check(request)
    if not has_objects(context, source["S3Uri"]):
        raise validation_error(f'No S3 objects found under S3 URL "{source["S3Uri"]}" given in input data source.')
