"""Has `start_monitor` start a job over a window, and waits for its end without a worker slot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowException

from vigil_airflow.processing_trigger import ProcessingJobTrigger
from vigil_airflow.trigger import UNREACHABLE

if TYPE_CHECKING:
    from airflow.sdk import Context

#: A job may run for an hour (`vigil.aws.monitor_jobs`), and wait for its instance before.
LONGEST_WAIT = timedelta(hours=2)


class MonitorJobError(AirflowException):
    """The job failed, or could not be started. A retry starts it under its next name, or joins one that goes on."""


class MonitorJobOperator(BaseOperator):
    """``order``: what `start_monitor` is asked for, as plain values. The result is plain, too (`monitor_steps`).

    Violations are a result, not a failure.
    """

    template_fields: Sequence[str] = ("order",)
    template_fields_renderers = {"order": "json"}  # noqa: RUF012 (Airflow's own declaration)

    def __init__(self, *, order: Mapping[str, Any], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.order = order

    def execute(self, context: Context) -> dict[str, Any]:
        from vigil_airflow import monitor_steps

        answer = monitor_steps.ask(self.order)
        if answer["job_name"] is not None:
            self.defer(
                trigger=ProcessingJobTrigger(answer["job_name"], own=answer["status"] == "started"),
                method_name="resume",
                kwargs={"answer": answer},
                timeout=LONGEST_WAIT,
            )
        return monitor_steps.without_a_job(answer)

    def resume(self, context: Context, event: dict[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
        from vigil_airflow import monitor_steps

        if event["status"] == UNREACHABLE:
            raise MonitorJobError(f"SageMaker did not answer ({event['reason']}); the job may go on, a retry joins it")
        if event["status"] != "Completed":
            reason = monitor_steps.failure_of(answer["job_name"])
            raise MonitorJobError(f"the job {answer['job_name']} ended {event['status']}: {reason}")
        return monitor_steps.result_of(answer)
