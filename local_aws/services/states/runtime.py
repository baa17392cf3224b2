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
from typing import TYPE_CHECKING, Any, TypeVar

from local_aws.api import Context
from local_aws.identity.acting import acting_as
from local_aws.kill_points import passing
from local_aws.services.states import history
from local_aws.services.states.context_object import fixed_parts
from local_aws.services.states.errors import HaltedError
from local_aws.services.states.executions import status_events
from local_aws.services.states.executions.execution_logs import ExecutionLog, LogWriter
from local_aws.services.states.jsontext import loads
from local_aws.services.states.maps.map_aborts import abort_map_run
from local_aws.services.states.models import Definition, Execution, Finished, Frame, Status, Task
from local_aws.services.states.parking import LONGEST_SLEEP_SECONDS, Parked, ParkedError, Parking
from local_aws.services.states.records import Records
from local_aws.services.states.redrive import frames as redrive
from local_aws.services.states.tasks import tokens
from local_aws.services.states.tasks.cancellations import cancellation
from local_aws.services.states.tasks.http_task import Watch
from local_aws.services.states.tasks.resources import Resource, parse

if TYPE_CHECKING:
    from local_aws.services.states.flow import Flow

Value = TypeVar("Value")
#: A wait that lasts longer gives up its thread. Answers that come at once need not wait for a new one.
PARK_AFTER_SECONDS = 0.25


class Runtime:
    """``on_cancelled`` is called, perhaps with locks held, after jobs were given up that are still to be stopped.

    ``outcome`` is the execution's document once it has ended.
    """

    def __init__(
        self,
        context: Context,
        execution: Execution,
        on_cancelled: Callable[[], None],
        logs: LogWriter | None = None,
        parking: Parking | None = None,
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
        #: Is shown what HTTP tasks send (TestState).
        self.watch: Watch | None = None
        self._deadline = execution["deadline"]
        self._cancelled: set[str] = set()
        #: By flow: how long to wait for the next poll of its job, and how many polls went unanswered.
        self.polls: dict[str, tuple[float, int]] = {}
        self._kept_forks = False
        self._on_cancelled = on_cancelled
        self._parking = parking
        self._parked: list[Parked] = []
        self.log = ExecutionLog(logs, execution)
        self._context_object = fixed_parts(execution)

    def context_object(self) -> dict[str, Any]:
        """The parts of ``$states.context`` that are the same in every state."""
        return dict(self._context_object)

    def check(self, path: str) -> None:
        """Raises ``HaltedError`` when the flow at ``path`` has nothing more to do."""
        with self.condition:
            if not self.ended and self._deadline is not None and time.time() >= self._deadline:
                self.finish("TIMED_OUT", 0, error=None, cause=None)
            if self.ended or self.closing or self._is_cancelled(path):
                raise HaltedError(path)

    @contextmanager
    def commit(self, path: str) -> Iterator[None]:
        """One step of the flow at ``path``: committed as a whole, and only while that flow is still wanted."""
        with self.condition:
            self.check(path)
            try:
                with self.context.store.transaction():
                    yield
                    passing("states.commit.before")
            except BaseException as error:
                self.log.rolled_back()
                if not isinstance(error, HaltedError):
                    # The end of a flow or of the execution was not kept either.
                    self.results.pop(path, None)
                    self.ended, self.outcome = False, None
                raise
            passing("states.commit.after")
            self.log.committed()
            self._tell()

    def append(self, kind: str, previous: int, details: dict[str, Any] | None = None) -> int:
        """Add an event; to be called inside a commit."""
        number = history.append(self.context.store, self.arn, kind, previous, details)
        self.log.add(number, kind, previous, details)
        return number

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

    def wait_parked(
        self, path: str, until: float | None, ready: Callable[[], Value | None], patience: float | None = None
    ) -> Value | None:
        """As ``wait``, but a wait of more than ``patience`` seconds raises ``ParkedError``.

        The flow then runs anew from its frame, and waits again: whatever else it knows is lost, as in a restart.
        """
        soon = time.time() + (PARK_AFTER_SECONDS if patience is None else patience)
        if self._parking is None or (until is not None and until <= soon):
            return self.wait(path, until, ready)
        value = self.wait(path, soon, ready)
        if value is None:
            raise ParkedError(until, ready)
        return value

    def park(self, parked: Parked) -> float | None:
        """Keep a flow that has given up its thread; returns when it must go on at the latest."""
        with self.condition:
            self._parked.append(parked)
            return min((end for end in (parked.until, self._deadline) if end is not None), default=None)

    def take_due(self) -> list[Flow]:
        """The parked flows that may go on, which are parked no more."""
        with self.condition:
            if self.closing:
                return []
            late = self._deadline is not None and time.time() >= self._deadline
            everything = self.ended or late
            due = [one for one in self._parked if everything or self._is_cancelled(one.flow.path) or one.is_due()]
            self._parked = [one for one in self._parked if one not in due]
            return [one.flow for one in due]

    def _is_cancelled(self, path: str) -> bool:
        return any(path.startswith(prefix) for prefix in self._cancelled)

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
                    self.append(*history.execution_failed(status, previous, error, cause))
                execution.update(
                    {"status": status, "stopped": datetime.now(UTC), "output": output, "error": error, "cause": cause}
                )
                cancelled = self._close(execution)
            self.ended, self.outcome = True, execution
            self.log.committed()
            self._tell()
        if cancelled:
            self._on_cancelled()
        return True

    def _close(self, execution: Execution) -> bool:
        """Inside the transaction of the end: what is left of the execution. True if jobs are to be stopped."""
        frames = self.records.frames(self.arn)
        if self.express:
            # Nothing tells of an Express execution afterwards but its log, and the results of a map run.
            if self.parent is None:
                self.records.delete_execution(self.arn)
            else:
                self.records.save_execution(execution)
            self.context.store.drop(history.stream(self.arn))
            return self._drop_frames(frames)
        self.records.save_execution(execution)
        status_events.emit(self.context, execution)
        if execution["status"] != "SUCCEEDED":
            redrive.keep(self.records, frames)
        elif self._kept_forks:
            redrive.forget(self.records, self.arn)
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
            self._kept_forks = True
        return self._drop_frames(children)

    def stop_cancelled_jobs(self) -> None:
        self._on_cancelled()

    def close(self) -> None:
        """The server stops: threads end, nothing is changed."""
        with self.condition:
            self.closing = True
            self._tell()

    def notify(self) -> None:
        with self.condition:
            self._tell()

    def _tell(self) -> None:
        """With the condition held: all flows look whether they may go on."""
        self.condition.notify_all()
        if self._parked and self._parking is not None:
            self._parking.changed(self)

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
        key = f"{self.arn}#{frame['path']}#{frame['previous']}"
        self.records.save_cancellation(key, cancellation(resource, task))
        return True

    def cancel_job(self, resource: Resource, task: Task) -> None:
        """Have a job stopped that was started for nobody."""
        with self.context.store.transaction():
            self.records.save_cancellation(f"{self.arn}#{uuid.uuid4()}", cancellation(resource, task))
        self._on_cancelled()

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
