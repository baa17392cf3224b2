"""The durable state of the services that ``local_aws`` owns: documents and append-only histories in one SQLite file.

SQLite runs in WAL mode with ``synchronous=NORMAL``: a killed process loses nothing that was committed, only a
crash of the whole machine may lose the last transactions (https://www.sqlite.org/wal.html).

The store's lock is one of many, and threads that take locks in different orders may wait for each other for ever. Who
holds more than one takes them in this order, and never two of one step:

1. what makes callers take turns over a whole operation: starts and redrives of one name, the changes of an endpoint, a
   process, a log stream, and moto's locks of services (those among themselves as ``MotoBackend.locked`` sorts them);
2. the condition of one execution of a state machine (``states.runtime``), or the one of all who wait for activities;
3. the store's, held by ``transaction`` to its end;
4. the engine's and the parking's, of what runs and waits;
5. those that guard a few lines: queues, routes, bells, caches. Under these nothing is asked of anybody else.

Under 2 to 5 no service is called, not even of another process: its answer may need them.
"""

from __future__ import annotations

import base64
import json
import re
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from local_aws.api import ApiError

LOCK_WAIT_SECONDS = 30.0
TIME_TAG = "$local_aws.time"
BYTES_TAG = "$local_aws.bytes"
SCHEMA = """
CREATE TABLE IF NOT EXISTS documents (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    document TEXT NOT NULL,
    UNIQUE (kind, key)
);
CREATE TABLE IF NOT EXISTS histories (
    stream TEXT NOT NULL,
    id INTEGER NOT NULL,
    document TEXT NOT NULL,
    PRIMARY KEY (stream, id)
) WITHOUT ROWID;
"""
#: Kinds and fields stand in the text of the statements, where SQLite's planner compares them with its indexes.
NAME = re.compile(r"[\w.:-]+")


class StoreError(Exception):
    """The state file cannot be opened or read."""


class Store:
    """Documents by kind and key, and histories by stream. Safe for threads; one process at a time.

    Documents are JSON; ``datetime`` (kept in UTC) and ``bytes`` values survive the round trip as well.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.RLock()
        self._depth = 0
        try:
            self._connection = sqlite3.connect(
                path, timeout=LOCK_WAIT_SECONDS, isolation_level=None, check_same_thread=False
            )
            self._connection.execute("PRAGMA journal_mode=WAL")
            self._connection.execute("PRAGMA synchronous=NORMAL")
            self._connection.executescript(SCHEMA)
        except sqlite3.Error as error:
            raise StoreError(
                f"{path}: not a usable state file ({error}): restore it, or remove the state folder to begin anew"
            ) from error

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything inside is committed together or not at all. An inner transaction joins the outer one."""
        with self._lock:
            if self._depth == 0:
                with _room():
                    self._connection.execute("BEGIN IMMEDIATE")
            self._depth += 1
            try:
                yield
                if self._depth == 1:
                    with _room():
                        self._connection.execute("COMMIT")
            except BaseException:
                # A full disk may have rolled it back already.
                if self._depth == 1 and self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise
            finally:
                self._depth -= 1

    def put(self, kind: str, key: str, document: Mapping[str, Any]) -> None:
        """Insert or replace; a replaced document keeps its place in the order of ``list``."""
        with self._lock, _room():
            self._connection.execute(
                "INSERT INTO documents (kind, key, document) VALUES (?, ?, ?) "
                "ON CONFLICT (kind, key) DO UPDATE SET document = excluded.document",
                (kind, key, _encode(document)),
            )

    def get(self, kind: str, key: str) -> dict[str, Any] | None:
        with self._lock:
            row = self._connection.execute(
                "SELECT document FROM documents WHERE kind = ? AND key = ?", (kind, key)
            ).fetchone()
        return None if row is None else _decode(row[0])

    def delete(self, kind: str, key: str) -> None:
        """Deleting what is not there is no error."""
        with self._lock, _room():
            self._connection.execute("DELETE FROM documents WHERE kind = ? AND key = ?", (kind, key))

    def list(self, kind: str, prefix: str = "") -> list[tuple[str, dict[str, Any]]]:
        """Keys that start with ``prefix`` and their documents, in the order of first insertion."""
        with self._lock:
            rows = self._connection.execute(
                "SELECT key, document FROM documents WHERE kind = ? AND substr(key, 1, ?) = ? ORDER BY position",
                (kind, len(prefix), prefix),
            ).fetchall()
        return [(key, _decode(text)) for key, text in rows]

    def index(self, kind: str, *fields: str) -> None:
        """Let ``keys`` find documents of this kind by these fields, in this order, without reading all of them.

        SQLite keeps the index in the transaction of each change, and fills it from what an older server has left.
        """
        name = f"{kind} by {' and '.join(fields)}"
        expressions = ", ".join(_member(field) for field in fields)
        statement = f'CREATE INDEX IF NOT EXISTS "{name}" ON documents ({expressions}) WHERE kind = {_name(kind)}'
        with self._lock, _room():
            self._connection.execute(statement)

    def keys(self, kind: str, fields: Mapping[str, str | bool] | None = None) -> Sequence[str]:
        """Of the documents whose members have these values, in the order of first insertion; nothing is decoded."""
        given = fields or {}
        conditions = "".join(f" AND {_member(field)} = ?" for field in given)
        with self._lock:
            rows = self._connection.execute(
                f"SELECT key FROM documents WHERE kind = {_name(kind)}{conditions} ORDER BY position",  # noqa: S608
                tuple(given.values()),
            ).fetchall()
        return [row[0] for row in rows]

    def index_time(self, kind: str, field: str) -> None:
        """As ``index``, for ``keys_before``."""
        statement = f'CREATE INDEX IF NOT EXISTS "{kind} by time {field}" ON documents ({_time(field)})'
        with self._lock, _room():
            self._connection.execute(f"{statement} WHERE kind = {_name(kind)}")

    def keys_before(self, kind: str, field: str, moment: datetime) -> Sequence[str]:
        """Of the documents in which ``field`` is a time before ``moment``, the earliest first."""
        with self._lock:
            rows = self._connection.execute(
                f"SELECT key FROM documents WHERE kind = {_name(kind)} AND {_time(field)} < ? ORDER BY {_time(field)}",  # noqa: S608
                (moment.astimezone(UTC).isoformat(),),
            ).fetchall()
        return [row[0] for row in rows]

    def append(self, stream: str, document: Mapping[str, Any]) -> int:
        """Add to a history; returns the new id (1, 2, ...)."""
        with self._lock, _room():
            row = self._connection.execute(
                "INSERT INTO histories (stream, id, document) "
                "SELECT ?, COALESCE(MAX(id), 0) + 1, ? FROM histories WHERE stream = ? RETURNING id",
                (stream, _encode(document), stream),
            ).fetchone()
        return int(row[0])

    def read(self, stream: str, after: int = 0, limit: int | None = None) -> Sequence[tuple[int, dict[str, Any]]]:
        """Entries with an id greater than ``after``, oldest first, at most ``limit``."""
        with self._lock:
            rows = self._connection.execute(
                "SELECT id, document FROM histories WHERE stream = ? AND id > ? ORDER BY id LIMIT ?",
                (stream, after, -1 if limit is None else limit),
            ).fetchall()
        return [(number, _decode(text)) for number, text in rows]

    def drop(self, stream: str) -> None:
        """Remove a whole history."""
        with self._lock, _room():
            self._connection.execute("DELETE FROM histories WHERE stream = ?", (stream,))


def _name(text: str) -> str:
    """As a literal of SQL. Raises ``ValueError`` for what is no kind or field."""
    if not NAME.fullmatch(text):
        raise ValueError(f"{text!r} names no kind or field: use letters, digits, '_', '.', ':' and '-' only")
    return f"'{text}'"


def _member(field: str) -> str:
    return f"json_extract(document, '$.{_name(field)[1:-1]}')"


def _time(field: str) -> str:
    return f"json_extract(document, '$.{_name(field)[1:-1]}.\"{TIME_TAG}\"')"


@contextmanager
def _room() -> Iterator[None]:
    """Around a write: a disk without room is told as AWS tells of a service that cannot serve now."""
    try:
        yield
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF not in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR):
            raise
        raise ApiError(
            "ServiceUnavailable",
            f"The state folder cannot be written ({error}): free some room on its disk, then try again.",
            503,
        ) from error


def _encode(document: Mapping[str, Any]) -> str:
    return json.dumps(document, default=_tag, separators=(",", ":"), ensure_ascii=False)


def _tag(value: object) -> object:
    if isinstance(value, datetime):
        aware = value if value.tzinfo else value.replace(tzinfo=UTC)
        return {TIME_TAG: aware.astimezone(UTC).isoformat()}
    if isinstance(value, bytes):
        return {BYTES_TAG: base64.b64encode(value).decode("ascii")}
    raise TypeError(f"a document cannot hold a {type(value).__name__}: convert it to a JSON value first")


def _decode(text: str) -> dict[str, Any]:
    # The hook costs a call for each object, so it runs only where a tag occurs.
    tagged = TIME_TAG in text or BYTES_TAG in text
    document: dict[str, Any] = json.loads(text, object_hook=_untag if tagged else None)
    return document


def _untag(value: dict[str, Any]) -> object:
    if len(value) == 1:
        if TIME_TAG in value:
            return datetime.fromisoformat(value[TIME_TAG])
        if BYTES_TAG in value:
            return base64.b64decode(value[BYTES_TAG])
    return value
