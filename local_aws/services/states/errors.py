"""What can end a state, and what can end a flow."""

from __future__ import annotations

TIMEOUT = "States.Timeout"
HEARTBEAT_TIMEOUT = "States.HeartbeatTimeout"
TASK_FAILED = "States.TaskFailed"
RUNTIME = "States.Runtime"
DATA_LIMIT_EXCEEDED = "States.DataLimitExceeded"
QUERY_EVALUATION_ERROR = "States.QueryEvaluationError"
#: What executions on AWS fail with where ResultPath or ItemsPath cannot be applied ...
REFERENCE_PATH_CONFLICT = "States.ReferencePathConflict"
#: ... and what AWS documents for it: https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
RESULT_PATH_MATCH_FAILURE = "States.ResultPathMatchFailure"
EXCEED_TOLERATED_FAILURE_THRESHOLD = "States.ExceedToleratedFailureThreshold"
ITEM_READER_FAILED = "States.ItemReaderFailed"
RESULT_WRITER_FAILED = "States.ResultWriterFailed"
ALL = "States.ALL"


class StateError(Exception):
    """An error with its Amazon States Language name. ``cause`` is None where AWS gives none.

    ``terminal`` errors are matched by no wildcard in Retry or Catch. ``heartbeat`` marks a missed heartbeat, which
    AWS reports as States.Timeout and which Retry and Catch may name States.HeartbeatTimeout.
    """

    def __init__(
        self, error: str | None, cause: str | None = None, *, terminal: bool = False, heartbeat: bool = False
    ) -> None:
        super().__init__(f"{error}: {cause}")
        self.error = error
        self.cause = cause
        self.terminal = terminal
        self.heartbeat = heartbeat


class EvaluationError(StateError):
    """An expression failed, or its value has the wrong type. ``location`` is the field, as ``Output/total``."""

    def __init__(self, cause: str, location: str) -> None:
        super().__init__(QUERY_EVALUATION_ERROR, cause)
        self.location = location


class HaltedError(BaseException):
    """This flow is over: its execution ended, its branch was cancelled, or the server is stopping.

    Not an ``Exception``, so that nothing that handles a task's failure takes it for one.
    """
