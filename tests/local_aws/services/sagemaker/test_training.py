"""Training jobs as a caller sees them.

The container contract: https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-training-algo-running-container.html
and https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-training-algo-output.html; statuses:
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeTrainingJob.html
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

pytestmark = pytest.mark.stack


def channel(name: str, uri: str) -> dict[str, Any]:
    return {"ChannelName": name, "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": uri}}}


def test_a_job_sees_its_inputs_and_leaves_a_model(jobs: Any, name: str) -> None:
    jobs.s3.put_object(Bucket="jobs", Key=f"{name}/data/part-1.csv", Body=b"1")
    jobs.s3.put_object(Bucket="jobs", Key=f"{name}/data/deep/part-2.csv", Body=b"2")
    jobs.s3.put_object(Bucket="jobs", Key=f"{name}/plan.json", Body=b"{}")
    channels = [channel("dataset", f"s3://jobs/{name}/data/"), channel("plan", f"s3://jobs/{name}/plan.json")]
    jobs.start(name, {"InputDataConfig": channels, "Environment": {"COLOUR": "blue"}}, depth="3")

    job = jobs.ended(name)
    assert job["TrainingJobStatus"] == job["SecondaryStatus"] == "Completed"
    assert job["ModelArtifacts"]["S3ModelArtifacts"] == f"s3://jobs/models/{name}/output/model.tar.gz"
    seen = json.loads(jobs.archive(name)["seen.json"])
    assert seen["files"] == [
        "input/data/dataset/deep/part-2.csv",
        "input/data/dataset/part-1.csv",
        "input/data/plan/plan.json",
    ]
    assert seen["hyperparameters"] == {"depth": "3"}
    assert seen["channels"]["plan"] == {
        "TrainingInputMode": "File",
        "S3DistributionType": "FullyReplicated",
        "RecordWrapperType": "None",
    }
    assert seen["resources"]["current_host"] == "algo-1"
    assert seen["arguments"][0] == "train"
    assert seen["environment"]["COLOUR"] == "blue"
    assert seen["environment"]["TRAINING_JOB_NAME"] == name
    assert seen["environment"]["AWS_ENDPOINT_URL"].startswith("http://127.0.0.1:")
    assert "report.json" in jobs.archive(name, "output.tar.gz")
    assert "training with" in jobs.log(name)


def test_the_secondary_statuses_tell_the_jobs_way(jobs: Any, name: str) -> None:
    jobs.start(name)
    job = jobs.ended(name)
    transitions = job["SecondaryStatusTransitions"]
    assert [one["Status"] for one in transitions] == ["Starting", "Downloading", "Training", "Uploading", "Completed"]
    assert all(one["EndTime"] >= one["StartTime"] for one in transitions)
    assert job["TrainingEndTime"] >= job["TrainingStartTime"] >= job["CreationTime"]


def test_a_job_whose_program_fails_reports_its_exit_code(jobs: Any, name: str) -> None:
    jobs.start(name, do="exit")
    job = jobs.ended(name)
    assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("Failed", "Failed")
    assert job["FailureReason"] == "AlgorithmError: , exit code: 7"
    assert jobs.uploaded(name) == []


def test_the_failure_file_becomes_the_failure_reason(jobs: Any, name: str) -> None:
    jobs.start(name, do="fail with a reason")
    reason = jobs.ended(name)["FailureReason"]
    assert reason.startswith("AlgorithmError: the loss is not a number!!!")
    assert reason.endswith("!, exit code: 1")
    assert len(reason) == 1024


def test_a_crashed_program_fails_with_the_container_engines_exit_code(jobs: Any, name: str) -> None:
    """128 + SIGABRT, as ``docker run`` reports it."""
    jobs.start(name, do="crash")
    assert jobs.ended(name)["FailureReason"] == "AlgorithmError: , exit code: 134"


def test_a_job_that_writes_no_model_completes_without_an_archive(jobs: Any, name: str) -> None:
    jobs.start(name, do="write nothing")
    assert jobs.ended(name)["TrainingJobStatus"] == "Completed"
    assert jobs.uploaded(name) == []


def test_a_job_over_its_time_is_stopped_and_keeps_what_it_saved(jobs: Any, name: str) -> None:
    jobs.start(name, {"StoppingCondition": {"MaxRuntimeInSeconds": 1}}, do="save when asked to stop")
    job = jobs.ended(name)
    assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("Stopped", "MaxRuntimeExceeded")
    assert list(jobs.archive(name)) == ["saved.json"]


def test_a_stopped_job_keeps_what_it_saved(jobs: Any, name: str) -> None:
    jobs.start(name, do="save when asked to stop")
    jobs.waits(name)
    jobs.api.stop_training_job(TrainingJobName=name)
    job = jobs.ended(name)
    assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("Stopped", "Stopped")
    assert "Stopping" in [one["Status"] for one in job["SecondaryStatusTransitions"]]
    assert list(jobs.archive(name)) == ["saved.json"]


def test_a_job_that_ignores_the_request_to_stop_is_killed_after_the_grace(jobs: Any, name: str) -> None:
    jobs.start(name, do="ignore the request to stop")
    jobs.waits(name, "deaf")
    jobs.api.stop_training_job(TrainingJobName=name)
    assert jobs.describe(name)["TrainingJobStatus"] == "Stopping"
    assert jobs.ended(name)["TrainingJobStatus"] == "Stopped"


def test_a_job_that_has_ended_cannot_be_stopped(jobs: Any, name: str) -> None:
    jobs.start(name)
    jobs.ended(name)
    with pytest.raises(ClientError, match="rejected because the training job is in status Completed"):
        jobs.api.stop_training_job(TrainingJobName=name)


def test_a_name_is_used_once(jobs: Any, name: str) -> None:
    jobs.start(name)
    with pytest.raises(jobs.api.exceptions.ResourceInUse, match="must be unique"):
        jobs.start(name)


def test_a_channel_without_objects_is_refused_as_sagemaker_refuses_it(jobs: Any, name: str) -> None:
    """The recorded answer of CreateTrainingJob: ValidationException, "No S3 objects found under S3 URL"."""
    with pytest.raises(ClientError) as refused:
        jobs.start(name, {"InputDataConfig": [channel("dataset", f"s3://jobs/{name}/nothing/")]})
    assert refused.value.response["Error"]["Code"] == "ValidationException"
    assert f'No S3 objects found under S3 URL "s3://jobs/{name}/nothing/"' in str(refused.value)


def test_an_unknown_job_is_not_found_in_sagemakers_words(jobs: Any, name: str) -> None:
    with pytest.raises(ClientError, match="Requested resource not found") as refused:
        jobs.describe(name)
    assert refused.value.response["Error"]["Code"] == "ValidationException"


def test_an_unknown_image_is_refused_with_the_known_ones(jobs: Any, name: str) -> None:
    algorithm = {"TrainingImage": "registry/other:1", "TrainingInputMode": "File"}
    with pytest.raises(ClientError, match=r"registry/other:1 is not known to local_aws \(known: fake\)"):
        jobs.start(name, {"AlgorithmSpecification": algorithm})


def test_a_container_entrypoint_takes_the_place_of_the_images(jobs: Any, name: str, server: Any) -> None:
    algorithm = {
        "TrainingImage": "fake",
        "TrainingInputMode": "File",
        "ContainerEntrypoint": ["python", "-c", "import sys; print('own', sys.argv[1:])"],
        "ContainerArguments": ["one"],
    }
    jobs.start(name, {"AlgorithmSpecification": algorithm})
    assert jobs.ended(name)["TrainingJobStatus"] == "Completed"
    assert "own ['one'" in jobs.log(name)


def test_an_isolated_job_gets_no_address_and_no_credentials(jobs: Any, name: str) -> None:
    """EnableNetworkIsolation: https://docs.aws.amazon.com/sagemaker/latest/dg/mkt-algo-model-internet-free.html"""
    jobs.start(name, {"EnableNetworkIsolation": True})
    jobs.ended(name)
    environment = json.loads(jobs.archive(name)["seen.json"])["environment"]
    assert [key for key in environment if key.startswith("AWS_")] == []


def test_jobs_are_listed_by_status_and_name(jobs: Any, name: str) -> None:
    for number in range(3):
        jobs.start(f"{name}-listed-{number}")
    for number in range(3):
        jobs.ended(f"{name}-listed-{number}")
    first = jobs.api.list_training_jobs(NameContains=f"{name}-listed", StatusEquals="Completed", MaxResults=2)
    assert [one["TrainingJobName"] for one in first["TrainingJobSummaries"]] == [f"{name}-listed-2", f"{name}-listed-1"]
    second = jobs.api.list_training_jobs(NameContains=f"{name}-listed", MaxResults=2, NextToken=first["NextToken"])
    assert [one["TrainingJobName"] for one in second["TrainingJobSummaries"]] == [f"{name}-listed-0"]
    assert "NextToken" not in second


def test_tags_are_kept(jobs: Any, name: str) -> None:
    arn = jobs.start(name, {"Tags": [{"Key": "stage", "Value": "test"}]})
    jobs.api.add_tags(ResourceArn=arn, Tags=[{"Key": "owner", "Value": "team"}])
    assert jobs.api.list_tags(ResourceArn=arn)["Tags"] == [
        {"Key": "stage", "Value": "test"},
        {"Key": "owner", "Value": "team"},
    ]
