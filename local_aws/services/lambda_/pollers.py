"""One thread for each enabled event-source mapping: read a batch, invoke the function, settle the batch."""

from __future__ import annotations

import json
import logging
import threading
import weakref
from typing import Any, Protocol

from local_aws.api import Context
from local_aws.identity.acting import acting_as
from local_aws.processes import Supervisor
from local_aws.services.lambda_ import model
from local_aws.services.lambda_.running import run
from local_aws.services.lambda_.worker import Outcome

logger = logging.getLogger(__name__)

KIND = "lambda_mapping"
FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 10.0
STOP_TIMEOUT_SECONDS = 5.0

_pollers: weakref.WeakKeyDictionary[Supervisor, Pollers] = weakref.WeakKeyDictionary()
_guard = threading.Lock()


class Source(Protocol):
    """A queue or stream as its mapping sees it."""

    def poll_once(self, stopping: threading.Event) -> None:
        """Wait a while for a batch and settle it; returns at once when ``stopping`` is set."""


def pollers_of(aws: Context) -> Pollers:
    with _guard:
        if aws.supervisor not in _pollers:
            _pollers[aws.supervisor] = Pollers(aws)
        return _pollers[aws.supervisor]


class Pollers:
    """The polling threads of one server."""

    def __init__(self, aws: Context) -> None:
        self._aws = aws
        self._lock = threading.Lock()
        self._running: dict[str, threading.Event] = {}

    def start_all(self) -> None:
        for identifier, _ in self._aws.store.list(KIND):
            self.restart(identifier)

    def restart(self, identifier: str) -> None:
        """Poll by the mapping's present settings; not at all when it is disabled."""
        self.stop(identifier)
        mapping = self._aws.store.get(KIND, identifier)
        if mapping is None or mapping["State"] != "Enabled":
            return
        stopping = threading.Event()
        with self._lock:
            self._running[identifier] = stopping
        arguments = (_source(self._aws, mapping), stopping)
        threading.Thread(target=_poll, args=arguments, name=f"mapping-{identifier[:8]}", daemon=True).start()

    def stop(self, identifier: str) -> None:
        with self._lock:
            stopping = self._running.pop(identifier, None)
        if stopping is not None:
            stopping.set()

    def close(self) -> None:
        for identifier in list(self._running):
            self.stop(identifier)


def _source(aws: Context, mapping: dict[str, Any]) -> Source:
    # Imported here: both need ``deliver`` of this module.
    from local_aws.services.lambda_.queue_source import QueueSource
    from local_aws.services.lambda_.stream_source import StreamSource

    function = aws.store.get(model.KIND, model.name_of(mapping["FunctionArn"])) or {"configuration": {}}
    role = function["configuration"].get("Role")
    aws = acting_as(aws, role, "event-source-mapping", mapping["EventSourceMappingArn"])
    if mapping["EventSourceArn"].split(":")[2] == "sqs":
        return QueueSource(aws, mapping)
    return StreamSource(aws, mapping)


def _poll(source: Source, stopping: threading.Event) -> None:
    pause = FIRST_PAUSE_SECONDS
    while not stopping.is_set():
        try:
            source.poll_once(stopping)
            pause = FIRST_PAUSE_SECONDS
        except Exception as error:
            if stopping.is_set():
                return
            # The queue or table may be gone, or the server stopping: a traceback a second would help nobody.
            logger.warning("polling %s failed: %s; trying again in %g s", source, error, pause)
            stopping.wait(pause)
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)


def deliver(aws: Context, mapping: dict[str, Any], records: list[dict[str, Any]]) -> Outcome:
    """Invoke the mapping's function with a batch, and keep the result for ``LastProcessingResult``."""
    function = model.find(aws, mapping["FunctionArn"])
    outcome = run(aws, function, {"Records": records})
    with aws.store.transaction():
        current = aws.store.get(KIND, mapping["UUID"])
        if current is not None:
            current["LastProcessingResult"] = "PROBLEM: Function call failed" if outcome.failed else "OK"
            aws.store.put(KIND, mapping["UUID"], current)
    return outcome


def failed_items(mapping: dict[str, Any], outcome: Outcome, identifiers: list[str]) -> list[str]:
    """Which of ``identifiers`` did not succeed, by AWS's rules for ``ReportBatchItemFailures``.

    A failed invocation fails all; without the response type a success succeeds for all; an answer that names an
    unknown or empty identifier, or is malformed, fails all
    (https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html).
    """
    if outcome.failed:
        return identifiers
    if "ReportBatchItemFailures" not in mapping["FunctionResponseTypes"]:
        return []
    answer = json.loads(outcome.payload)
    failures = answer.get("batchItemFailures") if isinstance(answer, dict) else answer
    if not failures and not isinstance(failures, str):
        return []
    named = [item.get("itemIdentifier") for item in failures if isinstance(item, dict)]
    if not isinstance(failures, list) or len(named) != len(failures) or not set(named) <= set(identifiers):
        return identifiers
    return [identifier for identifier in identifiers if identifier in named]
