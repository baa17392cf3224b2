"""Glue job runs as a caller sees them.

https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-jobs-runs.html and
https://docs.aws.amazon.com/glue/latest/dg/aws-glue-programming-etl-glue-arguments.html
"""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import pytest
from botocore.exceptions import ClientError
from local_server import eventually, runs, snapshot_holds

pytestmark = pytest.mark.stack

TELL = "import json, os, sys; print(json.dumps([sys.argv[1:], dict(os.environ)]))"
WAIT = "import time; print('waiting', flush=True); time.sleep(120)"


def pairs(words: list[str]) -> dict[str, str]:
    return dict(zip(words[::2], words[1::2], strict=True))


def test_a_script_gets_the_merged_arguments_its_name_and_its_run(glue: Any, name: str) -> None:
    glue.create(
        name,
        TELL,
        DefaultArguments={"--stack": "demo", "--profile": "full", "--enable-metrics": "true", "--fixed": "default"},
        NonOverridableArguments={"--fixed": "always"},
    )
    run_id = glue.start(name, Arguments={"--profile": "sample", "--output": "s3://out/", "--fixed": "mine"})
    run = glue.ended(name, run_id)
    assert run["JobRunState"] == "SUCCEEDED"
    assert run["Arguments"] == {"--profile": "sample", "--output": "s3://out/", "--fixed": "mine"}
    words, environment = json.loads(glue.log(run_id))
    assert pairs(words) == {
        "--stack": "demo",
        "--profile": "sample",
        "--output": "s3://out/",
        "--fixed": "always",
        "--JOB_NAME": name,
        "--JOB_RUN_ID": run_id,
    }
    assert environment["AWS_ENDPOINT_URL"].startswith("http://127.0.0.1:")
    assert not any(key.startswith("PYTEST") for key in environment)


def test_extra_python_files_are_on_the_path_before_everything_else(glue: Any, name: str) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("statistics.py", "origin = 'the zip'")
    glue.s3.put_object(Bucket="glue", Key=f"{name}/lib.zip", Body=packed.getvalue())
    glue.s3.put_object(Bucket="glue", Key=f"{name}/settings.json", Body=b'{"depth": 3}')
    script = "import json, statistics; print(statistics.origin, json.load(open('settings.json'))['depth'])"
    arguments = {
        "--extra-py-files": f"s3://glue/{name}/lib.zip",
        "--extra-files": f"s3://glue/{name}/settings.json",
    }
    glue.create(name, script, DefaultArguments=arguments)
    run_id = glue.start(name)
    assert glue.ended(name, run_id)["JobRunState"] == "SUCCEEDED"
    assert glue.log(run_id).strip() == "the zip 3"


def test_a_failing_script_leaves_its_last_error_line(glue: Any, name: str) -> None:
    glue.create(name, "print('begun', flush=True)\nraise ValueError('quarter 2023Q1 has no DEMO table')\n")
    run_id = glue.start(name)
    run = glue.ended(name, run_id)
    assert run["JobRunState"] == "FAILED"
    assert run["ErrorMessage"] == "ValueError: quarter 2023Q1 has no DEMO table"
    assert run["CompletedOn"] >= run["StartedOn"]
    assert glue.published("output", run_id)[0] == "begun"
    assert glue.published("error", run_id)[0].startswith("Traceback")
    assert glue.published("error", run_id)[-1] == run["ErrorMessage"]


def test_an_exit_code_without_a_word_is_told(glue: Any, name: str) -> None:
    glue.create(name, "import sys; sys.exit(4)")
    assert glue.ended(name, glue.start(name))["ErrorMessage"] == "The script ended with exit code 4"


def test_a_missing_script_fails_the_run(glue: Any, name: str) -> None:
    glue.create(name, "print()")
    glue.s3.delete_object(Bucket="glue", Key=f"{name}/script.py")
    run = glue.ended(name, glue.start(name))
    assert run["JobRunState"] == "FAILED"
    assert f"s3://glue/{name}/script.py could not be downloaded" in run["ErrorMessage"]


def test_a_run_over_its_time_times_out(glue: Any, name: str) -> None:
    glue.create(name, WAIT, Timeout=480)
    run_id = glue.start(name, Timeout=1)
    run = glue.ended(name, run_id)
    assert (run["JobRunState"], run["Timeout"]) == ("TIMEOUT", 1)


def test_a_run_is_stopped_on_request_and_its_process_ends(glue: Any, name: str) -> None:
    glue.create(name, "import os; print(os.getpid(), flush=True)\n" + WAIT)
    run_id = glue.start(name)
    glue.says(run_id, "waiting")
    assert glue.describe(name, run_id)["JobRunState"] == "RUNNING"
    answer = glue.api.batch_stop_job_run(JobName=name, JobRunIds=[run_id, "jr_unknown"])
    assert [one["JobRunId"] for one in answer["SuccessfulSubmissions"]] == [run_id]
    assert answer["Errors"][0]["ErrorDetail"]["ErrorCode"] == "EntityNotFoundException"
    assert glue.ended(name, run_id)["JobRunState"] == "STOPPED"
    assert not runs(int(glue.log(run_id).split()[0]))
    again = glue.api.batch_stop_job_run(JobName=name, JobRunIds=[run_id])
    assert "is in state STOPPED" in again["Errors"][0]["ErrorDetail"]["ErrorMessage"]


def test_no_more_runs_at_once_than_the_job_allows(glue: Any, name: str) -> None:
    glue.create(name, WAIT, ExecutionProperty={"MaxConcurrentRuns": 2})
    runs = [glue.start(name) for _ in range(2)]
    with pytest.raises(glue.api.exceptions.ConcurrentRunsExceededException, match=f"exceeded for {name}"):
        glue.start(name)
    glue.api.batch_stop_job_run(JobName=name, JobRunIds=runs)
    for run_id in runs:
        glue.ended(name, run_id)
    last = glue.start(name)
    glue.api.batch_stop_job_run(JobName=name, JobRunIds=[last])
    glue.ended(name, last)


def test_runs_are_listed_newest_first_and_only_the_jobs_own(glue: Any, name: str) -> None:
    glue.create(name, "print()")
    glue.create(f"{name}/other", "print()")
    runs = []
    for _ in range(3):
        runs.append(glue.start(name))
        glue.ended(name, runs[-1])
    glue.ended(f"{name}/other", glue.start(f"{name}/other"))
    first = glue.api.get_job_runs(JobName=name, MaxResults=2)
    second = glue.api.get_job_runs(JobName=name, MaxResults=2, NextToken=first["NextToken"])
    assert [run["Id"] for run in first["JobRuns"] + second["JobRuns"]] == runs[::-1]


def test_what_does_not_exist_is_not_found_in_glues_words(glue: Any, name: str) -> None:
    """The words of StartJobRun are recorded ones."""
    with pytest.raises(
        glue.api.exceptions.EntityNotFoundException, match=r"Failed to start job run due to missing metadata\."
    ):
        glue.start(name)
    with pytest.raises(glue.api.exceptions.EntityNotFoundException):
        glue.describe(name, "jr_unknown")


def test_a_run_needs_a_known_job_but_outlives_it(glue: Any, name: str) -> None:
    glue.create(name, "print()")
    run_id = glue.start(name)
    glue.ended(name, run_id)
    glue.api.delete_job(JobName=name)
    assert glue.describe(name, run_id)["JobRunState"] == "SUCCEEDED"
    with pytest.raises(ClientError):
        glue.start(name)


@pytest.mark.parametrize("way", ["kill", "stop"])
def test_an_interrupted_run_runs_again_after_a_restart(own_glue: Any, name: str, way: str) -> None:
    server, glue = own_glue
    script = (
        "import os, sys, time; print(os.getpid(), flush=True)\nwhile not os.path.exists(sys.argv[2]): time.sleep(.05)"
    )
    flag = server.state_dir / f"{name}.flag"
    glue.create(name, script)
    run_id = glue.start(name, Arguments={"--flag": str(flag)})
    first = int(eventually(lambda: glue.log(run_id).strip()))
    eventually(lambda: snapshot_holds(server, f"{name}/script.py".encode()), within=60)
    getattr(server, way)()
    eventually(lambda: not runs(first))
    server.start()
    glue.says(run_id, "\n")
    flag.touch()
    run = glue.ended(name, run_id)
    assert (run["JobRunState"], run["Attempt"]) == ("SUCCEEDED", 1)
    assert int(glue.log(run_id)) != first
