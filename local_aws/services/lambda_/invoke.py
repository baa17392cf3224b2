"""``Invoke``: at once, as a queued event that survives a restart, or as a dry run."""

from __future__ import annotations

import base64
import json
import logging
import queue
import threading
import time
import uuid
import weakref
from typing import Any

from local_aws.api import ApiError, Context, operation
from local_aws.processes import Supervisor
from local_aws.services.lambda_ import model, published
from local_aws.services.lambda_.async_results import EXHAUSTED, SUCCESS, TOO_OLD, report
from local_aws.services.lambda_.async_settings import settings_of
from local_aws.services.lambda_.pool import pool_of
from local_aws.services.lambda_.worker import LARGEST_PAYLOAD_BYTES, Outcome

logger = logging.getLogger(__name__)

EVENT_KIND = "lambda_event"
#: Lambda limits an event to 1 MB and retries it twice, after one and two minutes; here after seconds
#: (https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html).
LARGEST_EVENT_BYTES = 1024 * 1024
EVENT_ATTEMPTS = 3
EVENT_RETRY_SECONDS = (1.0, 2.0)
EVENT_AGE_SECONDS = 21_600
EVENT_THREADS = 2
THROTTLED_RETRY_SECONDS = 0.5

_queues: weakref.WeakKeyDictionary[Supervisor, EventQueue] = weakref.WeakKeyDictionary()
_guard = threading.Lock()


@operation("lambda", "Invoke")
def invoke(aws: Context, request: dict[str, Any]) -> dict[str, Any]:
    function = published.resolve(aws, request["FunctionName"], request.get("Qualifier"))
    version = function["configuration"].get("Version", model.LATEST)
    payload = request.get("Payload") or b"{}"
    kind = request.get("InvocationType", "RequestResponse")
    event = _parsed(payload, LARGEST_EVENT_BYTES if kind == "Event" else LARGEST_PAYLOAD_BYTES)
    if kind == "DryRun":
        return {"StatusCode": 204, "Payload": b""}
    if kind == "Event":
        if version != model.LATEST:
            message = (
                f"asynchronous events go to {model.LATEST} here, not to version {version}: leave the Qualifier out"
            )
            raise ApiError("InvalidParameterValueException", message)
        queue_of(aws).add(function["configuration"]["FunctionName"], event)
        return {"StatusCode": 202, "Payload": b""}
    outcome = run(aws, function, event)
    answer: dict[str, Any] = {"StatusCode": 200, "ExecutedVersion": version, "Payload": outcome.payload}
    if outcome.failed:
        answer["FunctionError"] = "Unhandled"
    if request.get("LogType") == "Tail":
        answer["LogResult"] = base64.b64encode(outcome.log_tail).decode()
    return answer


def run(aws: Context, function: dict[str, Any], event: Any) -> Outcome:
    """Run the handler in a warm process, a new one when there is none."""
    with pool_of(aws).worker(function) as worker:
        return worker.invoke(event, str(uuid.uuid4()))


def _parsed(payload: bytes, limit: int) -> Any:
    if len(payload) > limit:
        raise ApiError(
            "RequestTooLargeException",
            f"Request must be smaller than {limit} bytes for the InvokeFunction operation",
            413,
        )
    try:
        return json.loads(payload)
    except ValueError as error:
        raise ApiError("InvalidRequestContentException", f"Could not parse request body into json: {error}") from error


def queue_of(aws: Context) -> EventQueue:
    """The one queue of events of a server."""
    with _guard:
        if aws.supervisor not in _queues:
            _queues[aws.supervisor] = EventQueue(aws)
        return _queues[aws.supervisor]


class EventQueue:
    """Asynchronous invocations: kept in the store until they succeed or their attempts are used up."""

    def __init__(self, aws: Context) -> None:
        self._aws = aws
        self._keys: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._closed = threading.Event()
        for key, _ in aws.store.list(EVENT_KIND):
            self._keys.put(key)
        for number in range(EVENT_THREADS):
            threading.Thread(target=self._work, name=f"lambda-events-{number}", daemon=True).start()

    def add(self, name: str, event: Any) -> None:
        key = str(uuid.uuid4())
        self._aws.store.put(EVENT_KIND, key, {"function": name, "event": event, "id": key, "at": time.time()})
        self._keys.put(key)

    def close(self) -> None:
        self._closed.set()
        for _ in range(EVENT_THREADS):
            self._keys.put(None)

    def _work(self) -> None:
        while (key := self._keys.get()) is not None and not self._closed.is_set():
            entry = self._aws.store.get(EVENT_KIND, key)
            if entry is None:
                continue
            try:
                done = self._deliver(entry)
            except Exception:
                logger.exception("an event for %s could not be delivered", entry["function"])
                done = True
            if done:
                self._aws.store.delete(EVENT_KIND, key)

    def _run(self, function: dict[str, Any], event: Any) -> Outcome | None:
        """One that finds no free process waits for one, as at AWS; None: the server stops.

        https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
        """
        while True:
            try:
                return run(self._aws, function, event)
            except ApiError as error:
                if error.code != "TooManyRequestsException":
                    raise
                if self._closed.wait(THROTTLED_RETRY_SECONDS):
                    return None

    def _deliver(self, entry: dict[str, Any]) -> bool:
        """Whether the event is finished: succeeded or given up. Not when the server stops meanwhile."""
        settings = settings_of(self._aws, entry["function"])
        attempts = 1 + settings.get("MaximumRetryAttempts", EVENT_ATTEMPTS - 1)
        oldest = time.time() - settings.get("MaximumEventAgeInSeconds", EVENT_AGE_SECONDS)
        outcome: Outcome | None = None
        function: dict[str, Any] | None = None
        for attempt in range(attempts):
            if attempt and self._closed.wait(EVENT_RETRY_SECONDS[attempt - 1]):
                return False
            function = self._aws.store.get(model.KIND, entry["function"])
            if function is None:
                return True
            if entry.get("at", oldest) < oldest:
                report(self._aws, function, entry, outcome, TOO_OLD, attempt)
                return True
            outcome = self._run(function, entry["event"])
            if outcome is None or (self._closed.is_set() and outcome.failed):
                return False
            if not outcome.failed:
                report(self._aws, function, entry, outcome, SUCCESS, attempt + 1)
                return True
        logger.warning("an event for %s failed %d times and is given up", entry["function"], attempts)
        if function is not None:
            report(self._aws, function, entry, outcome, EXHAUSTED, attempts)
        return True
