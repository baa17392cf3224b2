"""Runs a Glue job without a worker slot: one run for one set of arguments, stopped when its task is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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

    def _start_or_join(self, job_name: str) -> str:
        if running := self._find_running(job_name):
            self.log.info("joined run %s of %s: it has the same arguments", running, job_name)
            return running
        client = self.hook.conn
        try:
            run_id: str = client.start_job_run(JobName=job_name, Arguments=dict(self.arguments))["JobRunId"]
        except client.exceptions.ConcurrentRunsExceededException as error:
            # Either an answer got lost and our own run is there, or somebody else's is.
            if running := self._find_running(job_name):
                return running
            raise GlueRunFailedError(
                f"{job_name} already runs with other arguments: wait for that run, or stop it; a retry tries again"
            ) from error
        self.log.info("started run %s of %s", run_id, job_name)
        return run_id

    def _find_running(self, job_name: str) -> str | None:
        pages = self.hook.conn.get_paginator("get_job_runs").paginate(
            JobName=job_name, PaginationConfig={"MaxItems": RUNS_LOOKED_AT, "PageSize": 50}
        )
        for page in pages:
            for run in page["JobRuns"]:
                if run["JobRunState"] in ACTIVE - {"STOPPING"} and self._is_same(run.get("Arguments", {})):
                    return str(run["Id"])
        return None

    def _is_same(self, arguments: Mapping[str, str]) -> bool:
        return all(arguments.get(name) == value for name, value in self.arguments.items())
