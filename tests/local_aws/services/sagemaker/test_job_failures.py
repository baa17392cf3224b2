"""Jobs that go wrong: each ends with AWS's status, a reason and no process left behind."""

from __future__ import annotations

import errno
import os
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import pytest
from local_server import eventually, runs

from local_aws.api import ApiError
from local_aws.processes import ProcessStartError
from local_aws.services.s3_transfer import TransferError
from local_aws.services.sagemaker import training_run
from local_aws.services.sagemaker.job_ends import failure_reason


@pytest.mark.stack
def test_children_that_outlive_their_job_are_ended(jobs: Any, name: str) -> None:
    jobs.start(name, do="leave children behind")
    assert jobs.ended(name)["TrainingJobStatus"] == "Completed"
    children = [int(pid) for pid in re.findall(r"child (\d+)", jobs.log(name))]
    assert len(children) == 2
    eventually(lambda: not any(runs(pid) for pid in children), within=30)


@pytest.mark.stack
def test_of_a_huge_failure_file_the_beginning_is_the_reason(jobs: Any, name: str) -> None:
    jobs.start(name, do="write a huge failure")
    reason = jobs.ended(name)["FailureReason"]
    assert reason.startswith("AlgorithmError: the loss is not a number the loss")
    assert reason.endswith(", exit code: 1")
    assert len(reason) == 1024


@pytest.mark.stack
def test_a_job_that_ignores_sigterm_at_its_time_limit_is_killed_after_the_grace(jobs: Any, name: str) -> None:
    condition = {"StoppingCondition": {"MaxRuntimeInSeconds": 1}}
    began = time.monotonic()
    jobs.start(name, condition, do="ignore the request to stop")
    job = jobs.ended(name)
    assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("Stopped", "MaxRuntimeExceeded")
    assert time.monotonic() - began < 60


@pytest.mark.stack
def test_a_log_past_its_limit_stays_small_and_readable(jobs: Any, name: str, server: Any) -> None:
    """The limit of the tests' server is one megabyte; the job prints three."""
    jobs.start(name, do="print much")
    assert jobs.ended(name)["TrainingJobStatus"] == "Completed"
    file = jobs.state_dir / "logs/sagemaker/TrainingJobs" / f"{name}.log"
    assert file.stat().st_size > 3_000_000
    assert file.stat().st_blocks * 512 < 1_300_000
    stream = server.client("logs").describe_log_streams(
        logGroupName="/aws/sagemaker/TrainingJobs", logStreamNamePrefix=f"{name}/algo-1-"
    )["logStreams"][0]["logStreamName"]
    newest = server.client("logs").get_log_events(
        logGroupName="/aws/sagemaker/TrainingJobs", logStreamName=stream, limit=1
    )["events"]
    assert newest[0]["message"].startswith("00029999 ")
    assert "00029999" not in server.log()


@pytest.fixture
def failed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[str]]:
    """Runs a training job without a server; returns the FailureReasons that it was given."""
    reasons: list[str] = []
    context, control = MagicMock(), MagicMock()
    context.state_dir, context.images = tmp_path, {}
    context.store.get.return_value = {
        "TrainingJobName": "one",
        "TrainingJobArn": "",
        "RoleArn": "",
        "TrainingJobStatus": "Failed",
        "AlgorithmSpecification": {"TrainingImage": "team/gone:1", "TrainingInputMode": "File"},
        "ResourceConfig": {},
        "StoppingCondition": {},
        "OutputDataConfig": {"S3OutputPath": "s3://bucket/models"},
    }
    control.stop.is_set.return_value = False
    monkeypatch.setattr(training_run, "enter", lambda *_, **__: None)
    monkeypatch.setattr(training_run, "fail", lambda context, name, reason: reasons.append(reason))

    def run() -> list[str]:
        training_run.run(context, "one", control, MagicMock())
        return reasons

    return run


def test_a_disk_that_is_full_at_the_upload_is_the_callers_concern(
    failed: Callable[[], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    monkeypatch.setattr(training_run, "_train", lambda *_: training_run.Outcome(training_run.Ending.ITSELF, 0))
    monkeypatch.setattr(training_run, "pack", MagicMock(side_effect=full))
    assert failed() == ["ClientError: Insufficient disk space: [Errno 28] No space left on device"]


def test_an_image_that_a_restarted_server_does_not_know_any_more_fails_the_job(
    failed: Callable[[], list[str]],
) -> None:
    reason = "ClientError: The image team/gone:1 is not known to local_aws (known: none): start the server with"
    assert failed()[0].startswith(reason)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (TransferError("s3://b/k could not be read"), "ClientError: s3://b/k could not be read"),
        (ApiError("ValidationException", "unknown image"), "ClientError: unknown image"),
        (ApiError("InternalFailure", "it broke", 500), "InternalServerError: InternalFailure: it broke"),
        (ProcessStartError("no such file"), "InternalServerError: no such file"),
    ],
)
def test_a_reason_says_whose_failure_it_was(error: Exception, reason: str) -> None:
    """The kinds are those of https://docs.aws.amazon.com/sagemaker/latest/dg/training-troubleshoot.html"""
    assert failure_reason(error) == reason


@pytest.mark.stack
def test_a_processing_job_that_is_killed_is_an_internal_error(server: Any, name: str) -> None:
    api = server.client("sagemaker")
    api.create_processing_job(
        ProcessingJobName=name,
        AppSpecification={
            "ImageUri": "fake",
            "ContainerEntrypoint": ["python", "-c", "import os; os.kill(os.getpid(), 9)"],
        },
        ProcessingResources={"ClusterConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1}},
        RoleArn="arn:aws:iam::123456789012:role/sagemaker",
    )

    def ended() -> Any:
        job = api.describe_processing_job(ProcessingJobName=name)
        return None if job["ProcessingJobStatus"] == "InProgress" else job

    job = eventually(ended)
    assert (job["ProcessingJobStatus"], job["FailureReason"].split(":")[0]) == ("Failed", "InternalServerError")
    api.delete_processing_job(ProcessingJobName=name)
    with pytest.raises(api.exceptions.ResourceNotFound):
        api.delete_processing_job(ProcessingJobName=name)
