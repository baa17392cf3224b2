"""One execution while it runs: what its threads share, how they wait, and how it ends.

Everything that must outlive the process is in the store. The condition's lock is taken before the store's; every
change of an execution is made under it, so that an execution that has ended is changed no more.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, TypeVar

from local_aws.api import Context
from local_aws.identity.acting import acting_as
from local_aws.services.states import history, redrive, status_events, tokens
from local_aws.services.states.errors import HaltedError
from local_aws.services.states.execution_logs import ExecutionLog, LogWriter
from local_aws.services.states.jsontext import loads
from local_aws.services.states.map_aborts import abort_map_run
from local_aws.services.states.models import Cancellation, Definition, Execution, Finished, Frame, Status, Task
from local_aws.services.states.records import Records
from local_aws.services.states.resources import Resource, parse
from local_aws.services.states.shapes import iso_time

Value = TypeVar("Value")
#: A thread that waits for long looks at the clock this often: the wall clock may be set.
LONGEST_SLEEP_SECONDS = 30.0
FINISHED_DETAILS = {
    "FAILED": ("ExecutionFailed", "executionFailedEventDetails"),
    "ABORTED": ("ExecutionAborted", "executionAbortedEventDetails"),
    "TIMED_OUT": ("ExecutionTimedOut", "executionTimedOutEventDetails"),
}


class Runtime:
    """``on_cancelled`` is called, perhaps with locks held, after jobs were given up that are still to be stopped.

    ``outcome`` is the execution's document once it has ended.
    """

    def __init__(
        self, context: Context, execution: Execution, on_cancelled: Callable[[], None], logs: LogWriter | None = None
    ) -> None:
        self.context = acting_as(context, execution["role"], execution["name"], execution["arn"])
        self.records = Records(context.store)
        self.arn = execution["arn"]
        self.machine = execution["machine"]
        child_of = execution.get("child_of")
        self.parent = child_of["parent"] if child_of else None
        self.definition: Definition = loads(execution["definition"])
        self.condition = threading.Condition()
        self.results: dict[str, Finished] = {}
        self.closing = False
        self.ended = False
        self.outcome: Execution | None = None
        self.express = execution.get("type", "STANDARD") == "EXPRESS"
        self.max_events = None if self.express else history.MAX_EVENTS
        #: DeleteStateMachine was called: the next transition ends the execution.
        self.machine_deleted = False
        self._deadline = execution["deadline"]
        self._cancelled: set[str] = set()
        self._on_cancelled = on_cancelled
        self._log = None if logs is None else ExecutionLog(logs, execution)
        self._unlogged: list[tuple[int, str, int, dict[str, Any] | None]] = []
        self._context_object = {
            "Execution": _shown_execution(execution),
            "StateMachine": {"Id": execution["machine"], "Name": execution["machine_name"]},
        }

    def context_object(self) -> dict[str, Any]:
        """The parts of ``$states.context`` that are the same in every state."""
        return dict(self._context_object)

    def check(self, path: str) -> None:
        """Raises ``HaltedError`` when the flow at ``path`` has nothing more to do."""
        with self.condition:
            if not self.ended and self._deadline is not None and time.time() >= self._deadline:
                self.finish("TIMED_OUT", 0, error=None, cause=None)
            if self.ended or self.closing or any(path.startswith(prefix) for prefix in self._cancelled):
                raise HaltedError(path)

    @contextmanager
    def commit(self, path: str) -> Iterator[None]:
        """One step of the flow at ``path``: committed as a whole, and only while that flow is still wanted."""
        with self.condition:
            self.check(path)
            try:
                with self.context.store.transaction():
                    yield
            except BaseException:
                self._unlogged.clear()
                raise
            self._write_log()
            self.condition.notify_all()

    def append(self, kind: str, previous: int, details: dict[str, Any] | None = None) -> int:
        """Add an event; to be called inside a commit."""
        number = history.append(self.context.store, self.arn, kind, previous, details)
        if self._log is not None:
            self._unlogged.append((number, kind, previous, details))
        return number

    def log(self, number: int, kind: str, previous: int, details: dict[str, Any] | None) -> None:
        """A committed event goes to the log."""
        if self._log is not None:
            self._log.note(number, kind, previous, details)

    def _write_log(self) -> None:
        events, self._unlogged = self._unlogged, []
        for event in events:
            self.log(*event)

    def entering(self, path: str, previous: int) -> None:
        """A flow is about to enter a state. Raises ``HaltedError`` when the machine was deleted meanwhile."""
        if self.machine_deleted:
            self.finish("ABORTED", previous, error=None, cause=None)
        self.check(path)

    def ended_within(self, seconds: float) -> Execution | None:
        """The execution's document once it has ended; None when it has not by then, or when the server stops."""
        with self.condition:
            self.condition.wait_for(lambda: self.ended or self.closing, timeout=seconds)
            return self.outcome

    def wait(self, path: str, until: float | None, ready: Callable[[], Value | None]) -> Value | None:
        """Wait until ``ready`` gives something, and return it; None once the clock passes ``until``."""
        with self.condition:
            while True:
                self.check(path)
                value = ready()
                if value is not None:
                    return value
                now = time.time()
                if until is not None and now >= until:
                    return None
                ends = [end - now for end in (until, self._deadline) if end is not None]
                self.condition.wait(max(0.0, min([*ends, LONGEST_SLEEP_SECONDS])))

    def finish(
        self, status: Status, previous: int, *, error: str | None, cause: str | None, output: str | None = None
    ) -> bool:
        """End the execution; False if it had ended already. Its tokens are spent, its jobs are to be stopped."""
        with self.condition:
            execution = self.records.execution(self.arn)
            if self.ended or execution is None or execution["status"] != "RUNNING":
                return False
            with self.context.store.transaction():
                if status == "SUCCEEDED":
                    self.append("ExecutionSucceeded", previous, history.execution_succeeded(output or "null"))
                else:
                    kind, field = FINISHED_DETAILS[status]
                    self.append(kind, previous, {field: history.failure_details(error, cause)})
                execution.update(
                    {"status": status, "stopped": datetime.now(UTC), "output": output, "error": error, "cause": cause}
                )
                cancelled = self._close(execution)
            self.ended, self.outcome = True, execution
            self._write_log()
            self.condition.notify_all()
        if cancelled:
            self._on_cancelled()
        return True

    def _close(self, execution: Execution) -> bool:
        """Inside the transaction of the end: what is left of the execution. True if jobs are to be stopped."""
        frames = self.records.frames(self.arn)
        if self.express:
            # Nothing tells of an Express execution afterwards but its log.
            self.records.delete_execution(self.arn)
            self.context.store.drop(history.stream(self.arn))
            return self._drop_frames(frames)
        self.records.save_execution(execution)
        status_events.emit(self.context, execution)
        if execution["status"] == "SUCCEEDED":
            redrive.forget(self.records, self.arn)
        else:
            redrive.keep(self.records, frames)
        return self._drop_frames(frames)

    def drop_children(self, frame: Frame) -> bool:
        """Inside a commit: forget the flows of the frame's last fork; those that run halt.

        True if jobs of theirs are to be stopped. After a failure they are kept aside for a redrive.
        """
        prefix = f"{frame['path']}/{frame['forks']}."
        self._cancelled.add(prefix)
        children = self.records.frames(self.arn, prefix)
        if not self.express and "result" not in (frame["outcome"] or {}):
            redrive.keep_fork(self.records, frame, children)
        return self._drop_frames(children)

    def stop_cancelled_jobs(self) -> None:
        self._on_cancelled()

    def close(self) -> None:
        """The server stops: threads end, nothing is changed."""
        with self.condition:
            self.closing = True
            self.condition.notify_all()

    def notify(self) -> None:
        with self.condition:
            self.condition.notify_all()

    def give_up_task(self, frame: Frame, *, stop: bool = True) -> bool:
        """Inside a commit: the wait for a task is over without its result. True if its job is to be stopped."""
        task = frame["task"]
        if task is None:
            return False
        if task["token"] is not None:
            tokens.spend(self.records, task["token"])
        resource = parse(self.state_of(frame)["Resource"])
        if not stop or not resource.mode.startswith("sync") or "submitted" not in task:
            return False
        self._save_cancellation(resource, task, f"{self.arn}#{frame['path']}#{frame['previous']}")
        return True

    def cancel_job(self, resource: Resource, task: Task) -> None:
        """Have a job stopped that was started for nobody."""
        with self.context.store.transaction():
            self._save_cancellation(resource, task, f"{self.arn}#{uuid.uuid4()}")
        self._on_cancelled()

    def _save_cancellation(self, resource: Resource, task: Task, key: str) -> None:
        cancellation: Cancellation = {
            "service": resource.service,
            "operation": resource.operation,
            "parameters": task["parameters"],
            "submitted": task["submitted"],
        }
        self.records.save_cancellation(key, cancellation)

    def state_of(self, frame: Frame) -> dict[str, Any]:
        state: dict[str, Any] = self.block_of(frame)["States"][frame["state"]]
        return state

    def block_of(self, frame: Frame) -> dict[str, Any]:
        block: Any = self.definition
        for key in frame["block"]:
            block = block[key]
        return dict(block)

    def _drop_frames(self, frames: list[Frame]) -> bool:
        cancelled = False
        for frame in frames:
            cancelled = self.give_up_task(frame) or cancelled
            cancelled = abort_map_run(self.context.store, frame) or cancelled
            self.records.delete_frame(frame)
            self.results.pop(frame["path"], None)
        return cancelled


def _shown_execution(execution: Execution) -> dict[str, Any]:
    """``Execution`` of the context object; Express executions have no RedriveCount (recorded behaviour)."""
    shown: dict[str, Any] = {
        "Id": execution["arn"],
        "Input": loads(execution["input"]),
        "StartTime": iso_time(execution["started"]),
        "Name": execution["name"],
        "RoleArn": execution["role"],
    }
    if execution.get("type", "STANDARD") == "STANDARD":
        shown["RedriveCount"] = execution.get("redrives", 0)
    redriven = execution.get("redriven")
    if redriven is not None:
        shown["RedriveTime"] = iso_time(redriven)
    return shown
