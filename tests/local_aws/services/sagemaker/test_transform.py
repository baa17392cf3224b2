"""Batch transform as a caller sees it.

https://docs.aws.amazon.com/sagemaker/latest/dg/batch-transform.html and
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateTransformJob.html
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from local_server import LocalServer, eventually, snapshot_holds

pytestmark = pytest.mark.stack


class Transforms:
    """Transform jobs of one server; every job's input is below a prefix of its own name."""

    def __init__(self, server: LocalServer, hosting: Any) -> None:
        self.api, self.s3, self.logs = server.client("sagemaker"), server.client("s3"), server.client("logs")
        self.hosting = hosting

    def start(self, name: str, objects: dict[str, bytes], model: str, **more: Any) -> None:
        for key, body in objects.items():
            self.s3.put_object(Bucket="jobs", Key=f"{name}/in/{key}", Body=body)
        source = {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"s3://jobs/{name}/in/"}}
        self.api.create_transform_job(
            TransformJobName=name,
            ModelName=model,
            TransformInput={"DataSource": source, "ContentType": "text/csv", **more.pop("source", {})},
            TransformOutput={"S3OutputPath": f"s3://jobs/{name}/out/", **more.pop("output", {})},
            TransformResources={"InstanceType": "ml.m5.large", "InstanceCount": 1},
            **more,
        )

    def describe(self, name: str) -> dict[str, Any]:
        return dict(self.api.describe_transform_job(TransformJobName=name))

    def ended(self, name: str) -> dict[str, Any]:
        def look() -> dict[str, Any] | None:
            job = self.describe(name)
            return None if job["TransformJobStatus"] in ("InProgress", "Stopping") else job

        return eventually(look, within=60)

    def outputs(self, name: str) -> dict[str, str]:
        found = self.s3.list_objects_v2(Bucket="jobs", Prefix=f"{name}/out/").get("Contents", [])
        keys = [entry["Key"] for entry in found]
        return {
            key.removeprefix(f"{name}/out/"): self.s3.get_object(Bucket="jobs", Key=key)["Body"].read().decode()
            for key in keys
        }

    def printed(self, name: str, pattern: str) -> list[str]:
        answer = self.logs.filter_log_events(
            logGroupName="/aws/sagemaker/TransformJobs", logStreamNamePrefix=f"{name}/", filterPattern=pattern
        )
        return [event["message"] for event in answer["events"]]


@pytest.fixture
def transforms(server: LocalServer, hosting: Any) -> Transforms:
    return Transforms(server, hosting)


@pytest.fixture(scope="session")
def model(server: LocalServer, tools: Any) -> str:
    """A model that adds the numbers of each line."""
    return str(tools["Hosting"](server).model("adder", predict=True))


def test_each_object_becomes_an_output_of_its_name(transforms: Transforms, model: str, name: str) -> None:
    transforms.start(name, {"a.csv": b"1,2\n3,4\n", "deep/b.csv": b"5,6\n"}, model, Environment={"COLOUR": "blue"})
    job = transforms.ended(name)
    assert job["TransformJobStatus"] == "Completed"
    assert transforms.outputs(name) == {"a.csv.out": "3\n7", "deep/b.csv.out": "11"}
    assert job["TransformEndTime"] >= job["TransformStartTime"] >= job["CreationTime"]
    assert sorted(transforms.printed(name, "asked")) == ["asked for 1", "asked for 2"]
    listed = transforms.api.list_transform_jobs(NameContains=name, StatusEquals="Completed")["TransformJobSummaries"]
    assert [one["TransformJobName"] for one in listed] == [name]


@pytest.mark.parametrize(
    ("strategy", "sizes"),
    [("SingleRecord", ["asked for 1"] * 5), ("MultiRecord", ["asked for 5"])],
)
def test_lines_are_sent_one_by_one_or_together(
    transforms: Transforms, model: str, name: str, strategy: str, sizes: list[str]
) -> None:
    lines = b"".join(b"%d,1\n" % number for number in range(5))
    transforms.start(
        name,
        {"a.csv": lines},
        model,
        BatchStrategy=strategy,
        MaxConcurrentTransforms=3,
        source={"SplitType": "Line"},
        output={"AssembleWith": "Line", "Accept": "text/csv"},
    )
    assert transforms.ended(name)["TransformJobStatus"] == "Completed"
    assert transforms.outputs(name) == {"a.csv.out": "1\n2\n3\n4\n5\n"}
    assert transforms.printed(name, "asked") == sizes


def test_what_the_container_suggests_holds_where_the_request_is_silent(
    transforms: Transforms, hosting: Any, name: str
) -> None:
    """/execution-parameters: https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-batch-code.html"""
    suggested = {"MaxConcurrentTransforms": 2, "BatchStrategy": "SINGLE_RECORD", "MaxPayloadInMB": 1}
    hosting.model(name, predict=True, suggested=suggested)
    transforms.start(name, {"a.csv": b"1,2\n3,4\n"}, name, source={"SplitType": "Line"})
    assert transforms.ended(name)["TransformJobStatus"] == "Completed"
    assert transforms.printed(name, "asked") == ["asked for 1", "asked for 1"]


def test_data_is_filtered_for_the_model_and_joined_with_its_answer(
    transforms: Transforms, model: str, name: str
) -> None:
    """https://docs.aws.amazon.com/sagemaker/latest/dg/batch-transform-data-processing.html"""
    transforms.start(
        name,
        {"a.csv": b'"x, 1",2,3\nid-2,4,5\n'},
        model,
        DataProcessing={"InputFilter": "$[1:]", "JoinSource": "Input", "OutputFilter": "$[0,-1]"},
        source={"SplitType": "Line"},
        output={"AssembleWith": "Line", "Accept": "text/csv"},
    )
    assert transforms.ended(name)["TransformJobStatus"] == "Completed"
    assert transforms.outputs(name) == {"a.csv.out": '"x, 1",5\nid-2,9\n'}


def test_json_lines_are_joined_in_a_member_of_their_own(transforms: Transforms, model: str, name: str) -> None:
    lines = b'{"id": "one", "numbers": [1, 2]}\n{"id": "two", "numbers": [3, 4]}\n'
    transforms.start(
        name,
        {"a.jsonl": lines},
        model,
        DataProcessing={
            "InputFilter": "$.numbers",
            "JoinSource": "Input",
            "OutputFilter": "$['id','SageMakerOutput']",
        },
        source={"SplitType": "Line", "ContentType": "application/jsonlines"},
        output={"AssembleWith": "Line", "Accept": "application/jsonlines"},
    )
    assert transforms.ended(name)["TransformJobStatus"] == "Completed"
    found = [json.loads(line) for line in transforms.outputs(name)["a.jsonl.out"].splitlines()]
    assert found == [{"id": "one", "SageMakerOutput": {"sum": 3}}, {"id": "two", "SageMakerOutput": {"sum": 7}}]


def test_a_manifest_names_the_objects_and_gzip_is_unpacked(transforms: Transforms, model: str, name: str) -> None:
    transforms.s3.put_object(Bucket="jobs", Key=f"{name}/data/a.csv.gz", Body=gzip.compress(b"1,2\n"))
    manifest = json.dumps([{"prefix": f"s3://jobs/{name}/data/"}, "a.csv.gz"]).encode()
    transforms.s3.put_object(Bucket="jobs", Key=f"{name}/manifest", Body=manifest)
    data = {"S3DataSource": {"S3DataType": "ManifestFile", "S3Uri": f"s3://jobs/{name}/manifest"}}
    transforms.start(name, {}, model, source={"DataSource": data, "CompressionType": "Gzip"})
    assert transforms.ended(name)["TransformJobStatus"] == "Completed"
    assert transforms.outputs(name) == {"a.csv.gz.out": "3"}


def test_an_object_with_a_bad_record_fails_the_job_but_not_the_others(
    transforms: Transforms, model: str, name: str
) -> None:
    transforms.start(
        name, {"a.csv": b"1,2\nbad\n", "b.csv": b"3,4\n"}, model, ModelClientConfig={"InvocationsMaxRetries": 0}
    )
    job = transforms.ended(name)
    assert (job["TransformJobStatus"], job["FailureReason"]) == (
        "Failed",
        "AlgorithmError: See job logs for more information",
    )
    assert transforms.outputs(name) == {"b.csv.out": "7"}
    assert transforms.printed(name, '"Bad HTTP status"')[0].endswith(
        f"jobs/{name}/in/a.csv: Bad HTTP status received from algorithm: 400"
    )


def test_a_request_that_fails_once_is_tried_again(transforms: Transforms, hosting: Any, name: str) -> None:
    hosting.model(name, predict=True)
    transforms.start(name, {"a.csv": b"flaky\n1,2\n"}, name)
    assert transforms.ended(name)["TransformJobStatus"] == "Completed"
    assert transforms.outputs(name) == {"a.csv.out": "0\n3"}


@pytest.mark.parametrize("word", ["slow", "die"])
def test_a_model_that_hangs_or_dies_fails_the_job(transforms: Transforms, model: str, name: str, word: str) -> None:
    limits = {"InvocationsTimeoutInSeconds": 1, "InvocationsMaxRetries": 0}
    transforms.start(name, {"a.csv": word.encode()}, model, ModelClientConfig=limits)
    job = transforms.ended(name)
    assert (job["TransformJobStatus"], job["FailureReason"].split(":")[0]) == ("Failed", "AlgorithmError")
    assert transforms.outputs(name) == {}


def test_a_model_that_does_not_come_up_fails_the_job(transforms: Transforms, hosting: Any, name: str) -> None:
    hosting.model(name, broken=True)
    transforms.start(name, {"a.csv": b"1\n"}, name)
    job = transforms.ended(name)
    assert job["FailureReason"].startswith("AlgorithmError: The primary container")
    assert transforms.printed(name, "cannot") == ["the model cannot be read"]


def test_a_stopped_job_leaves_no_output(transforms: Transforms, model: str, name: str) -> None:
    """botocore model: StopTransformJob, "doesn't store the job's output in Amazon S3"."""
    transforms.start(name, {"a.csv": b"1,2\n", "b.csv": b"slow\n"}, model)
    eventually(lambda: "TransformStartTime" in transforms.describe(name))
    transforms.api.stop_transform_job(TransformJobName=name)
    assert transforms.ended(name)["TransformJobStatus"] == "Stopped"
    assert transforms.outputs(name) == {}
    with pytest.raises(ClientError, match="in status Stopped"):
        transforms.api.stop_transform_job(TransformJobName=name)


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"MaxPayloadInMB": 60, "MaxConcurrentTransforms": 2}, "must not be greater than 100"),
        ({"BatchStrategy": "SingleRecord"}, "needs a SplitType"),
        ({"source": {"SplitType": "TFRecord"}}, "splits by Line"),
        ({"DataProcessing": {"InputFilter": "$[["}}, "not a JSONPath expression"),
        ({"DataProcessing": {"JoinSource": "Input"}, "source": {"SplitType": "Line"}}, "AssembleWith Line"),
    ],
)
def test_what_cannot_be_done_is_refused(
    transforms: Transforms, model: str, name: str, more: dict[str, Any], reason: str
) -> None:
    with pytest.raises(ClientError, match=reason):
        transforms.start(name, {"a.csv": b"1\n"}, model, **more)
    with pytest.raises(ClientError, match="Could not find requested job with name"):
        transforms.describe(name)


def test_an_interrupted_job_runs_again(start_server: Callable[..., LocalServer], tools: Any) -> None:
    server = start_server()
    hosting = tools["Hosting"](server)
    transforms = Transforms(server, hosting)
    hosting.model("adder", predict=True, start_seconds=0.5)
    server.client("s3").put_object(Bucket="jobs", Key="one/in/a.csv", Body=b"1,2\n")
    eventually(lambda: snapshot_holds(server, b"one/in/a.csv"), within=60)
    transforms.start("one", {}, "adder")
    eventually(lambda: "TransformStartTime" in transforms.describe("one"))
    server.kill()
    server.start()
    assert transforms.ended("one")["TransformJobStatus"] == "Completed"
    assert transforms.outputs("one") == {"a.csv.out": "3"}
