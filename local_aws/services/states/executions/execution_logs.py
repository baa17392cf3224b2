"""Execution events in CloudWatch Logs, as a machine's loggingConfiguration asks for.

https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html: delivery is best effort and never slows an
execution down. Entries wait in memory, at most ``MAX_WAITING_BYTES`` of them; what comes on top is dropped and counted.
"""

from __future__ import annotations

import json
import logging
import threading
import time
import uuid
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from local_aws.api import Clients
from local_aws.services.states.history import EXECUTION_DATA
from local_aws.services.states.machines.machine_checks import log_group
from local_aws.services.states.models import Execution

logger = logging.getLogger(__name__)

MAX_WAITING_BYTES = 16 * 1024 * 1024
#: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html
BATCH_BYTES = 1_048_576
BATCH_EVENTS = 10_000
ENTRY_OVERHEAD_BYTES = 26
MAX_DATA_BYTES = 248 * 1024
CLOSE_SECONDS = 3.0
#: https://docs.aws.amazon.com/step-functions/latest/dg/cloudwatch-log-level.html
FATAL = frozenset({"ExecutionAborted", "ExecutionFailed", "ExecutionTimedOut"})
ERROR_ENDINGS = ("Failed", "TimedOut", "Aborted")
DATA_DETAILS = frozenset({"inputDetails", "outputDetails", "assignedVariablesDetails"})


def is_logged(level: str, kind: str) -> bool:
    """Whether an event of this type is logged at this level."""
    if level == "ALL":
        return True
    if level == "ERROR":
        return kind.endswith(ERROR_ENDINGS) or kind == "FailStateEntered"
    return level == "FATAL" and kind in FATAL


@dataclass(frozen=True)
class Entry:
    group: str
    stream: str
    timestamp: int
    message: str

    @property
    def size(self) -> int:
        return len(self.message.encode()) + ENTRY_OVERHEAD_BYTES


class LogWriter:
    """One thread that writes what waits. ``put`` never blocks."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients
        self._changed = threading.Condition()
        self._waiting: deque[Entry] = deque()
        self.waiting_bytes = 0
        self._dropped = 0
        self._closing = False
        self._thread: threading.Thread | None = None
        self._streams: dict[tuple[str, str], str] = {}
        self._created: set[tuple[str, str]] = set()

    def stream(self, group: str, machine: str) -> str:
        """The machine's stream of this run of the server, named as AWS names it."""
        with self._changed:
            minute = datetime.now(UTC).strftime("%Y-%m-%d-%H-%M")
            return self._streams.setdefault((group, machine), f"states/{machine}/{minute}/{uuid.uuid4().hex[:8]}")

    def put(self, entry: Entry) -> None:
        with self._changed:
            if self._closing or self.waiting_bytes + entry.size > MAX_WAITING_BYTES:
                self._dropped += 1
                return
            self._waiting.append(entry)
            self.waiting_bytes += entry.size
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="execution logs", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def close(self) -> None:
        """Write what waits, for a few seconds at most."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
            thread = self._thread
        if thread is not None:
            thread.join(CLOSE_SECONDS)

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._closing)
                if not self._waiting:
                    return
                batch = self._next_batch()
                dropped, self._dropped = self._dropped, 0
            if dropped:
                logger.warning("%d log entries of executions were dropped: they came faster than they went", dropped)
            self._write(batch)

    def _next_batch(self) -> list[Entry]:
        """The first entries of one stream, in their order."""
        first, size = self._waiting[0], 0
        batch: list[Entry] = []
        kept: deque[Entry] = deque()
        for entry in self._waiting:
            same = (entry.group, entry.stream) == (first.group, first.stream)
            if same and len(batch) < BATCH_EVENTS and (not batch or size + entry.size <= BATCH_BYTES):
                batch.append(entry)
                size += entry.size
            else:
                kept.append(entry)
        self._waiting, self.waiting_bytes = kept, self.waiting_bytes - size
        return batch

    def _write(self, batch: list[Entry]) -> None:
        group, stream = batch[0].group, batch[0].stream
        try:
            client = self._clients("logs")
            self._create(client, group, stream)
            events = [{"timestamp": entry.timestamp, "message": entry.message} for entry in batch]
            client.put_log_events(logGroupName=group, logStreamName=stream, logEvents=events)
        except Exception as error:
            # Whatever it was, the next batch is tried: only this thread writes.
            self._created.discard((group, stream))
            logger.warning("%d log entries could not be written to %s: %s", len(batch), group, type(error).__name__)

    def _create(self, client: Any, group: str, stream: str) -> None:
        if (group, stream) in self._created:
            return
        try:
            client.create_log_stream(logGroupName=group, logStreamName=stream)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ResourceAlreadyExistsException":
                raise
        self._created.add((group, stream))


class ExecutionLog:
    """What one execution writes. Events of a transaction wait until it is committed."""

    def __init__(self, writer: LogWriter | None, execution: Execution) -> None:
        configuration = execution.get("logging", {})
        self._writer = writer
        self._arn = execution["arn"]
        self._machine = execution["machine_name"]
        self._redrives = execution.get("redrives", 0)
        self._level = str(configuration.get("level", "OFF"))
        self._with_data = bool(configuration.get("includeExecutionData", False))
        self._group = log_group(configuration)
        self._pending: list[tuple[int, str, int, Mapping[str, Any] | None]] = []

    def add(self, number: int, kind: str, previous: int, details: Mapping[str, Any] | None) -> None:
        """An event of the transaction that is under way."""
        if self._group is not None:
            self._pending.append((number, kind, previous, details))

    def committed(self) -> None:
        pending, self._pending = self._pending, []
        for event in pending:
            self.note(*event)

    def rolled_back(self) -> None:
        self._pending.clear()

    def note(self, number: int, kind: str, previous: int, details: Mapping[str, Any] | None) -> None:
        """``details`` as a history has them: ``{"<x>EventDetails": {...}}``."""
        if self._writer is None or self._group is None or not is_logged(self._level, kind):
            return
        now = int(time.time() * 1000)
        inner: Mapping[str, Any] = next(iter(details.values()), {}) if details else {}
        entry = {
            "id": str(number),
            "type": kind,
            "details": shown_details(inner, with_data=self._with_data),
            "previous_event_id": str(previous),
            "event_timestamp": str(now),
            "execution_arn": self._arn,
            "redrive_count": str(self._redrives),
        }
        message = json.dumps(entry, ensure_ascii=False)
        self._writer.put(Entry(self._group, self._writer.stream(self._group, self._machine), now, message))


def shown_details(details: Mapping[str, Any], *, with_data: bool) -> dict[str, Any]:
    """Without execution data, or with data cut where it is too long for a log entry."""
    if not with_data:
        return {key: part for key, part in details.items() if key not in EXECUTION_DATA and key not in DATA_DETAILS}
    shown = dict(details)
    for key in ("input", "output"):
        text = shown.get(key)
        if isinstance(text, str) and len(json.dumps(text, ensure_ascii=False).encode()) > MAX_DATA_BYTES:
            shown[key] = text.encode()[: MAX_DATA_BYTES // 2].decode(errors="ignore")
            shown[f"{key}Details"] = {"truncated": True}
    return shown
