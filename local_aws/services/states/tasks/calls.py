"""One call to a service on a thread of its own, so that a time-out or a stop need not wait for the answer."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from local_aws.kill_points import passing
from local_aws.services.states.errors import TASK_FAILED, TIMEOUT, HaltedError, StateError
from local_aws.services.states.runtime import Runtime
from local_aws.services.states.tasks.integrations import UnreachableError

logger = logging.getLogger(__name__)

#: A service of this very server may not listen yet, or be restarting.
CONNECTION_ATTEMPTS = 8
FIRST_DELAY_SECONDS = 0.2
LONGEST_DELAY_SECONDS = 5.0


class Call:
    """``make`` raises ``StateError`` or ``UnreachableError``; ``late`` gets a reply that nobody waited for."""

    def __init__(self, runtime: Runtime, path: str, make: Callable[[], Any], late: Callable[[Any], None]) -> None:
        self._runtime = runtime
        self._path = path
        self._make = make
        self._late = late
        self._lock = threading.Lock()
        self._abandoned = False
        self._reply: tuple[Any, StateError | None] | None = None

    def result(self, deadline: float | None) -> Any:
        """Raises ``StateError`` States.Timeout at the deadline, or what the call came to."""
        thread = threading.Thread(target=self._work, name=f"call {self._path}", daemon=True)
        thread.start()
        try:
            reply = self._runtime.wait(self._path, deadline, lambda: self._reply)
        except HaltedError:
            self._abandon()
            raise
        if reply is None:
            self._abandon()
            raise StateError(TIMEOUT)
        value, error = reply
        if error is not None:
            raise error
        return value

    def _work(self) -> None:
        reply = self._attempts()
        passing("states.called")
        with self._lock:
            self._reply = reply
            late = self._abandoned
        if late:
            self._hand_over(reply)
        else:
            self._runtime.notify()

    def _abandon(self) -> None:
        with self._lock:
            self._abandoned = True
            reply = self._reply
        if reply is not None:
            self._hand_over(reply)

    def _hand_over(self, reply: tuple[Any, StateError | None]) -> None:
        value, error = reply
        if error is None:
            self._late(value)

    def _attempts(self) -> tuple[Any, StateError | None]:
        """Only a call that surely never arrived is made again."""
        for attempt in range(CONNECTION_ATTEMPTS):
            try:
                return self._make(), None
            except StateError as error:
                return None, error
            except UnreachableError as error:
                failure = error.failure
                if error.sent:
                    break
            except Exception as error:
                logger.exception("%s: a call broke", self._path)
                return None, StateError(TASK_FAILED, f"Internal error of local_aws: {type(error).__name__}: {error}")
            delay = min(FIRST_DELAY_SECONDS * 2**attempt, LONGEST_DELAY_SECONDS)
            try:
                self._runtime.wait(self._path, time.time() + delay, lambda: None)
            except HaltedError:
                break
        return None, failure
