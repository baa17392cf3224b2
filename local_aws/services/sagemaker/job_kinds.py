"""The four kinds of jobs, and the events that tell the account's bus of each change of a job's status.

The events' detail is what the job's Describe operation answers, with times as milliseconds and tags as a map:
https://docs.aws.amazon.com/sagemaker/latest/dg/automating-sagemaker-with-eventbridge.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from local_aws.api import Context
from local_aws.services import event_bus
from local_aws.services.sagemaker import records, tags
from local_aws.services.sagemaker.announcements import with_millisecond_times
from local_aws.services.sagemaker.errors import name_in_use
from local_aws.services.sagemaker.shapes import Tag

SOURCE = "aws.sagemaker"


@dataclass(frozen=True)
class JobKind:
    """``member`` as in TrainingJobName, TrainingJobArn and TrainingJobStatus; ``path`` of the ARN."""

    kind: str
    member: str
    path: str
    event: str

    def arn(self, context: Context, name: str) -> str:
        return context.arn("sagemaker", f"{self.path}/{name}")

    def status(self, document: Mapping[str, Any]) -> str:
        return str(document[f"{self.member}Status"])


TRAINING = JobKind(records.TRAINING_JOB, "TrainingJob", "training-job", "SageMaker Training Job State Change")
PROCESSING = JobKind(records.PROCESSING_JOB, "ProcessingJob", "processing-job", "SageMaker Processing Job State Change")
TRANSFORM = JobKind(records.TRANSFORM_JOB, "TransformJob", "transform-job", "SageMaker Transform Job State Change")
TUNING = JobKind(
    records.TUNING_JOB,
    "HyperParameterTuningJob",
    "hyper-parameter-tuning-job",
    "SageMaker HyperParameter Tuning Job State Change",
)


def create(context: Context, kind: JobKind, document: Mapping[str, Any], labels: list[Tag] | None) -> None:
    """Keep a new job with its tags, and announce it. The caller has made sure that its name is free."""
    with context.store.transaction():
        tags.keep(context, str(document[f"{kind.member}Arn"]), labels)
        context.store.put(kind.kind, document[f"{kind.member}Name"], document)
        _announce(context, kind, document)


def create_in_progress(context: Context, kind: JobKind, request: Mapping[str, Any]) -> str:
    """Keep what a Create operation asks for as a job that waits for its turn; returns its ARN.

    Raises ``ApiError`` ResourceInUse for a name that another job has.
    """
    name, moment = request[f"{kind.member}Name"], records.now()
    arn = kind.arn(context, name)
    with context.store.transaction():
        if context.store.get(kind.kind, name) is not None:
            raise name_in_use(
                "Job name must be unique within an AWS account and region, and a job with this name already exists "
                f"({arn})"
            )
        job = {
            **{key: value for key, value in request.items() if key != "Tags"},
            f"{kind.member}Arn": arn,
            f"{kind.member}Status": "InProgress",
            "CreationTime": moment,
            "LastModifiedTime": moment,
        }
        create(context, kind, job, request.get("Tags"))
    return arn


def change(context: Context, kind: JobKind, name: str, **members: Any) -> dict[str, Any] | None:
    """Set members as ``records.change`` does, and announce the job if its status has changed with them."""
    with context.store.transaction():
        before = context.store.get(kind.kind, name)
        after = records.change(context, kind.kind, name, **members)
        if before is not None and after is not None and _state(kind, before) != _state(kind, after):
            _announce(context, kind, after)
        return after


def remove(context: Context, kind: JobKind, name: str) -> None:
    """Forget a job and its tags."""
    with context.store.transaction():
        context.store.delete(kind.kind, name)
        tags.forget(context, kind.arn(context, name))


def _state(kind: JobKind, document: Mapping[str, Any]) -> tuple[Any, Any]:
    return kind.status(document), document.get("SecondaryStatus")


def _announce(context: Context, kind: JobKind, document: Mapping[str, Any]) -> None:
    arn = str(document[f"{kind.member}Arn"])
    labels = tags.read(context, arn)
    event_bus.emit(context, SOURCE, kind.event, [arn], {**with_millisecond_times(document), "Tags": labels})
