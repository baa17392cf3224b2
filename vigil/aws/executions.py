"""Step Functions executions: answering a wait, starting a run, and reading what became of it, through the redactor."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from botocore.exceptions import ClientError

from vigil.approvals.errors import WaitEndedError
from vigil.approvals.ports import WaitEnd
from vigil.approvals.redaction import redact
from vigil.executions.contents import request_id_in

ERROR_CHARACTERS = 256  # what SendTaskFailure takes
CAUSE_CHARACTERS = 32_768
OF_A_WAIT = frozenset({"TaskStarted", "TaskSubmitted"})  # what follows its TaskScheduled while it lasts
WAIT_ENDED = frozenset({"TaskTimedOut", "TaskDoesNotExist", "InvalidToken"})


class EndedExecution(NamedTuple):
    """``redrives``: how often it had been redriven when it ended."""

    arn: str
    redrives: int = 0


class Executions:
    """``Runs`` on Step Functions. ``client`` is a boto3 ``stepfunctions`` client."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def succeed(self, token: str, output: Mapping[str, object]) -> None:
        with _wait_must_stand():
            self._client.send_task_success(taskToken=token, output=json.dumps(output))

    def fail(self, token: str, error: str, cause: str) -> None:
        with _wait_must_stand():
            self._client.send_task_failure(
                taskToken=token, error=error[:ERROR_CHARACTERS], cause=cause[:CAUSE_CHARACTERS]
            )

    def is_running(self, execution_arn: str) -> bool:
        return bool(self.describe(execution_arn)["status"] == "RUNNING")

    def status(self, execution_arn: str) -> str | None:
        """None where there is no such execution."""
        try:
            return str(self.describe(execution_arn)["status"])
        except ClientError as error:
            if error.response["Error"]["Code"] != "ExecutionDoesNotExist":
                raise
            return None

    def describe(self, execution_arn: str) -> dict[str, Any]:
        """DescribeExecution's answer, redacted."""
        answer = self._client.describe_execution(executionArn=execution_arn)
        answer.pop("ResponseMetadata", None)
        described: dict[str, Any] = redact(answer)
        return described

    def history(self, execution_arn: str, newest_first: bool = False) -> Iterator[dict[str, Any]]:
        """The events of an execution. Pages are redacted whole: a secret named in one event is masked in the others."""
        pages = self._client.get_paginator("get_execution_history").paginate(
            executionArn=execution_arn, reverseOrder=newest_first, includeExecutionData=True
        )
        for page in pages:
            yield from redact(page["events"])

    def how_wait_ended(self, execution_arn: str, request_id: str) -> WaitEnd:
        """From the newest event back to the one that began this request's wait: a redriven state waits anew."""
        is_over = False
        try:
            for event in self.history(execution_arn, newest_first=True):
                if event["type"] == "TaskSucceeded":
                    if _names_request(event["taskSucceededEventDetails"].get("output", ""), request_id):
                        return WaitEnd.RECEIVED
                elif event["type"] == "TaskScheduled" and request_id_in([event]) == request_id:
                    return WaitEnd.OTHERWISE if is_over else WaitEnd.UNKNOWN
                is_over = is_over or event["type"] not in OF_A_WAIT
        except ClientError as error:
            if error.response["Error"]["Code"] != "ExecutionDoesNotExist":  # forgotten after 90 days
                raise
        return WaitEnd.UNKNOWN

    def start(self, state_machine: str, name: str, document: Mapping[str, object]) -> str:
        """Start an execution or join the one of the same name; its ARN.

        A name that was used by an execution that has ended is no error either: the request was served before.
        """
        try:
            answer = self._client.start_execution(
                stateMachineArn=state_machine, name=name, input=json.dumps(document, sort_keys=True)
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ExecutionAlreadyExists":
                raise
            return f"{state_machine.replace(':stateMachine:', ':execution:')}:{name}"
        return str(answer["executionArn"])

    def recently_ended(self, state_machine: str, status: str) -> list[EndedExecution]:
        """The newest executions (one page) that ended as ``status``."""
        answer = self._client.list_executions(stateMachineArn=state_machine, statusFilter=status, maxResults=50)
        return [
            EndedExecution(str(execution["executionArn"]), int(execution.get("redriveCount", 0)))
            for execution in answer["executions"]
        ]

    def running(self, state_machine: str) -> Iterator[tuple[str, datetime]]:
        """The executions that run now, by ARN, with when they began."""
        pages = self._client.get_paginator("list_executions").paginate(
            stateMachineArn=state_machine, statusFilter="RUNNING"
        )
        for page in pages:
            for execution in page["executions"]:
                yield str(execution["executionArn"]), execution["startDate"]

    def stop(self, execution_arn: str, error: str, cause: str) -> None:
        """One that has ended meanwhile stays as it ended."""
        self._client.stop_execution(
            executionArn=execution_arn, error=error[:ERROR_CHARACTERS], cause=cause[:CAUSE_CHARACTERS]
        )


class _wait_must_stand:  # noqa: N801 -- reads as a statement
    """Turns Step Functions' three ways to say "nobody waits with this token" into one error, without the token."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, ClientError) and error.response["Error"]["Code"] in WAIT_ENDED:
            raise WaitEndedError(f"the run no longer waits ({error.response['Error']['Code']})") from None


def _names_request(output: str, request_id: str) -> bool:
    try:
        document = json.loads(output)
    except ValueError:
        return False
    return isinstance(document, dict) and document.get("request_id") == request_id
