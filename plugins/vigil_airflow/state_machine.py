"""Hands a request over to a state machine and waits, without a worker slot, for as long as its execution takes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from airflow.providers.amazon.aws.links.step_function import StateMachineExecutionsDetailsLink
from airflow.providers.amazon.aws.operators.step_function import StepFunctionStartExecutionOperator

from vigil_airflow.config import AWS_CONNECTION, CLIENT_CONFIG
from vigil_airflow.execution_trigger import WAITS_FOR_ANSWER, ExecutionTrigger
from vigil_airflow.executions import (
    KILLED_ERROR,
    NoAnswerError,
    execution_name,
    raise_end,
    start_or_join,
    told_so_far,
    was_killed,
)
from vigil_airflow.links import ApprovalRequestLink, EvaluationLink
from vigil_airflow.trigger import UNREACHABLE

if TYPE_CHECKING:
    from airflow.sdk import Context


class StateMachineOperator(StepFunctionStartExecutionOperator):
    """Starts, or joins, the execution for a request; its output is the task's result.

    ``machine`` names a field of ``StackParameters.state_machines``; the ARN is read while the task runs. Beyond the
    provider's operator: a name that each try shares, joining, no limit on the wait, each state in the task's log, the
    execution stopped when the task is killed, and links to the execution, the approval request and the evidence.
    """

    template_fields: Sequence[str] = ("request",)
    template_fields_renderers = {"request": "json"}  # noqa: RUF012 (Airflow's own declaration)
    operator_extra_links = (StateMachineExecutionsDetailsLink(), ApprovalRequestLink(), EvaluationLink())

    def __init__(self, *, machine: str, request: Mapping[str, Any], **kwargs: Any) -> None:
        super().__init__(
            state_machine_arn="",
            deferrable=True,
            aws_conn_id=AWS_CONNECTION,
            botocore_config=CLIENT_CONFIG,
            **kwargs,
        )
        self.machine = machine
        self.request = request
        self._execution_arn: str | None = None

    def execute(self, context: Context) -> None:
        from vigil.aws.environment import load_parameters

        self.state_machine_arn = getattr(load_parameters().state_machines, self.machine)
        task_instance = context["ti"]
        name = execution_name(task_instance, self.request)
        arn, status = start_or_join(self.hook.conn, self.state_machine_arn, name, self.request)
        self._execution_arn = arn
        self.log.info("execution %s: %s", arn, "started" if status == "STARTED" else f"joined, {status}")
        task_instance.xcom_push(key="execution_arn", value=arn)
        StateMachineExecutionsDetailsLink.persist(
            context=context,
            operator=self,
            region_name=self.hook.conn_region_name,
            aws_partition=self.hook.conn_partition,
            execution_arn=arn,
        )
        self._wait(context, arn, 0, "")

    def resume(self, context: Context, event: dict[str, Any]) -> Any:
        """Go on after the trigger fired: publish what waits for an answer, or take the output, or raise the end."""
        from vigil.approvals.redaction import redact
        from vigil_airflow.approval_notice import publish_approval_request

        arn = context["ti"].xcom_pull(task_ids=self.task_id, key="execution_arn", map_indexes=context["ti"].map_index)
        self._execution_arn = arn
        if event["status"] == UNREACHABLE:
            raise NoAnswerError(
                f"Step Functions did not answer ({event['reason']}); {arn} may still run and a retry joins it"
            )
        if event["status"] == WAITS_FOR_ANSWER:
            # The next trigger of this task overwrites the log file of this one: what it told is told again here.
            for line in told_so_far(self.hook.conn, arn, event["last_event"]):
                self.log.info("%s", line)
            publish_approval_request(context["ti"], arn, self.log)
            self._wait(context, arn, event["last_event"], event["state"])
        execution = self.hook.conn.describe_execution(executionArn=arn)
        if was_killed(execution):
            # A cleared task can begin anew, and join, before the kill of its last try reaches the execution.
            self.log.info("%s was stopped with the try before this one: starting the next", arn)
            self.execute(context)
        if execution["status"] != "SUCCEEDED":
            raise_end(execution, event["state"])
        return redact(json.loads(execution.get("output") or "null"))

    def on_kill(self) -> None:
        """Stop the execution when the task is killed while a worker holds it; the trigger does so while it waits."""
        if self._execution_arn:
            self.hook.conn.stop_execution(
                executionArn=self._execution_arn, error=KILLED_ERROR, cause="the Airflow task was killed"
            )

    def _wait(self, context: Context, arn: str, after_event: int, state: str) -> None:
        task_instance = context["ti"]
        killed = (
            f"the Airflow task {task_instance.dag_id}.{task_instance.task_id} of run {task_instance.run_id} was killed"
        )
        self.defer(
            trigger=ExecutionTrigger(arn, killed, after_event, state, self.region_name),
            method_name="resume",
            timeout=None,
        )
