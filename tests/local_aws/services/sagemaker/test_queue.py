"""One job at a time, and jobs that outlive their server."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from local_server import LocalServer, eventually, runs, snapshot_holds

pytestmark = pytest.mark.stack


def channel(name: str, uri: str) -> dict[str, Any]:
    return {"ChannelName": name, "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": uri}}}


@pytest.fixture
def lone_server(start_server: Callable[..., LocalServer]) -> LocalServer:
    """With one slot, as by default."""
    return start_server()


def test_jobs_queue_for_the_one_slot_and_run_in_order(lone_server: LocalServer, tools: Any) -> None:
    jobs = tools["Jobs"](lone_server)
    jobs.start("first", do="wait")
    jobs.waits("first")
    jobs.start("second")
    jobs.start("third")
    assert jobs.describe("second")["SecondaryStatus"] == "Starting"
    jobs.api.stop_training_job(TrainingJobName="first")
    second, third = jobs.ended("second"), jobs.ended("third")
    assert second["TrainingStartTime"] >= jobs.ended("first")["TrainingEndTime"]
    assert third["TrainingStartTime"] >= second["TrainingEndTime"]


def test_a_waiting_job_is_stopped_at_once(lone_server: LocalServer, tools: Any) -> None:
    jobs = tools["Jobs"](lone_server)
    jobs.start("first", do="wait")
    jobs.start("second")
    jobs.api.stop_training_job(TrainingJobName="second")
    assert jobs.describe("second")["TrainingJobStatus"] == "Stopped"
    assert "TrainingStartTime" not in jobs.describe("second")
    jobs.api.stop_training_job(TrainingJobName="first")
    jobs.ended("first")


def test_a_transform_job_waits_for_the_same_slot(lone_server: LocalServer, tools: Any) -> None:
    jobs, hosting = tools["Jobs"](lone_server), tools["Hosting"](lone_server)
    hosting.model("adder", predict=True)
    jobs.s3.put_object(Bucket="jobs", Key="in/a.csv", Body=b"1,2\n")
    jobs.start("first", do="wait")
    source = {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://jobs/in/"}}
    jobs.api.create_transform_job(
        TransformJobName="second",
        ModelName="adder",
        TransformInput={"DataSource": source, "ContentType": "text/csv"},
        TransformOutput={"S3OutputPath": "s3://jobs/out/"},
        TransformResources={"InstanceType": "ml.m5.large", "InstanceCount": 1},
    )
    jobs.waits("first")
    assert "TransformStartTime" not in jobs.api.describe_transform_job(TransformJobName="second")
    jobs.api.stop_training_job(TrainingJobName="first")
    ended = eventually(
        lambda: (
            job
            if (job := jobs.api.describe_transform_job(TransformJobName="second"))["TransformJobStatus"] == "Completed"
            else None
        )
    )
    assert ended["TransformStartTime"] >= jobs.ended("first")["TrainingEndTime"]


def test_data_that_vanishes_while_a_job_waits_fails_it(lone_server: LocalServer, tools: Any) -> None:
    jobs = tools["Jobs"](lone_server)
    jobs.s3.put_object(Bucket="jobs", Key="soon/gone.csv", Body=b"1")
    jobs.start("first", do="wait")
    jobs.waits("first")
    jobs.start("second", {"InputDataConfig": [channel("dataset", "s3://jobs/soon/")]})
    jobs.s3.delete_object(Bucket="jobs", Key="soon/gone.csv")
    jobs.api.stop_training_job(TrainingJobName="first")
    job = jobs.ended("second")
    assert job["TrainingJobStatus"] == "Failed"
    assert job["FailureReason"].startswith("ClientError: Data download failed: No S3 objects found")


@pytest.mark.parametrize("way", ["kill", "stop"])
def test_an_interrupted_job_runs_again_from_a_clean_folder(
    lone_server: LocalServer, tools: Any, tmp_path: Path, way: str
) -> None:
    jobs = tools["Jobs"](lone_server)
    attempts = tmp_path / "attempts"
    jobs.s3.put_object(Bucket="jobs", Key="data/wait.csv", Body=b"1")
    channels = [channel("dataset", "s3://jobs/data/")]
    jobs.start("first", {"InputDataConfig": channels}, do="wait for a file", attempts=str(attempts))
    jobs.start("second")
    eventually(lambda: attempts.exists() and attempts.read_text().endswith("\n"))
    first_pid = json.loads(attempts.read_text())["pid"]
    if way == "kill":
        # moto's snapshots are at most a second behind; S3 must hold the data when the job runs again.
        jobs.s3.put_object(Bucket="jobs", Key="data/go", Body=b"")
        eventually(lambda: snapshot_holds(lone_server, b"data/go"), within=60)
        lone_server.kill()
    else:
        jobs.s3.put_object(Bucket="jobs", Key="data/go", Body=b"")
        lone_server.stop()
    lone_server.start()

    job = jobs.ended("first")
    assert job["TrainingJobStatus"] == "Completed"
    assert "Restarting" in [one["Status"] for one in job["SecondaryStatusTransitions"]]
    tries = [json.loads(line) for line in attempts.read_text().splitlines()]
    assert len(tries) == 2
    assert tries[1]["leftovers"] == []
    assert tries[1]["pid"] != first_pid
    assert not runs(first_pid)
    assert jobs.ended("second")["TrainingJobStatus"] == "Completed"


def test_without_mounts_jobs_and_servers_are_told_their_root(
    start_server: Callable[..., LocalServer], tools: Any
) -> None:
    server = start_server("--no-mounts")
    jobs, hosting = tools["Jobs"](server), tools["Hosting"](server)
    jobs.start("first")
    assert jobs.ended("first")["TrainingJobStatus"] == "Completed"
    arguments = json.loads(jobs.archive("first")["seen.json"])["arguments"]
    assert arguments == ["train", "--root", str(server.state_dir / "jobs/training/first")]
    hosting.serve("lasting")
    assert hosting.invoke("lasting")["Body"]["version"] == "lasting"
