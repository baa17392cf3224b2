"""The Glue operator against a running local_aws: real runs, no Airflow database."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from airflow.sdk.exceptions import AirflowFailException, TaskDeferred
from fake_task import FakeTaskInstance, first_event
from stack_parameters import put_parameters
from vigil_airflow.glue_job import GlueRunFailedError, GlueRunStoppedError, VigilGlueJobOperator

pytestmark = pytest.mark.stack

WAITING = "import time\ntime.sleep(120)\n"
MakeJob = Callable[[str], str]


@pytest.fixture
def make_job(stack_on_local_aws: str) -> MakeJob:
    """A job that runs a given script, as the stack's curate job."""

    def make(script: str) -> str:
        name, bucket = f"curate-{uuid.uuid4().hex[:8]}", "glue-scripts"
        s3 = boto3.client("s3")
        s3.create_bucket(Bucket=bucket)
        s3.put_object(Bucket=bucket, Key=f"{name}.py", Body=script.encode())
        boto3.client("glue").create_job(
            Name=name,
            Role="arn:aws:iam::123456789012:role/x",
            Command={"Name": "glueetl", "PythonVersion": "3", "ScriptLocation": f"s3://{bucket}/{name}.py"},
            GlueVersion="5.1",
            ExecutionProperty={"MaxConcurrentRuns": 1},
        )
        put_parameters(boto3.client("ssm"), "plugins", glue__curate_job=name)
        return name

    return make


def operator(**arguments: str) -> VigilGlueJobOperator:
    made = VigilGlueJobOperator(
        task_id="curate", job="curate_job", arguments={"--output": "s3://staging/one/", **arguments}
    )
    made._cached_logger = logging.getLogger("operator")
    return made


def context_of(task_instance: FakeTaskInstance) -> Any:
    return {"ti": task_instance}


def started(made: VigilGlueJobOperator) -> TaskDeferred:
    with pytest.raises(TaskDeferred) as deferred:
        made.execute(context_of(FakeTaskInstance(task_id="curate")))
    return deferred.value


def resumed(deferral: TaskDeferred) -> dict[str, str]:
    event = first_event(deferral.trigger)
    return operator().resume(context_of(FakeTaskInstance()), event, **deferral.kwargs)


def runs(job: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = boto3.client("glue").get_job_runs(JobName=job)["JobRuns"]
    return found


def test_a_run_gets_the_arguments_and_its_log_ends_in_the_tasks_log(
    make_job: MakeJob, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    job = make_job("import sys\nprint('arguments:', sys.argv[1:3])\n")
    deferral = started(operator())
    assert resumed(deferral) == {"run_id": deferral.trigger.run_id}
    assert runs(job)[0]["Arguments"] == {"--output": "s3://staging/one/"}
    assert "arguments: ['--output', 's3://staging/one/']" in caplog.text


def test_a_failed_run_fails_the_task_with_glues_message_and_may_be_retried(
    make_job: MakeJob, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    make_job("print('reading 2023Q1')\nraise ValueError('DRUG23Q1.txt, line 7: 14 fields, expected 20')\n")
    with pytest.raises(GlueRunFailedError, match=r"ended FAILED: ValueError: DRUG23Q1\.txt, line 7") as caught:
        resumed(started(operator()))
    assert not isinstance(caught.value, AirflowFailException)
    assert "reading 2023Q1" in caplog.text


def test_a_token_in_a_runs_output_or_error_reaches_neither_log_nor_failure(
    make_job: MakeJob, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    token = "AQCEAAAAKgAAAAMAAAAA" * 20
    make_job(f"print('read task_token={token}')\nraise ValueError('refused {token}')\n")
    with pytest.raises(GlueRunFailedError, match=r"refused \[redacted\]") as caught:
        resumed(started(operator()))
    assert token not in caplog.text + str(caught.value)
    assert "task_token=[redacted]" in caplog.text


def test_a_retry_joins_the_running_run_and_a_kill_stops_it(make_job: MakeJob) -> None:
    job = make_job(WAITING)
    first, second = started(operator()), started(operator())
    assert first.trigger.run_id == second.trigger.run_id
    assert len(runs(job)) == 1
    asyncio.run(second.trigger.on_kill())
    with pytest.raises(GlueRunStoppedError, match="STOPPED") as caught:
        resumed(first)
    assert isinstance(caught.value, AirflowFailException)


def test_a_run_with_other_arguments_is_not_joined_but_awaited(make_job: MakeJob) -> None:
    job = make_job(WAITING)
    first = started(operator())
    second = operator(**{"--output": "s3://staging/two/"})
    turn = started(second)
    assert (turn.trigger.run_id, turn.method_name) == (first.trigger.run_id, "take_turn")
    asyncio.run(first.trigger.on_kill())
    with pytest.raises(TaskDeferred) as deferred:
        second.take_turn(context_of(FakeTaskInstance(task_id="curate")), first_event(turn.trigger))
    own = deferred.value.trigger
    assert own.run_id != first.trigger.run_id
    assert {run["Arguments"]["--output"] for run in runs(job)} == {"s3://staging/one/", "s3://staging/two/"}
    asyncio.run(own.on_kill())


def test_a_task_that_is_killed_while_it_waits_for_its_turn_stops_nobody_elses_run(make_job: MakeJob) -> None:
    job = make_job(WAITING)
    first = started(operator())
    turn = started(operator(**{"--output": "s3://staging/two/"}))
    asyncio.run(turn.trigger.on_kill())
    assert [run["JobRunState"] for run in runs(job)] in (["STARTING"], ["RUNNING"])
    asyncio.run(first.trigger.on_kill())


def test_a_kill_on_the_worker_stops_the_run(make_job: MakeJob) -> None:
    job = make_job(WAITING)
    made = operator()
    started(made)
    made.on_kill()
    assert runs(job)[0]["JobRunState"] in {"STOPPING", "STOPPED"}


def test_after_an_end_the_same_arguments_start_a_new_run(make_job: MakeJob) -> None:
    job = make_job("print('done')\n")
    resumed(started(operator()))
    resumed(started(operator()))
    assert len(runs(job)) == 2
