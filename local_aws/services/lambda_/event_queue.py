"""Asynchronous invocations: kept in the store until they succeed or their attempts are used up.

An event that is to be tried again waits in the store with the time when it is due. A function that is slow or fails
holds at most ``THREADS_OF_A_FUNCTION`` of the threads, so that the events of others go on.
"""

from __future__ import annotations

import logging
import threading
import time
import uuid
import weakref
from typing import Any

from local_aws.api import ApiError, Context
from local_aws.processes import Supervisor
from local_aws.services.lambda_ import model
from local_aws.services.lambda_.async_results import EXHAUSTED, SUCCESS, TOO_OLD, report
from local_aws.services.lambda_.async_settings import settings_of
from local_aws.services.lambda_.running import run
from local_aws.services.lambda_.worker import Outcome

logger = logging.getLogger(__name__)

EVENT_KIND = "lambda_event"
#: Lambda retries twice, after one and two minutes; here after seconds. What fails within the service, as a throttled
#: event, does not count as an attempt (https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html).
EVENT_ATTEMPTS = 3
EVENT_RETRY_SECONDS = (1.0, 2.0)
EVENT_AGE_SECONDS = 21_600
EVENT_THREADS = 8
THREADS_OF_A_FUNCTION = 2
THROTTLED_RETRY_SECONDS = 0.5
INTERNAL_RETRY_SECONDS = 5.0
LOOK_SECONDS = 5.0

_queues: weakref.WeakKeyDictionary[Supervisor, EventQueue] = weakref.WeakKeyDictionary()
_guard = threading.Lock()


def queue_of(aws: Context) -> EventQueue:
    """The one queue of events of a server."""
    with _guard:
        if aws.supervisor not in _queues:
            _queues[aws.supervisor] = EventQueue(aws)
        return _queues[aws.supervisor]


class EventQueue:
    def __init__(self, aws: Context) -> None:
        self._aws = aws
        self._changed = threading.Condition()
        self._closed = False
        #: What waits: by key, the function and when it is due (seconds since 1970), oldest first.
        self._waiting: dict[str, tuple[str, float]] = {
            key: (entry["function"], entry.get("due", 0.0)) for key, entry in aws.store.list(EVENT_KIND)
        }
        self._busy: dict[str, int] = {}
        for number in range(EVENT_THREADS):
            threading.Thread(target=self._work, name=f"lambda-events-{number}", daemon=True).start()

    def add(self, name: str, event: Any) -> None:
        key = str(uuid.uuid4())
        self._aws.store.put(EVENT_KIND, key, {"function": name, "event": event, "id": key, "at": time.time()})
        self._line_up(key, name, 0.0)

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _line_up(self, key: str, name: str, due: float) -> None:
        with self._changed:
            self._waiting[key] = (name, due)
            self._changed.notify_all()

    def _work(self) -> None:
        while (found := self._next()) is not None:
            key, name = found
            again: float | None
            try:
                again = self._attempt(key)
            except Exception:
                if not self._closed:
                    logger.exception("an event for %s could not be delivered and is tried again", name)
                again = time.time() + INTERNAL_RETRY_SECONDS
            with self._changed:
                self._busy[name] -= 1
                if not self._busy[name]:
                    del self._busy[name]
                if again is not None:
                    self._waiting[key] = (name, again)
                self._changed.notify_all()

    def _next(self) -> tuple[str, str] | None:
        """An event that is due, of a function that does not hold its share of threads; None when closed."""
        with self._changed:
            while not self._closed:
                now = time.time()
                free = {
                    key: (name, due)
                    for key, (name, due) in self._waiting.items()
                    if self._busy.get(name, 0) < THREADS_OF_A_FUNCTION
                }
                for key, (name, due) in free.items():
                    if due <= now:
                        del self._waiting[key]
                        self._busy[name] = self._busy.get(name, 0) + 1
                        return key, name
                pause = min([due - now for _, due in free.values()], default=LOOK_SECONDS)
                self._changed.wait(min(pause, LOOK_SECONDS))
            return None

    def _attempt(self, key: str) -> float | None:
        """Try once; returns when to try again (seconds since 1970), or None when the event is finished."""
        store = self._aws.store
        entry = store.get(EVENT_KIND, key)
        if entry is None:
            return None
        function = store.get(model.KIND, entry["function"])
        if function is None:
            store.delete(EVENT_KIND, key)
            return None
        settings = settings_of(self._aws, entry["function"])
        made = entry.get("attempts", 0)
        oldest = time.time() - settings.get("MaximumEventAgeInSeconds", EVENT_AGE_SECONDS)
        if entry.get("at", oldest) < oldest:
            self._finish(key, function, entry, None, TOO_OLD, made)
            return None
        try:
            outcome = run(self._aws, function, entry["event"])
        except ApiError as error:
            if error.code != "TooManyRequestsException":
                raise
            return time.time() + THROTTLED_RETRY_SECONDS
        if outcome.failed and self._closed:
            return time.time()  # ended by the stop of the server: the next start tries again
        return self._tried(key, function, entry, outcome, made + 1, settings)

    def _tried(
        self,
        key: str,
        function: dict[str, Any],
        entry: dict[str, Any],
        outcome: Outcome,
        made: int,
        settings: Any,
    ) -> float | None:
        if not outcome.failed:
            self._finish(key, function, entry, outcome, SUCCESS, made)
            return None
        if made > settings.get("MaximumRetryAttempts", EVENT_ATTEMPTS - 1):
            logger.warning("an event for %s failed %d times and is given up", entry["function"], made)
            self._finish(key, function, entry, outcome, EXHAUSTED, made)
            return None
        due = time.time() + EVENT_RETRY_SECONDS[min(made, len(EVENT_RETRY_SECONDS)) - 1]
        self._aws.store.put(EVENT_KIND, key, {**entry, "attempts": made, "due": due})
        return due

    def _finish(
        self,
        key: str,
        function: dict[str, Any],
        entry: dict[str, Any],
        outcome: Outcome | None,
        condition: str,
        attempts: int,
    ) -> None:
        """What follows is ordered in the transaction in which the event leaves: neither is lost or doubled."""
        with self._aws.store.transaction():
            report(self._aws, function, entry, outcome, condition, attempts)
            self._aws.store.delete(EVENT_KIND, key)
