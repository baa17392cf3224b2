"""All executions of one server: started, taken up again after a restart, stopped."""

from __future__ import annotations

import logging
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError

from local_aws.api import Context
from local_aws.services.states import history, retention
from local_aws.services.states.activities.task import run_any_task
from local_aws.services.states.executions import status_events
from local_aws.services.states.executions.execution_logs import LogWriter
from local_aws.services.states.flow import ROOT, Flow, Step, Work
from local_aws.services.states.fork import run_map, run_parallel
from local_aws.services.states.jsontext import loads
from local_aws.services.states.machines import deletions
from local_aws.services.states.maps.distributed_map import run_distributed_map
from local_aws.services.states.maps.map_aborts import orphans, settle
from local_aws.services.states.maps.map_children import is_distributed
from local_aws.services.states.models import Execution, Frame, State
from local_aws.services.states.new_frames import new_frame
from local_aws.services.states.parking import ParkedError, Parking
from local_aws.services.states.records import Records, add_indexes
from local_aws.services.states.redrive import frames as redrive
from local_aws.services.states.runtime import Runtime
from local_aws.services.states.simple_states import run_choice, run_fail, run_pass, run_succeed, run_wait
from local_aws.services.states.tasks import sync
from local_aws.settings import StatesSettings

logger = logging.getLogger(__name__)

WORKS: dict[str, Work] = {
    "Task": run_any_task,
    "Pass": run_pass,
    "Choice": run_choice,
    "Wait": run_wait,
    "Succeed": run_succeed,
    "Fail": run_fail,
    "Parallel": run_parallel,
    "Map": run_map,
}
CLOSE_SECONDS = 5.0
DAY_SECONDS = 86_400.0
CANCELLATION_ATTEMPTS = 5
CANCELLATION_DELAY_SECONDS = 2.0


class Engine:
    def __init__(self, context: Context) -> None:
        self.context = context
        self.records = Records(context.store)
        add_indexes(context.store)
        self._logs = LogWriter(context.client)
        self._parking = Parking(self._go_on, self._forget)
        self._unlogged: dict[str, tuple[int, str, int, dict[str, Any]]] = {}
        self._lock = threading.RLock()
        self._runtimes: dict[str, Runtime] = {}
        self._threads: set[threading.Thread] = set()
        self._closing = threading.Event()
        self._cancelling = threading.Lock()
        self._works: dict[str, Work] = {**WORKS, "Map": self._run_map}

    def start(self, execution: Execution) -> Runtime | None:
        """Commit a new execution and set it going; None when the server stops: the next start takes it up."""
        with self.context.store.transaction():
            self.enroll(execution)
        return self.runtime(execution)

    def enroll(self, execution: Execution) -> None:
        """Inside a transaction: keep a new execution. ``runtime`` sets it going."""
        definition: dict[str, Any] = loads(execution["definition"])
        root = new_frame(execution["arn"], ROOT, [], definition["StartAt"], loads(execution["input"]), 0)
        self.records.save_execution(execution)
        self.records.save_frame(root)
        status_events.emit(self.context, execution)
        self._append(execution, "ExecutionStarted", 0, history.execution_started(execution))

    def _append(self, execution: Execution, kind: str, previous: int, details: dict[str, Any]) -> int:
        """An event of an execution that does not run yet; it is logged when it does."""
        number = history.append(self.context.store, execution["arn"], kind, previous, details)
        self._unlogged[execution["arn"]] = (number, kind, previous, details)
        return number

    def open_executions(self) -> int:
        """How many executions run."""
        with self._lock:
            return sum(not runtime.ended for runtime in self._runtimes.values())

    def resume(self) -> None:
        """Take up every execution that was running when the server ended."""
        for execution in self.records.running():
            if execution.get("synchronous"):
                deletions.forget_execution(self.records, execution["arn"])
            else:
                self.runtime(execution)
        deletions.finish(self.records)
        self._spawn(self._forget_daily, "forget executions")
        if self.records.cancellations() or orphans(self.context.store):
            self.stop_cancelled_jobs()

    def _forget_daily(self) -> None:
        kept = timedelta(days=StatesSettings.from_environment().execution_days)
        while True:
            retention.forget_ended(self.records, kept, datetime.now(UTC))
            redrive.forget_expired(self.records)
            if self._closing.wait(DAY_SECONDS):
                return

    def runtime(self, execution: Execution) -> Runtime | None:
        """The threads of an execution, taken up again if need be; None for one that has ended."""
        arn = execution["arn"]
        with self._lock:
            runtime = self._runtimes.get(arn)
            if runtime is not None and not runtime.ended:
                return runtime
            if execution["status"] != "RUNNING" or self._closing.is_set():
                return None
            runtime = self._runtimes[arn] = self._new_runtime(execution)
        return runtime if self._take_up(runtime) else None

    def redrive(self, execution: Execution) -> None:
        """Commit a redrive of ``execution``, which already says that it runs again, and go on with its frames."""
        with self.context.store.transaction():
            self.enroll_again(execution)
        self.runtime(execution)

    def enroll_again(self, execution: Execution) -> None:
        """Inside a transaction: keep an execution that goes on where it failed. ``runtime`` sets it going."""
        details = history.execution_redriven(execution.get("redrives", 0))
        last = history.last_event(self.context.store, execution["arn"])
        event = self._append(execution, "ExecutionRedriven", last, details)
        redrive.restore(self.records, execution, event)
        self.records.save_execution(execution)
        status_events.emit(self.context, execution)

    def machine_deleted(self, machine: str) -> None:
        """Executions of this machine end at their next transition."""
        with self._lock:
            runtimes = list(self._runtimes.values())
        for runtime in runtimes:
            runtime.machine_deleted = runtime.machine_deleted or runtime.machine == machine

    def _new_runtime(self, execution: Execution) -> Runtime:
        """With the lock held: nothing here may ask the store."""
        runtime = Runtime(self.context, execution, self.stop_cancelled_jobs, self._logs, self._parking)
        unlogged = self._unlogged.pop(execution["arn"], None)
        if unlogged is not None:
            runtime.log.note(*unlogged)
        return runtime

    def _take_up(self, runtime: Runtime) -> bool:
        """False if it has ended since it was looked at."""
        # Outside the engine's lock: a map run holds the store's when it asks for that one.
        machine = self.records.machine(runtime.machine)
        if machine is not None and machine.get("deleting"):
            runtime.machine_deleted = True
        frames = self.records.frames(runtime.arn)
        if not frames:
            self._forget(runtime)
            return False
        runtime.results = {frame["path"]: frame["finished"] for frame in frames if frame["finished"] is not None}
        for frame in frames:
            if frame["finished"] is None:
                self._launch(runtime, frame)
        return True

    @property
    def closing(self) -> bool:
        """The server stops: nobody should begin to wait."""
        return self._closing.is_set()

    def is_running(self, arn: str) -> bool:
        with self._lock:
            return arn in self._runtimes

    def stop(self, execution: Execution, error: str | None, cause: str | None) -> datetime | None:
        """Abort; returns when the execution stopped, also if it had stopped before."""
        runtime = self.runtime(execution)
        if runtime is not None:
            runtime.finish("ABORTED", 0, error=error, cause=cause)
        stopped = self.records.execution(execution["arn"])
        return None if stopped is None else stopped["stopped"]

    def notify(self, arn: str) -> None:
        """A token of this execution was answered."""
        with self._lock:
            runtime = self._runtimes.get(arn)
        if runtime is not None:
            runtime.notify()

    def close(self) -> None:
        """End all threads; what they were doing stays in the store."""
        self._closing.set()
        with self._lock:
            runtimes, threads = list(self._runtimes.values()), list(self._threads)
        for runtime in runtimes:
            runtime.close()
        self._parking.close()
        end = time.monotonic() + CLOSE_SECONDS
        for thread in threads:
            thread.join(max(0.0, end - time.monotonic()))
        self._logs.close()

    def stop_cancelled_jobs(self) -> None:
        self._spawn(self._stop_jobs, "cancel jobs")

    def _stop_jobs(self) -> None:
        """Stop the jobs that nobody waits for; those that cannot be reached now are tried at the next start."""
        with self._cancelling:
            for run in orphans(self.context.store):
                settle(self, self.context.store, run)
            for attempt in range(CANCELLATION_ATTEMPTS):
                left = [key for key, _ in self.records.cancellations() if not self._stop_job(key)]
                if not left or self._closing.wait(CANCELLATION_DELAY_SECONDS * attempt):
                    return

    def _stop_job(self, key: str) -> bool:
        job = dict(self.records.cancellations())[key]
        try:
            sync.stop(job["service"], job["operation"], self.context.client, job["parameters"], job["submitted"])
        except BotoCoreError as error:
            logger.warning("%s of %s could not be stopped yet: %s", job["operation"], key, error)
            return False
        self.records.delete_cancellation(key)
        return True

    def _launch(self, runtime: Runtime, frame: Frame) -> None:
        self._go_on(runtime, Flow(runtime, frame, self._works, self._launch))

    def _go_on(self, runtime: Runtime, flow: Flow) -> None:
        """Run a flow on a thread until it ends or waits for long."""

        def run() -> None:
            try:
                flow.run()
            except ParkedError as parked:
                self._parking.park(runtime, flow, parked)
                return
            if runtime.ended:
                self._forget(runtime)

        self._spawn(run, f"{runtime.arn.rpartition(':')[2]} {flow.path}")

    def _forget(self, runtime: Runtime) -> None:
        """An execution is over; the map run that it is a child of goes on."""
        with self._lock:
            # A redriven execution has a runtime of its own by now.
            if self._runtimes.get(runtime.arn) is runtime:
                del self._runtimes[runtime.arn]
        if runtime.machine_deleted:
            deletions.finish(self.records, runtime.machine)
        if runtime.parent is not None:
            self.notify(runtime.parent)

    def _run_map(self, flow: Flow, state: State) -> Step:
        return run_distributed_map(self, flow, state) if is_distributed(state) else run_map(flow, state)

    def _spawn(self, work: Any, name: str) -> None:
        def run() -> None:
            try:
                work()
            finally:
                with self._lock:
                    self._threads.discard(thread)

        thread = threading.Thread(target=run, name=name, daemon=True)
        with self._lock:
            if self._closing.is_set():
                return
            # Inside, so that ``close`` finds no thread that has not begun.
            thread.start()
            self._threads.add(thread)


_ENGINES: dict[Path, Engine] = {}
_ENGINES_LOCK = threading.Lock()


def engine_of(context: Context) -> Engine:
    """The engine of the server with this state folder. One that is closed stays so until its store is opened anew."""
    with _ENGINES_LOCK:
        engine = _ENGINES.get(context.state_dir)
        if engine is None or engine.context.store is not context.store:
            engine = _ENGINES[context.state_dir] = Engine(context)
        return engine
