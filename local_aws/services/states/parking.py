"""Flows that wait for long hold no thread: they are parked, and run again from their frames when it is time.

A flow can be taken up at any commit, so giving up its thread in the middle of a wait is what a restart does to it
anyway. One thread watches all that is parked.
"""

from __future__ import annotations

import heapq
import itertools
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from local_aws.services.states.flow import Flow
    from local_aws.services.states.runtime import Runtime

logger = logging.getLogger(__name__)

#: After a flow could not go on, for want of a thread or of the store.
RETRY_SECONDS = 1.0
#: The wall clock may be set: it is looked at this often.
LONGEST_SLEEP_SECONDS = 30.0


class ParkedError(BaseException):
    """This flow waits for long: its thread ends, and it goes on when ``until`` has come or ``ready`` gives something.

    Not an ``Exception``, so that nothing that handles a task's failure takes it for one.
    """

    def __init__(self, until: float | None, ready: Callable[[], Any]) -> None:
        super().__init__("the flow waits")
        self.until = until
        self.ready = ready


@dataclass(frozen=True, eq=False)
class Parked:
    flow: Flow
    until: float | None
    ready: Callable[[], Any]

    def is_due(self) -> bool:
        return (self.until is not None and time.time() >= self.until) or self.ready() is not None


class Parking:
    """``go_on`` runs a flow again; ``ended`` is told of an execution that ended while flows of it were parked."""

    def __init__(self, go_on: Callable[[Runtime, Flow], None], ended: Callable[[Runtime], None]) -> None:
        self._go_on = go_on
        self._ended = ended
        self._condition = threading.Condition()
        #: Not by their ARN: a redriven execution has a new runtime while its old one still says that it has ended.
        self._changed: dict[Runtime, None] = {}
        self._timers: list[tuple[float, int, Runtime]] = []
        self._numbers = itertools.count()
        self._closing = False
        self._thread: threading.Thread | None = None

    def park(self, runtime: Runtime, flow: Flow, parked: ParkedError) -> None:
        """What came while the flow gave up its thread is seen at once."""
        wake = runtime.park(Parked(flow, parked.until, parked.ready))
        with self._condition:
            if wake is not None:
                heapq.heappush(self._timers, (wake, next(self._numbers), runtime))
        self.changed(runtime)

    def changed(self, runtime: Runtime) -> None:
        """Something happened in an execution: its parked flows may go on."""
        with self._condition:
            if self._closing:
                return
            self._changed[runtime] = None
            if self._thread is None:
                thread = threading.Thread(target=self._work, name="parked flows", daemon=True)
                thread.start()
                self._thread = thread
            self._condition.notify_all()

    def close(self) -> None:
        """Nothing goes on any more; what is parked stays in the store."""
        with self._condition:
            self._closing = True
            self._condition.notify_all()
            thread = self._thread
        if thread is not None:
            thread.join(LONGEST_SLEEP_SECONDS)

    def _work(self) -> None:
        while True:
            runtimes = self._next()
            if runtimes is None:
                return
            for runtime in runtimes:
                try:
                    self._look_at(runtime)
                except Exception:
                    logger.exception("%s: parked flows could not go on; trying again", runtime.arn)
                    self._later(runtime, time.time() + RETRY_SECONDS)

    def _look_at(self, runtime: Runtime) -> None:
        due = runtime.take_due()
        while due:
            try:
                self._go_on(runtime, due[0])
            except BaseException:
                # Taken, but not set going: they stay parked.
                for flow in due:
                    runtime.park(Parked(flow, time.time(), lambda: None))
                raise
            due = due[1:]
        if runtime.ended:
            self._ended(runtime)

    def _later(self, runtime: Runtime, moment: float) -> None:
        with self._condition:
            heapq.heappush(self._timers, (moment, next(self._numbers), runtime))

    def _next(self) -> list[Runtime] | None:
        """Wait for executions in which something happened or whose time has come; None once all is over."""
        with self._condition:
            while not self._closing:
                now = time.time()
                while self._timers and self._timers[0][0] <= now:
                    _, _, runtime = heapq.heappop(self._timers)
                    self._changed[runtime] = None
                if self._changed:
                    runtimes, self._changed = list(self._changed), {}
                    return runtimes
                sleep = self._timers[0][0] - now if self._timers else LONGEST_SLEEP_SECONDS
                self._condition.wait(min(sleep, LONGEST_SLEEP_SECONDS))
            return None
