"""Processing jobs as a caller sees them.

The container contract: https://docs.aws.amazon.com/sagemaker/latest/dg/byoc-run-image.html,
https://docs.aws.amazon.com/sagemaker/latest/dg/byoc-input-and-output.html and
https://docs.aws.amazon.com/sagemaker/latest/dg/byoc-metadata.html
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from local_server import LocalServer, eventually

pytestmark = pytest.mark.stack


class Processing:
    def __init__(self, server: LocalServer) -> None:
        self.api = server.client("sagemaker")
        self.s3 = server.client("s3")
        self.state_dir = server.state_dir

    def start(self, name: str, *arguments: str, **more: Any) -> str:
        request = {
            "ProcessingJobName": name,
            "RoleArn": "arn:aws:iam::123456789012:role/sagemaker",
            "ProcessingResources": {
                "ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 1}
            },
            "AppSpecification": {"ImageUri": "fake:1.0", "ContainerArguments": ["process", *arguments]},
            "StoppingCondition": {"MaxRuntimeInSeconds": 60},
        }
        return str(self.api.create_processing_job(**{**request, **more})["ProcessingJobArn"])

    def describe(self, name: str) -> dict[str, Any]:
        return dict(self.api.describe_processing_job(ProcessingJobName=name))

    def ended(self, name: str) -> dict[str, Any]:
        def look() -> dict[str, Any] | None:
            job = self.describe(name)
            return None if job["ProcessingJobStatus"] in ("InProgress", "Stopping") else job

        return eventually(look, within=60)

    def waits(self, name: str) -> None:
        file = self.state_dir / "logs/sagemaker/ProcessingJobs" / f"{name}.log"
        eventually(lambda: file.exists() and "waiting" in file.read_text())


@pytest.fixture
def processing(server: LocalServer) -> Processing:
    return Processing(server)


def s3_input(name: str, uri: str) -> dict[str, Any]:
    source = {"S3Uri": uri, "LocalPath": f"/opt/ml/processing/input/{name}", "S3DataType": "S3Prefix"}
    return {"InputName": name, "S3Input": {**source, "S3InputMode": "File"}}


def s3_output(uri: str, local_path: str = "/opt/ml/processing/output") -> dict[str, Any]:
    output = {"S3Uri": uri, "LocalPath": local_path, "S3UploadMode": "EndOfJob"}
    return {"Outputs": [{"OutputName": "result", "S3Output": output}]}


def test_a_job_reads_prefixes_and_single_objects_and_writes_outputs(processing: Processing, name: str) -> None:
    processing.s3.put_object(Bucket="jobs", Key=f"{name}/data/deep/a.csv", Body=b"1,2")
    processing.s3.put_object(Bucket="jobs", Key=f"{name}/model.tar.gz", Body=b"model")
    inputs = [s3_input("data", f"s3://jobs/{name}/data/"), s3_input("model", f"s3://jobs/{name}/model.tar.gz")]
    arn = processing.start(
        name,
        ProcessingInputs=inputs,
        ProcessingOutputConfig=s3_output(f"s3://jobs/{name}/out"),
        Environment={"COLOUR": "green"},
    )

    job = processing.ended(name)
    assert job["ProcessingJobStatus"] == "Completed"
    assert job["ProcessingJobArn"] == arn
    assert job["ProcessingEndTime"] >= job["ProcessingStartTime"]
    seen = json.loads(processing.s3.get_object(Bucket="jobs", Key=f"{name}/out/deep/seen.json")["Body"].read())
    assert seen["files"] == {"processing/input/data/deep/a.csv": "1,2", "processing/input/model/model.tar.gz": "model"}
    assert seen["config"]["ProcessingJobName"] == name
    assert seen["config"]["ProcessingInputs"][0]["InputName"] == "data"
    assert seen["environment"]["COLOUR"] == "green"


def test_the_exit_message_is_what_the_job_wrote(processing: Processing, name: str) -> None:
    processing.start(name, "--message", "12 rows rejected")
    assert processing.ended(name)["ExitMessage"] == "12 rows rejected"


def test_a_failure_with_a_message_points_to_the_log(processing: Processing, name: str) -> None:
    """Recorded: an exit message is not repeated in FailureReason."""
    processing.start(name, "--exit", "3", "--message", "the plan is missing")
    job = processing.ended(name)
    assert job["ProcessingJobStatus"] == "Failed"
    assert job["FailureReason"] == "AlgorithmError: See job logs for more information"
    assert job["ExitMessage"] == "the plan is missing"


def test_a_failure_without_a_message_tells_the_exit_code(processing: Processing, name: str) -> None:
    processing.start(name, "--exit", "3", ProcessingOutputConfig=s3_output(f"s3://jobs/{name}/out"))
    assert processing.ended(name)["FailureReason"] == "AlgorithmError: , exit code: 3"
    assert "Contents" not in processing.s3.list_objects_v2(Bucket="jobs", Prefix=f"{name}/out")


def test_a_message_that_is_not_text_fails_the_job(processing: Processing, name: str) -> None:
    processing.start(name, "--garbled")
    assert "ClientError" in processing.ended(name)["FailureReason"]


def test_an_input_without_objects_fails_the_job(processing: Processing, name: str) -> None:
    processing.start(name, ProcessingInputs=[s3_input("data", f"s3://jobs/{name}/nothing/")])
    job = processing.ended(name)
    assert job["ProcessingJobStatus"] == "Failed"
    assert job["FailureReason"].startswith("ClientError: No S3 objects found")


def test_a_job_over_its_time_is_stopped(processing: Processing, name: str) -> None:
    processing.start(name, "--wait", StoppingCondition={"MaxRuntimeInSeconds": 1})
    assert processing.ended(name)["ProcessingJobStatus"] == "Stopped"


def test_a_job_is_stopped_on_request(processing: Processing, name: str) -> None:
    processing.start(name, "--wait")
    processing.waits(name)
    processing.api.stop_processing_job(ProcessingJobName=name)
    assert processing.ended(name)["ProcessingJobStatus"] == "Stopped"


def test_a_local_path_outside_of_processing_is_refused(processing: Processing, name: str) -> None:
    output = s3_output(f"s3://jobs/{name}/out", "/opt/ml/processing/../../etc")
    with pytest.raises(ClientError, match="must be a folder below /opt/ml/processing"):
        processing.start(name, ProcessingOutputConfig=output)


def test_a_name_is_used_once_and_an_unknown_one_not_found(processing: Processing, name: str) -> None:
    with pytest.raises(ClientError, match="Could not find requested job with name"):
        processing.describe(name)
    processing.start(name)
    with pytest.raises(processing.api.exceptions.ResourceInUse):
        processing.start(name)


def test_jobs_are_listed_newest_first(processing: Processing, name: str) -> None:
    for number in range(2):
        processing.start(f"{name}-listed-{number}")
        processing.ended(f"{name}-listed-{number}")
    found = processing.api.list_processing_jobs(NameContains=f"{name}-listed")["ProcessingJobSummaries"]
    assert [one["ProcessingJobName"] for one in found] == [f"{name}-listed-1", f"{name}-listed-0"]
