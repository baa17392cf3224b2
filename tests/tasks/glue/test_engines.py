"""The Glue job on both engines, as `glueetl` runs of a local_aws process: the same dataset, byte for byte."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from local_server import LocalServer, aws_variables, eventually

from vigil.aws.environment import aws_client
from vigil.aws.landing import land, upload
from vigil.aws.objects import S3Uri, get_bytes, list_prefix
from vigil.aws.packages import zip_folders
from vigil.datasets.models import PROVENANCE_FILE

pytestmark = [pytest.mark.stack, pytest.mark.timeout(600)]

JOB = "curate"
RAW = "engines-raw"
ENDED = ("SUCCEEDED", "FAILED", "STOPPED", "TIMEOUT")


@pytest.fixture(scope="module")
def job(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The curation's job as the template has it, on a server of its own; the Glue client."""
    with LocalServer(tmp_path_factory.mktemp("local-aws-engines")) as server, aws_variables(server.url):
        aws_client.cache_clear()
        s3, glue = boto3.client("s3"), boto3.client("glue")
        for bucket in (RAW, "code", "engines-duckdb", "engines-spark"):
            s3.create_bucket(Bucket=bucket)
        s3.put_object(Bucket="code", Key="vigil.zip", Body=zip_folders(repository, ["vigil"]))
        script = (repository / "tasks/glue/curate_quarters.py").read_bytes()
        s3.put_object(Bucket="code", Key="curate_quarters.py", Body=script)
        glue.create_job(
            Name=JOB,
            Role="arn:aws:iam::123456789012:role/glue",
            GlueVersion="5.1",
            Command={"Name": "glueetl", "PythonVersion": "3", "ScriptLocation": "s3://code/curate_quarters.py"},
            DefaultArguments={"--extra-py-files": "s3://code/vigil.zip", "--job-language": "python"},
        )
        yield glue
        aws_client.cache_clear()


def run(glue: Any, engine: str, archives: str, profile: str) -> dict[str, bytes]:
    """What a run on ``engine`` leaves in a bucket of its own, by name."""
    output = f"s3://engines-{engine}/staging/run/"
    arguments = {"--archives": archives, "--engine": engine, "--output": output, "--profile": profile, "--stack": "x"}
    run_id = glue.start_job_run(JobName=JOB, Arguments=arguments)["JobRunId"]

    def ended() -> Any:
        found = glue.get_job_run(JobName=JOB, RunId=run_id)["JobRun"]
        return found if found["JobRunState"] in ENDED else None

    found = eventually(ended, within=300)
    assert found["JobRunState"] == "SUCCEEDED", found.get("ErrorMessage")
    bucket = S3Uri(f"engines-{engine}", "")
    return {name: get_bytes(bucket / name) for name in list_prefix(bucket)}


@pytest.mark.real_data
def test_both_engines_stage_the_same_dataset_of_all_real_cases(job: Any, real_data: Path) -> None:
    samples = sorted((real_data / "faers").glob("faers_ascii_2023q*_sample.zip"))
    landed = land([uri for _, uri in upload(samples, RAW)], RAW)
    archives = json.dumps([archive.model_dump() for archive in landed])
    left = {engine: run(job, engine, archives, "openfda-sample") for engine in ("duckdb", "spark")}
    made = {engine: json.loads(files.pop(f"staging/run/{PROVENANCE_FILE}")) for engine, files in left.items()}
    assert (made["duckdb"].pop("engine"), made["spark"].pop("engine")) == ("duckdb", "spark")
    assert made["duckdb"] == made["spark"]
    assert set(left["duckdb"]) == set(left["spark"]), "nothing of the exchange is left"
    assert [name for name, content in left["duckdb"].items() if content != left["spark"][name]] == []
    measured = json.loads(left["spark"]["staging/run/measurements.json"])["metrics"]
    assert measured["rows.total"] == 9_620
