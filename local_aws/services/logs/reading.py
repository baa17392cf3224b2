"""Events out of log files: forwards and backwards from a byte, within bounds of time, with bounded memory."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from local_aws.api import Context
from local_aws.services.logs import capped_file
from local_aws.services.logs.streams import StreamRecord, marks_of

BLOCK_BYTES = 64 * 1024
#: A longer line is several events (https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html).
EVENT_BYTES = 256 * 1024
PAGE_EVENTS = 10_000
PAGE_BYTES = 1 << 20


@dataclass(frozen=True)
class Event:
    """Bytes ``start`` to ``end`` of the file; ``time`` in milliseconds."""

    start: int
    end: int
    time: int
    message: str


class StreamReader:
    """One stream as it is now; ``since`` and ``until`` (milliseconds, the latter exclusive) narrow it."""

    def __init__(
        self, context: Context, record: StreamRecord, since: int | None = None, until: int | None = None
    ) -> None:
        self._path = context.state_dir / record["file"]
        self._start, self._seen = record["start"], record["seen"]
        self._ended = record["end"] is not None
        self._marks = marks_of(context, record["group"], record["stream"])
        self._hole = capped_file.hole_of(context, record["file"])
        self._mark_starts = [mark.start for mark in self._marks]
        times = [mark.time for mark in self._marks]
        self.first = self._boundary(0 if since is None else bisect_left(times, since))
        self.last = self._seen if until is None else self._boundary(bisect_left(times, until))

    def forwards(self, start: int | None = None) -> Iterator[Event]:
        """Whole lines from ``start``, the first byte of one; those that begin before ``last``."""
        position = self.first if start is None else max(start, self.first)
        for at, end, line in _lines(self._path, position, self._seen, self._hole, ended=self._ended):
            if at >= self.last:
                return
            text = line.decode("utf-8", "replace").rstrip("\r\n")
            if text:
                yield Event(at, end, self._time(at), text)

    def page(self, start: int, limit: int) -> list[Event]:
        """At most ``limit`` events and a megabyte from ``start``."""
        return _page(self.forwards(start), limit)

    def page_before(self, end: int, limit: int) -> list[Event]:
        """The last events before ``end``, at most ``limit`` and a megabyte."""
        end = min(end, self.last)
        start = self._line_start(max(self.first, end - PAGE_BYTES))
        events = [event for event in self.forwards(start) if event.start < end] if start < end else []
        return events[-limit:]

    def _boundary(self, number: int) -> int:
        """Where the lines of mark ``number`` begin: the first line start at or after it."""
        if number >= len(self._marks):
            return self._seen
        return self._line_start(self._marks[number].start)

    def _line_start(self, position: int) -> int:
        """The first start of a line at or after ``position``."""
        if position <= self._start:
            return self._start
        for _, end, _ in _lines(self._path, position - 1, self._seen, self._hole, ended=True):
            return end
        return self._seen

    def _time(self, position: int) -> int:
        return self._marks[max(0, bisect_right(self._mark_starts, position) - 1)].time


def _page(events: Iterator[Event], limit: int) -> list[Event]:
    page: list[Event] = []
    size = 0
    for event in events:
        size += len(event.message)
        if page and size > PAGE_BYTES:
            break
        page.append(event)
        if len(page) == limit:
            break
    return page


def _lines(
    path: Path, position: int, limit: int, hole: capped_file.Hole, *, ended: bool
) -> Iterator[tuple[int, int, bytes]]:
    """(start, end, bytes) of each line; what is left of a hole is one line that says so.

    A last line without an end is given only when the writer has ``ended``.
    """
    try:
        file = path.open("rb")
    except OSError:
        return
    with file:
        while position < limit:
            if hole.start <= position < hole.end:
                file.seek(hole.end)
                skipped = len(file.readline(BLOCK_BYTES))
                note = f"[{hole.end - hole.start} bytes of this log were dropped to keep it small]\n"
                yield position, hole.end + skipped, note.encode()
                position = hole.end + skipped
                continue
            file.seek(position)
            stop = hole.start if position < hole.start else limit
            line = file.readline(min(EVENT_BYTES, stop - position))
            if not line:
                return
            whole = line.endswith(b"\n") or len(line) == EVENT_BYTES or position + len(line) == hole.start
            if not whole and not ended:
                return
            yield position, position + len(line), line
            position += len(line)
