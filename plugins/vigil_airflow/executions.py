"""Executions of a state machine as a task sees them: names, joining, and how one ended."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

from airflow.sdk.exceptions import AirflowException, AirflowFailException

JOINED = {"RUNNING", "SUCCEEDED"}
KILLED_ERROR = "Airflow.TaskKilled"  # as which this task stops its own execution
RESTARTS_LIMIT = 20  # after so many failed executions of one task, more of the same is no remedy


class ExecutionEndedError(AirflowFailException):
    """The execution ended without success. No retry may train again by itself: a person reads why, and clears."""


class NoAnswerError(AirflowException):
    """Step Functions did not answer; the execution may go on, and a retry joins it."""


def execution_name(task_instance: Any, request: Mapping[str, Any]) -> str:
    """The same for each try of one task with one request, so a retry finds the execution of the try before.

    At most 37 characters: SageMaker's job names add a suffix and are limited to 63.
    """
    from vigil.digests import digest_of

    identity = [
        task_instance.dag_id,
        task_instance.run_id,
        task_instance.task_id,
        task_instance.map_index,
        dict(request),
    ]
    prefix = str(task_instance.dag_id).replace("_", "-").replace(".", "-")[:20]
    return f"{prefix}-{digest_of(identity)[:16]}"


def start_or_join(client: Any, state_machine_arn: str, base_name: str, request: Mapping[str, Any]) -> tuple[str, str]:
    """The ARN of the execution for this request and its status.

    A running or succeeded one of that name is joined; after a failed or stopped one, the next name (``-r1``, ``-r2``,
    …) is tried. Raises ``ExecutionEndedError`` when ``RESTARTS_LIMIT`` executions have failed.
    """
    for restart in range(RESTARTS_LIMIT):
        name = base_name if restart == 0 else f"{base_name}-r{restart}"
        arn = f"{state_machine_arn.replace(':stateMachine:', ':execution:')}:{name}"
        status = _status(client, arn)
        if status is None:
            # Starting again with this name and input, after a lost answer, gives the same running execution.
            body = json.dumps(request, sort_keys=True)
            started = client.start_execution(stateMachineArn=state_machine_arn, name=name, input=body)
            return started["executionArn"], "STARTED"
        if status in JOINED:
            return arn, status
    raise ExecutionEndedError(
        f"{RESTARTS_LIMIT} executions named {base_name}… have failed: mend the cause, then start a new DAG run"
    )


def told_so_far(client: Any, arn: str, last_event: int) -> Iterator[str]:
    """The log's lines of an execution, up to the event ``last_event``."""
    from vigil.aws.history import log_line

    pages = client.get_paginator("get_execution_history").paginate(executionArn=arn, includeExecutionData=False)
    for page in pages:
        for event in page["events"]:
            if event["id"] > last_event:
                return
            if line := log_line(event):
                yield line


def raise_end(execution: Mapping[str, Any], state: str) -> NoReturn:
    """Raise what a task must raise for an execution (of DescribeExecution) that did not succeed."""
    from vigil.aws.history import describe_end

    raise ExecutionEndedError(describe_end(execution, state))


def was_killed(execution: Mapping[str, Any]) -> bool:
    """Whether a try of this task stopped the execution (of DescribeExecution) because that try was killed."""
    return execution["status"] == "ABORTED" and execution.get("error") == KILLED_ERROR


def _status(client: Any, arn: str) -> str | None:
    try:
        return str(client.describe_execution(executionArn=arn)["status"])
    except client.exceptions.ExecutionDoesNotExist:
        return None
