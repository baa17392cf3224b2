"""Attempts, limits, metrics and checkpoints of training jobs.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_RetryStrategy.html,
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_StoppingCondition.html
"""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError
from local_server import eventually

pytestmark = pytest.mark.stack


def test_a_job_that_the_machine_kills_is_tried_again_as_often_as_asked(jobs: Any, name: str, tmp_path: Any) -> None:
    attempts = tmp_path / "attempts"
    jobs.start(name, {"RetryStrategy": {"MaximumRetryAttempts": 2}}, do="kill itself", attempts=str(attempts))
    job = jobs.ended(name)
    assert job["FailureReason"] == "InternalServerError: We encountered an internal error. Please try again."
    assert len(attempts.read_text().splitlines()) == 3
    passed = [one["Status"] for one in job["SecondaryStatusTransitions"]]
    assert passed.count("Restarting") == 2
    assert passed[-4:] == ["Starting", "Downloading", "Training", "Failed"]


def test_a_program_that_fails_is_not_tried_again(jobs: Any, name: str, tmp_path: Any) -> None:
    attempts = tmp_path / "attempts"
    jobs.start(name, {"RetryStrategy": {"MaximumRetryAttempts": 2}}, do="exit", attempts=str(attempts))
    assert jobs.ended(name)["FailureReason"] == "AlgorithmError: , exit code: 7"
    assert len(attempts.read_text().splitlines()) == 1


def test_the_next_attempt_finds_the_checkpoints_of_the_one_before(jobs: Any, name: str) -> None:
    """https://docs.aws.amazon.com/sagemaker/latest/dg/model-checkpoints.html"""
    jobs.s3.put_object(Bucket="jobs", Key=f"checkpoints/{name}/epoch-0", Body=b"from an earlier job")
    config = {"CheckpointConfig": {"S3Uri": f"s3://jobs/checkpoints/{name}/"}}
    jobs.start(name, {**config, "RetryStrategy": {"MaximumRetryAttempts": 1}}, do="be killed once")
    assert jobs.ended(name)["TrainingJobStatus"] == "Completed"
    assert list(jobs.archive(name)) == ["resumed.json"]
    kept = jobs.s3.get_object(Bucket="jobs", Key=f"checkpoints/{name}/epoch-1")["Body"].read()
    assert kept == b"state"


def test_metrics_are_found_in_the_log(jobs: Any, name: str, server: Any) -> None:
    """https://docs.aws.amazon.com/sagemaker/latest/dg/define-train-metrics.html"""
    definitions = [
        {"Name": "loss", "Regex": r"loss=([0-9.a-z]+);"},
        {"Name": "accuracy", "Regex": r"accuracy ([0-9e.-]+)"},
        {"Name": "never", "Regex": r"no number=(\S+)"},
    ]
    algorithm = {"TrainingImage": "fake", "TrainingInputMode": "File", "MetricDefinitions": definitions}
    jobs.start(name, {"AlgorithmSpecification": algorithm}, do="print metrics")
    found = {one["MetricName"]: one["Value"] for one in jobs.ended(name)["FinalMetricDataList"]}
    assert found == {"loss": pytest.approx(0.4), "accuracy": pytest.approx(0.75)}
    metrics = server.client("cloudwatch").list_metrics(Namespace="/aws/sagemaker/TrainingJobs")["Metrics"]
    dimensions = [{"Name": "TrainingJobName", "Value": name}]
    assert {one["MetricName"] for one in metrics if one["Dimensions"] == dimensions} == {"loss", "accuracy"}


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({"StoppingCondition": {"MaxRuntimeInSeconds": 60, "MaxWaitTimeInSeconds": 90}}, "only valid when"),
        (
            {"StoppingCondition": {"MaxRuntimeInSeconds": 60}, "EnableManagedSpotTraining": True},
            "Invalid MaxWaitTimeInSeconds. It must be present and be greater than or equal to MaxRuntimeInSeconds",
        ),
        ({"StoppingCondition": {"MaxRuntimeInSeconds": 2_419_201}}, "28 days"),
        ({"RetryStrategy": {"MaximumRetryAttempts": 31}}, "MaximumRetryAttempts"),
        (
            {"ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "KeepAlivePeriodInSeconds": 60}},
            "no warm pools",
        ),
        ({"CheckpointConfig": {"S3Uri": "s3://jobs/c", "LocalPath": "/opt/ml/model/x"}}, "LocalPath"),
        ({"CheckpointConfig": {"S3Uri": "s3://jobs/c", "LocalPath": "/tmp"}}, "LocalPath"),
        ({"AlgorithmSpecification": {"TrainingImage": "fake", "TrainingInputMode": "FastFile"}}, "input mode File"),
        (
            {
                "AlgorithmSpecification": {
                    "TrainingImage": "fake",
                    "TrainingInputMode": "File",
                    "MetricDefinitions": [{"Name": "loss", "Regex": "("}],
                }
            },
            "Regex of metric loss",
        ),
        ({"Environment": {f"V{number}": "x" for number in range(101)}}, "Environment"),
        ({"HyperParameters": {"depth": "x" * 2501}}, "HyperParameters"),
    ],
)
def test_what_aws_or_this_server_cannot_do_is_refused(jobs: Any, name: str, members: Any, reason: str) -> None:
    with pytest.raises(ClientError, match=reason) as refused:
        jobs.api.create_training_job(**{**jobs_request(name), **members})
    assert refused.value.response["Error"]["Code"] == "ValidationException"
    assert not jobs.api.list_training_jobs(NameContains=name)["TrainingJobSummaries"]


def jobs_request(name: str) -> dict[str, Any]:
    return {
        "TrainingJobName": name,
        "AlgorithmSpecification": {"TrainingImage": "fake", "TrainingInputMode": "File"},
        "RoleArn": "arn:aws:iam::123456789012:role/sagemaker",
        "OutputDataConfig": {"S3OutputPath": "s3://jobs/models/"},
        "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1},
        "StoppingCondition": {"MaxRuntimeInSeconds": 60},
    }


def test_a_spot_job_that_waits_too_long_for_its_slot_is_stopped(start_server: Any, tools: Any) -> None:
    jobs = tools["Jobs"](start_server())
    jobs.start("first", do="wait")
    condition = {"MaxRuntimeInSeconds": 1, "MaxWaitTimeInSeconds": 1}
    jobs.start("second", {"StoppingCondition": condition, "EnableManagedSpotTraining": True})
    job = jobs.ended("second")
    assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("Stopped", "MaxWaitTimeExceeded")
    assert "TrainingStartTime" not in job
    jobs.waits("first")
    jobs.api.stop_training_job(TrainingJobName="first")
    jobs.api.stop_training_job(TrainingJobName="first")  # it stops already: nothing happens
    assert jobs.ended("first")["TrainingJobStatus"] == "Stopped"


def test_only_a_job_that_has_ended_is_deleted_and_its_name_is_free_again(jobs: Any, name: str) -> None:
    """botocore model: DeleteTrainingJob, ResourceInUse and ResourceNotFound."""
    jobs.start(name, do="wait")
    with pytest.raises(jobs.api.exceptions.ResourceInUse, match="cannot be deleted"):
        jobs.api.delete_training_job(TrainingJobName=name)
    jobs.waits(name)
    jobs.api.stop_training_job(TrainingJobName=name)
    jobs.ended(name)
    jobs.api.delete_training_job(TrainingJobName=name)
    with pytest.raises(jobs.api.exceptions.ResourceNotFound):
        jobs.api.delete_training_job(TrainingJobName=name)
    jobs.start(name)
    assert eventually(lambda: jobs.describe(name))["CreationTime"]
    assert jobs.ended(name)["TrainingJobStatus"] == "Completed"


def test_an_update_of_what_is_not_provided_is_refused(jobs: Any, name: str) -> None:
    with pytest.raises(jobs.api.exceptions.ResourceNotFound):
        jobs.api.update_training_job(TrainingJobName=name)
    arn = jobs.start(name)
    assert jobs.api.update_training_job(TrainingJobName=name)["TrainingJobArn"] == arn
    with pytest.raises(ClientError, match="no warm pools"):
        jobs.api.update_training_job(TrainingJobName=name, ResourceConfig={"KeepAlivePeriodInSeconds": 60})
    jobs.ended(name)
