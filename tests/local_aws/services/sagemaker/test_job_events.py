"""What jobs tell the account's bus.

Events and their detail: https://docs.aws.amazon.com/sagemaker/latest/dg/automating-sagemaker-with-eventbridge.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import pytest

from local_aws.api import Context
from local_aws.services import event_bus
from local_aws.services.sagemaker import job_kinds, training_status
from local_aws.services.sagemaker.job_kinds import PROCESSING, TRAINING, TRANSFORM, TUNING, JobKind
from local_aws.store import Store

MOMENT = datetime(2026, 1, 2, 3, 4, 5, 678_000, tzinfo=UTC)


@pytest.fixture
def context(tmp_path: Path) -> Iterator[Context]:
    nobody: Any = MagicMock()
    store = Store(tmp_path / "state.sqlite3")
    yield Context("http://unused", tmp_path, store, nobody, nobody, {})
    store.close()


def start(context: Context, kind: JobKind, **members: Any) -> None:
    document = {
        f"{kind.member}Name": "one",
        f"{kind.member}Arn": kind.arn(context, "one"),
        f"{kind.member}Status": "InProgress",
        "CreationTime": MOMENT,
        **members,
    }
    job_kinds.create(context, kind, document, [{"Key": "stage", "Value": "test"}])


@pytest.mark.parametrize(
    ("kind", "detail_type", "arn"),
    [
        (TRAINING, "SageMaker Training Job State Change", "training-job/one"),
        (PROCESSING, "SageMaker Processing Job State Change", "processing-job/one"),
        (TRANSFORM, "SageMaker Transform Job State Change", "transform-job/one"),
        (TUNING, "SageMaker HyperParameter Tuning Job State Change", "hyper-parameter-tuning-job/one"),
    ],
)
def test_each_change_of_status_is_announced(context: Context, kind: JobKind, detail_type: str, arn: str) -> None:
    start(context, kind)
    job_kinds.change(context, kind, "one", RoleArn="role")
    job_kinds.change(context, kind, "one", **{f"{kind.member}Status": "Completed"})
    events = event_bus.pending(context)
    assert [event["detail"][f"{kind.member}Status"] for event in events] == ["InProgress", "Completed"]
    assert {event["detail-type"] for event in events} == {detail_type}
    assert {event["source"] for event in events} == {"aws.sagemaker"}
    assert events[0]["resources"] == [f"arn:aws:sagemaker:us-east-1:123456789012:{arn}"]
    assert events[0]["detail"]["Tags"] == {"stage": "test"}
    assert events[0]["detail"]["CreationTime"] == 1767323045678


def test_a_training_jobs_secondary_statuses_are_announced_too(context: Context) -> None:
    start(context, TRAINING, SecondaryStatus="Starting", SecondaryStatusTransitions=[])
    training_status.enter(context, "one", "Downloading", "")
    training_status.enter(context, "one", "Training", "")
    training_status.fail(context, "one", "AlgorithmError: , exit code: 1")
    details = [event["detail"] for event in event_bus.pending(context)]
    assert [one["SecondaryStatus"] for one in details] == ["Starting", "Downloading", "Training", "Failed"]
    assert details[-1]["FailureReason"] == "AlgorithmError: , exit code: 1"
    assert isinstance(details[-1]["SecondaryStatusTransitions"][0]["StartTime"], int)


def test_a_change_that_is_undone_is_not_announced(context: Context) -> None:
    start(context, PROCESSING)

    def fail_afterwards() -> None:
        with context.store.transaction():
            job_kinds.change(context, PROCESSING, "one", ProcessingJobStatus="Completed")
            raise RuntimeError("the disk is full")

    with pytest.raises(RuntimeError):
        fail_afterwards()
    assert [event["detail"]["ProcessingJobStatus"] for event in event_bus.pending(context)] == ["InProgress"]


def test_a_job_that_is_being_stopped_does_not_complete(context: Context) -> None:
    start(context, TRAINING, SecondaryStatus="Uploading", SecondaryStatusTransitions=[])
    training_status.enter(context, "one", "Stopping", "", TrainingJobStatus="Stopping")
    training_status.finish(context, "one", "Completed", "Completed", "Training job completed")
    job = context.store.get(TRAINING.kind, "one") or {}
    assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("Stopped", "Stopped")


@pytest.mark.stack
def test_a_rule_hears_of_a_job_that_has_ended(jobs: Any, name: str, server: Any) -> None:
    events, sqs = server.client("events"), server.client("sqs")
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    pattern = {"source": ["aws.sagemaker"], "detail": {"TrainingJobName": [name], "TrainingJobStatus": ["Completed"]}}
    events.put_rule(Name=name, EventPattern=json.dumps(pattern))
    events.put_targets(Rule=name, Targets=[{"Id": "queue", "Arn": arn}])
    jobs.start(name)
    message = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20)["Messages"][0]
    assert json.loads(message["Body"])["detail"]["SecondaryStatus"] == "Completed"
