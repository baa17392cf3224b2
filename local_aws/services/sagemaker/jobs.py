"""The queue of training, processing and transform jobs: a few slots, first come first served, as a small quota.

A job that waits keeps its status InProgress. Jobs live in the store, so the queue itself is rebuilt after a restart.
A tuning job is not in the queue: it waits for its training jobs, and would keep them from the slot they need.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace

from local_aws.services.job_process import Control, InterruptedByShutdownError

logger = logging.getLogger(__name__)

CLOSE_LIMIT_SECONDS = 15.0
RETRY_SECONDS = 5.0


Work = Callable[[Control], None]


@dataclass(frozen=True)
class Patience:
    """How long a job may wait for a slot, and what happens to it then."""

    seconds: float
    expired: Callable[[], None]


@dataclass(frozen=True)
class _Waiting:
    key: str
    work: Work
    broken: Callable[[], None]
    deadline: float | None
    expired: Callable[[], None] | None


def _nothing() -> None:
    pass


class JobQueue:
    def __init__(self, slots: int) -> None:
        self._changed = threading.Condition()
        self._waiting: deque[_Waiting] = deque()
        self._running: dict[str, Control] = {}
        self._closing = False
        self._threads = [
            threading.Thread(target=self._serve, name=f"sagemaker-job-slot-{number + 1}", daemon=True)
            for number in range(slots)
        ]
        self._threads.append(threading.Thread(target=self._expire, name="sagemaker-job-patience", daemon=True))
        for thread in self._threads:
            thread.start()

    def submit(
        self, key: str, work: Work, patience: Patience | None = None, broken: Callable[[], None] = _nothing
    ) -> None:
        """A job that waits or runs already is not taken twice. ``broken`` is called when ``work`` raises an error."""
        deadline = None if patience is None else time.monotonic() + patience.seconds
        expired = None if patience is None else patience.expired
        with self._changed:
            if key in self._running or any(key == waiting.key for waiting in self._waiting):
                return
            self._waiting.append(_Waiting(key, work, broken, deadline, expired))
            self._changed.notify_all()

    def stop(self, key: str) -> bool:
        """Ask a running job to stop, or drop a waiting one. True: it was still waiting and will never run."""
        with self._changed:
            if control := self._running.get(key):
                control.stop.set()
                return False
            before = len(self._waiting)
            self._waiting = deque(waiting for waiting in self._waiting if waiting.key != key)
            return len(self._waiting) < before

    def close(self) -> None:
        """Interrupt what runs and start nothing more. Waits for the jobs' processes to end, with a limit."""
        with self._changed:
            self._closing = True
            self._waiting.clear()
            for control in self._running.values():
                control.closing.set()
            self._changed.notify_all()
        for thread in self._threads:
            thread.join(CLOSE_LIMIT_SECONDS)

    def _serve(self) -> None:
        while (taken := self._take()) is not None:
            waiting, control = taken
            key = waiting.key
            try:
                waiting.work(control)
            except InterruptedByShutdownError:
                logger.info("%s was interrupted and will run again after the next start", key)
            except Exception:
                logger.exception("%s ended in an error of local_aws itself", key)
                _call(waiting.broken)
            finally:
                with self._changed:
                    del self._running[key]

    def _take(self) -> tuple[_Waiting, Control] | None:
        with self._changed:
            while not self._waiting and not self._closing:
                self._changed.wait()
            if self._closing:
                return None
            waiting = self._waiting.popleft()
            control = self._running[waiting.key] = Control()
            return waiting, control

    def _expire(self) -> None:
        while True:
            with self._changed:
                if self._closing:
                    return
                moment = time.monotonic()
                due = [one for one in self._waiting if one.deadline is not None and one.deadline <= moment]
                if not due:
                    deadlines = [one.deadline for one in self._waiting if one.deadline is not None]
                    self._changed.wait(min(deadlines) - moment if deadlines else None)
                    continue
                self._waiting = deque(one for one in self._waiting if one not in due)
            for one in due:
                self._give_up(one)

    def _give_up(self, one: _Waiting) -> None:
        try:
            if one.expired is not None:
                one.expired()
        except Exception:
            logger.exception("%s waited too long, which could not be recorded; trying again", one.key)
            with self._changed:
                if not self._closing:
                    self._waiting.append(replace(one, deadline=time.monotonic() + RETRY_SECONDS))


def _call(broken: Callable[[], None]) -> None:
    """What broke the job may break this as well; its slot must go on serving."""
    try:
        broken()
    except Exception:
        logger.exception("the failure of a job could not be recorded")
