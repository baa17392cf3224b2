"""Runs a Glue job without a worker slot: one run for one set of arguments, stopped when its task is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from airflow.providers.amazon.aws.hooks.glue import GlueJobHook
from airflow.providers.amazon.aws.links.glue import GlueJobRunDetailsLink
from airflow.providers.amazon.aws.operators.base_aws import AwsBaseOperator
from airflow.sdk.exceptions import AirflowException, AirflowFailException

from vigil_airflow.config import AWS_CONNECTION, CLIENT_CONFIG
from vigil_airflow.glue_logs import log_tail
from vigil_airflow.glue_trigger import ACTIVE, GlueRunTrigger
from vigil_airflow.trigger import UNREACHABLE

if TYPE_CHECKING:
    from airflow.sdk import Context

RUNS_LOOKED_AT = 200  # the newest: a run to be joined was started by this task's last try


class GlueRunFailedError(AirflowException):
    """The run failed; the message holds Glue's own words and the task's log the end of the run's."""


class GlueRunStoppedError(AirflowFailException):
    """A person stopped the run: no retry may start another."""


class VigilGlueJobOperator(AwsBaseOperator[GlueJobHook]):
    """Starts, or joins, the run of a job for its arguments, and waits deferred. The result: ``{"run_id": …}``.

    ``job`` names a field of ``StackParameters.glue``; the job's name is read while the task runs. The same arguments
    mean the same run: they must hold what tells one DAG run from another (an output prefix does).
    """

    aws_hook_class = GlueJobHook
    template_fields: Sequence[str] = ("arguments",)
    template_fields_renderers = {"arguments": "json"}  # noqa: RUF012 (Airflow's own declaration)
    operator_extra_links = (GlueJobRunDetailsLink(),)

    def __init__(self, *, job: str, arguments: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(aws_conn_id=AWS_CONNECTION, botocore_config=CLIENT_CONFIG, **kwargs)
        self.job = job
        self.arguments = arguments
        self._run: tuple[str, str] | None = None

    def execute(self, context: Context) -> None:
        from vigil.aws.environment import load_parameters

        job_name = getattr(load_parameters().glue, self.job)
        run_id = self._start_or_join(job_name)
        if run_id is None:
            self._wait_for_turn(job_name)
            return
        self._run = (job_name, run_id)
        context["ti"].xcom_push(key="run_id", value=run_id)
        GlueJobRunDetailsLink.persist(
            context=context,
            operator=self,
            region_name=self.hook.conn_region_name,
            aws_partition=self.hook.conn_partition,
            job_name=quote(job_name, safe=""),
            job_run_id=run_id,
        )
        self.defer(
            trigger=GlueRunTrigger(job_name, run_id, self.region_name),
            method_name="resume",
            kwargs={"job_name": job_name},
        )

    def take_turn(self, context: Context, event: dict[str, Any]) -> None:
        """The run that was in the way has ended; another waiting task may still be faster."""
        self.log.info("run %s, which was in the way, is %s", event.get("run_id"), event["status"])
        self.execute(context)

    def resume(self, context: Context, event: dict[str, Any], job_name: str) -> dict[str, str]:
        """Judge the ended run: its last lines into the task's log, its error into the task's failure."""
        from vigil.approvals.redaction import redact_text

        if event["status"] == UNREACHABLE:
            raise GlueRunFailedError(f"Glue did not answer ({event['reason']}); the run may go on and a retry joins it")
        run = self.hook.conn.get_job_run(JobName=job_name, RunId=event["run_id"])["JobRun"]
        state, run_id = run["JobRunState"], run["Id"]
        for line in log_tail(run):
            self.log.info("%s", line)
        if state == "SUCCEEDED":
            return {"run_id": run_id}
        reason = redact_text(run.get("ErrorMessage") or "no error message")
        message = f"run {run_id} of {job_name} ended {state}: {reason}"
        raise GlueRunStoppedError(message) if state == "STOPPED" else GlueRunFailedError(message)

    def on_kill(self) -> None:
        """Stop the run when the task is killed while a worker holds it; the trigger does so while it waits."""
        if self._run:
            job_name, run_id = self._run
            self.hook.conn.batch_stop_job_run(JobName=job_name, JobRunIds=[run_id])

    def _start_or_join(self, job_name: str) -> str | None:
        """The run's id; none where another task's run takes the place."""
        if running := self._find_running(job_name):
            self.log.info("joined run %s of %s: it has the same arguments", running, job_name)
            return running
        client = self.hook.conn
        try:
            run_id: str = client.start_job_run(JobName=job_name, Arguments=dict(self.arguments))["JobRunId"]
        except client.exceptions.ConcurrentRunsExceededException:
            # Either an answer got lost and our own run is there, or somebody else's is.
            return self._find_running(job_name)
        self.log.info("started run %s of %s", run_id, job_name)
        return run_id

    def _wait_for_turn(self, job_name: str) -> None:
        """A backfill has several DAG runs at once, and the job takes one: wait without a slot, then try again."""
        other = next(iter(self._active_runs(job_name)), None)
        if other is None:
            raise GlueRunFailedError(f"{job_name} takes no run and has none: a retry tries again")
        self.log.info("run %s of %s is in the way: waiting for its end", other["Id"], job_name)
        self.defer(trigger=GlueRunTrigger(job_name, other["Id"], self.region_name, own=False), method_name="take_turn")

    def _find_running(self, job_name: str) -> str | None:
        going_on = (run for run in self._active_runs(job_name) if run["JobRunState"] != "STOPPING")
        return next((str(run["Id"]) for run in going_on if self._is_same(run.get("Arguments", {}))), None)

    def _active_runs(self, job_name: str) -> Iterator[dict[str, Any]]:
        pages = self.hook.conn.get_paginator("get_job_runs").paginate(
            JobName=job_name, PaginationConfig={"MaxItems": RUNS_LOOKED_AT, "PageSize": 50}
        )
        for page in pages:
            yield from (run for run in page["JobRuns"] if run["JobRunState"] in ACTIVE)

    def _is_same(self, arguments: Mapping[str, str]) -> bool:
        return all(arguments.get(name) == value for name, value in self.arguments.items())
