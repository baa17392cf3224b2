"""Log streams that are parts of log files.

A stream is a range of bytes of a file, and marks that say when they were seen: a line carries the time of the mark
that covers its first byte. Readers see what marks cover, so that a line's time never changes.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from local_aws.api import Context
from local_aws.services.logs import capped_file

STREAM = "logs.stream"


class StreamRecord(TypedDict):
    """``file`` is relative to the state folder; offsets are bytes, times are milliseconds; ``seen`` is marked."""

    group: str
    stream: str
    file: str
    start: int
    seen: int
    end: int | None
    created: int
    first: int | None
    last: int | None


@dataclass(frozen=True)
class Mark:
    """Bytes from ``start`` (until the next mark) were seen at ``time``."""

    start: int
    time: int


def key_of(group: str, stream: str) -> str:
    return f"{group}:{stream}"  # a group's name cannot hold a colon


def marks_of(context: Context, group: str, stream: str) -> list[Mark]:
    return [Mark(entry["start"], entry["time"]) for _, entry in context.store.read(_marks(group, stream))]


def find(context: Context, group: str, stream: str) -> StreamRecord | None:
    return context.store.get(STREAM, key_of(group, stream))  # type: ignore[return-value]


def streams_of(context: Context, group: str, prefix: str = "") -> list[StreamRecord]:
    """In the order of their creation."""
    return [record for _, record in context.store.list(STREAM, key_of(group, prefix))]  # type: ignore[misc]


def open_stream(context: Context, group: str, stream: str, file: Path, start: int) -> StreamRecord:
    """A new stream of what ``file`` holds from ``start``; one of the same name is forgotten."""
    record = StreamRecord(
        group=group,
        stream=stream,
        file=file.relative_to(context.state_dir).as_posix(),
        start=start,
        seen=start,
        end=None,
        created=now(),
        first=None,
        last=None,
    )
    with context.store.transaction():
        forget(context, record)
        if start == 0:
            capped_file.forget(context, record["file"])
        context.store.put(STREAM, key_of(group, stream), record)
    return record


def forget(context: Context, record: StreamRecord) -> None:
    """The file stays."""
    with context.store.transaction():
        context.store.delete(STREAM, key_of(record["group"], record["stream"]))
        context.store.drop(_marks(record["group"], record["stream"]))


def close_all(context: Context) -> None:
    for _, record in context.store.list(STREAM):
        if record["end"] is None:
            mark(context, record, final=True)  # type: ignore[arg-type]


def mark(context: Context, record: StreamRecord, *, final: bool) -> bool:
    """Cover what the file has gained since the last mark; whether there was anything."""
    try:
        size = (context.state_dir / record["file"]).stat().st_size
    except OSError:
        size = record["seen"]
    grown = size > record["seen"]
    if not grown and not final:
        return False
    with context.store.transaction():
        if find(context, record["group"], record["stream"]) is None:
            record["end"] = record["seen"]  # somebody has deleted the stream
            return False
        if grown:
            moment = now()
            context.store.append(_marks(record["group"], record["stream"]), {"start": record["seen"], "time": moment})
            record["first"] = record["first"] or moment
            record["last"] = moment
            record["seen"] = size
        if final:
            record["end"] = record["seen"]
        context.store.put(STREAM, key_of(record["group"], record["stream"]), record)
    return grown


def _marks(group: str, stream: str) -> str:
    return f"logs.marks/{key_of(group, stream)}"


def now() -> int:
    return round(time.time() * 1000)
