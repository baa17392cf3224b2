"""The record of calls: an append-only SQLite file of its own, bounded in length.

The newest ``kept`` calls stay. Nothing is ever changed in it; only the oldest are removed.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

FILE = "calls.sqlite3"
LOCK_WAIT_SECONDS = 10.0
#: The oldest calls are removed a hundredth at a time.
ROTATION_PART = 100
COLUMNS = (
    "event_id, time, duration_ms, source, name, principal, role, access_key, read_only, error, request_id, resources, "
    "document"
)
SCHEMA = """
CREATE TABLE IF NOT EXISTS calls (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    event_id TEXT NOT NULL,
    time REAL NOT NULL,
    duration_ms REAL NOT NULL,
    source TEXT NOT NULL,
    name TEXT NOT NULL,
    principal TEXT NOT NULL,
    role TEXT,
    access_key TEXT,
    read_only INTEGER NOT NULL,
    error TEXT,
    request_id TEXT NOT NULL,
    resources TEXT NOT NULL,
    document TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS calls_by_time ON calls (time);
CREATE TRIGGER IF NOT EXISTS calls_never_change BEFORE UPDATE ON calls
BEGIN SELECT RAISE(ABORT, 'the record of calls is never changed'); END;
"""


@dataclass(frozen=True)
class Recorded:
    """One call. ``source`` is an AWS host name such as ``s3.amazonaws.com``; times in seconds since 1970 (UTC)."""

    event_id: str
    time: float
    duration_ms: float
    source: str
    name: str
    principal: str
    role: str | None
    access_key: str | None
    read_only: bool
    error: str | None
    request_id: str
    #: ``(type, name)`` of each resource that the request named.
    resources: Sequence[tuple[str, str]]
    #: What else is told: the error's message, the identifying parameters, who asked for it.
    document: Mapping[str, Any] = field(default_factory=dict)
    id: int = 0


@dataclass(frozen=True)
class Query:
    """What to look for; everything given must hold. ``service`` is the part before ``.amazonaws.com``."""

    service: str | None = None
    action: str | None = None
    principal: str | None = None
    username: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    errors: bool | None = None
    read_only: bool | None = None
    access_key: str | None = None
    resource: str | None = None
    resource_type: str | None = None
    event_id: str | None = None
    before_id: int | None = None
    after_id: int | None = None


class CallLog:
    """Safe for threads; readers in other processes are welcome."""

    def __init__(self, folder: Path, kept: int) -> None:
        self._kept = kept
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(
            folder / FILE, timeout=LOCK_WAIT_SECONDS, isolation_level=None, check_same_thread=False
        )
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=NORMAL")
        self._connection.executescript(SCHEMA)

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    def add(self, calls: Sequence[Recorded]) -> None:
        """Append all of them in one transaction, and drop the oldest when there are too many."""
        if not calls:
            return
        marks = ", ".join("?" * 13)
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                self._connection.executemany(
                    f"INSERT INTO calls ({COLUMNS}) VALUES ({marks})",  # noqa: S608 - both are constants
                    [_row(call) for call in calls],
                )
                last = int(self._connection.execute("SELECT MAX(id) FROM calls").fetchone()[0])
                first = int(self._connection.execute("SELECT MIN(id) FROM calls").fetchone()[0])
                if last - first + 1 > self._kept + self._kept // ROTATION_PART:
                    self._connection.execute("DELETE FROM calls WHERE id <= ?", (last - self._kept,))
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    def find(self, query: Query, limit: int, *, oldest_first: bool = False) -> list[Recorded]:
        """At most ``limit`` calls, the newest first unless ``oldest_first``."""
        with self._lock:
            return find(self._connection, query, limit, oldest_first=oldest_first)


def open_to_read(folder: Path) -> sqlite3.Connection | None:
    """A read-only connection to a folder's record; None where there is none."""
    path = (folder / FILE).resolve()
    if not path.exists():
        return None
    return sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=LOCK_WAIT_SECONDS, isolation_level=None)


def find(connection: sqlite3.Connection, query: Query, limit: int, *, oldest_first: bool = False) -> list[Recorded]:
    conditions = list(_conditions(query))
    where = " AND ".join(text for text, _ in conditions) or "1"
    order = "ASC" if oldest_first else "DESC"
    rows = connection.execute(
        f"SELECT id, {COLUMNS} FROM calls WHERE {where} ORDER BY id {order} LIMIT ?",  # noqa: S608 - values are bound
        (*(value for _, value in conditions), limit),
    ).fetchall()
    return [_recorded(row) for row in rows]


#: What each field of a query asks of a row.
CONDITIONS: Mapping[str, tuple[str, Callable[[Any], Any]]] = {
    "service": ("source = ?", lambda name: name if "." in name else f"{name}.amazonaws.com"),
    "action": ("name = ?", str),
    "principal": ("instr(principal, ?) > 0", str),
    # The part after the last slash of a session's ARN, or ``root``.
    "username": ("replace(principal, ':', '/') LIKE '%/' || ?", str),
    "since": ("time >= ?", datetime.timestamp),
    "until": ("time <= ?", datetime.timestamp),
    "errors": ("error IS NOT NULL AND ?", int),
    "read_only": ("read_only = ?", int),
    "access_key": ("access_key = ?", str),
    "resource": ("EXISTS (SELECT 1 FROM json_each(resources) WHERE json_extract(value, '$[1]') = ?)", str),
    "resource_type": ("EXISTS (SELECT 1 FROM json_each(resources) WHERE json_extract(value, '$[0]') = ?)", str),
    "event_id": ("event_id = ?", str),
    "before_id": ("id < ?", int),
    "after_id": ("id > ?", int),
}


def _conditions(query: Query) -> Iterator[tuple[str, Any]]:
    for name, (condition, as_stored) in CONDITIONS.items():
        value = getattr(query, name)
        if value is not None:
            yield condition, as_stored(value)


def _row(call: Recorded) -> tuple[Any, ...]:
    return (
        call.event_id,
        call.time,
        round(call.duration_ms, 3),
        call.source,
        call.name,
        call.principal,
        call.role,
        call.access_key,
        int(call.read_only),
        call.error,
        call.request_id,
        json.dumps(call.resources),
        json.dumps(call.document, ensure_ascii=False),
    )


def _recorded(row: tuple[Any, ...]) -> Recorded:
    number, *columns = row
    names = [name.strip() for name in COLUMNS.split(",")]
    values: dict[str, Any] = dict(zip(names, columns, strict=True))
    values["read_only"] = bool(values["read_only"])
    values["resources"] = [(kind, name) for kind, name in json.loads(values["resources"])]
    values["document"] = json.loads(values["document"])
    return Recorded(**values, id=number)
