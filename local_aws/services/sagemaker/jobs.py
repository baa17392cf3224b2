"""The queue of training and processing jobs: a few slots, first come first served, as a small account's quota.

A job that waits keeps its status InProgress. Jobs live in the store, so the queue itself is rebuilt after a restart.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable

from local_aws.services.job_process import Control, InterruptedByShutdownError

logger = logging.getLogger(__name__)

CLOSE_LIMIT_SECONDS = 15.0


Work = Callable[[Control], None]


class JobQueue:
    def __init__(self, slots: int) -> None:
        self._changed = threading.Condition()
        self._waiting: deque[tuple[str, Work]] = deque()
        self._running: dict[str, Control] = {}
        self._closing = False
        self._threads = [
            threading.Thread(target=self._serve, name=f"sagemaker-job-slot-{number + 1}", daemon=True)
            for number in range(slots)
        ]
        for thread in self._threads:
            thread.start()

    def submit(self, key: str, work: Work) -> None:
        """A job that waits or runs already is not taken twice."""
        with self._changed:
            if key in self._running or any(key == waiting for waiting, _ in self._waiting):
                return
            self._waiting.append((key, work))
            self._changed.notify()

    def stop(self, key: str) -> bool:
        """Ask a running job to stop, or drop a waiting one. True: it was still waiting and will never run."""
        with self._changed:
            if control := self._running.get(key):
                control.stop.set()
                return False
            before = len(self._waiting)
            self._waiting = deque(entry for entry in self._waiting if entry[0] != key)
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
            key, work, control = taken
            try:
                work(control)
            except InterruptedByShutdownError:
                logger.info("%s was interrupted and will run again after the next start", key)
            except Exception:
                logger.exception("%s ended in an error of local_aws itself", key)
            finally:
                with self._changed:
                    del self._running[key]

    def _take(self) -> tuple[str, Work, Control] | None:
        with self._changed:
            while not self._waiting and not self._closing:
                self._changed.wait()
            if self._closing:
                return None
            key, work = self._waiting.popleft()
            control = self._running[key] = Control()
            return key, work, control
