"""Cut bytes into lines and judge each by its form alone, a block at a time, without a Python loop over lines.

FAERS text has no quoting and no escaping, so a line is usable exactly when it has the right number of ``$``. That
can be counted with arrays over a whole block, some hundred times faster than line by line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

import numpy as np
import numpy.typing as npt

LF, CR, TAB, SEPARATOR, FIRST_PRINTABLE, DELETE = 10, 13, 9, ord("$"), 32, 127
# Control characters beyond ASCII. Engines differ on whether some of them end a line, so none is let through.
C1_CONTROLS = re.compile("[\x80-\x9f]")
BLOCK_BYTES = 8 << 20

Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]


def whole_lines(stream: IO[bytes], max_line: int, block_bytes: int = BLOCK_BYTES) -> Iterator[bytes]:
    """Blocks of whole lines, as they stand; only the last may lack its terminator.

    A line longer than ``max_line`` bytes is cut to ``max_line + 1``, so that it is refused for its length while
    memory stays bounded.
    """
    carry = b""
    skipping = False
    while block := stream.read(block_bytes):
        if skipping:
            end = block.find(b"\n")
            if end < 0:
                continue
            block, skipping = block[end:], False
        data = carry + block
        cut = data.rfind(b"\n") + 1
        carry = data[cut:]
        if len(carry) > max_line:
            carry, skipping = carry[: max_line + 1], True
        if cut:
            yield data[:cut]
    if carry:
        yield carry


def count_lines(stream: IO[bytes], block_bytes: int = BLOCK_BYTES) -> int:
    """Read ``stream`` to its end and count its lines, a last one without terminator included."""
    count, last = 0, b"\n"
    while block := stream.read(block_bytes):
        count += block.count(b"\n")
        last = block[-1:]
    return count + (last != b"\n")


@dataclass(frozen=True)
class Lines:
    """The lines of one block: byte offsets, and what is wrong with each."""

    starts: Ints
    stops: Ints  # after the terminator
    fields: Ints
    blank: Bools
    long: Bools
    control: Bools
    columns: int

    def __len__(self) -> int:
        return len(self.starts)

    @property
    def usable(self) -> Bools:
        usable: Bools = ~(self.blank | self.long | self.control) & (self.fields == self.columns)
        return usable

    def reason(self, index: int) -> str:
        """Why a line is not usable; never its text."""
        if self.blank[index]:
            return "blank line"
        if self.long[index]:
            return "longer than any real line"
        if self.control[index]:
            return "control character"
        fields = int(self.fields[index])
        looks = ""
        if fields >= 2 * self.columns - 1 > 1:  # the last field of one and the first of the next make one
            looks = ", as lines have that were joined"
        elif fields == self.columns + 1:
            looks = ", as a line has with a `$` inside a value"
        return f"{fields} fields where the layout has {self.columns}{looks}"


def judge(data: bytes, columns: int, max_line: int) -> Lines:
    """Find the lines of ``data`` and count their fields. CR before LF belongs to the terminator."""
    buffer = np.frombuffer(data, dtype=np.uint8)
    ends = np.flatnonzero(buffer == LF)
    stops = ends + 1
    if not data.endswith(b"\n"):
        ends, stops = np.append(ends, len(data)), np.append(stops, len(data))
    starts = np.concatenate([np.zeros(1, dtype=ends.dtype), stops[:-1]])
    contents = ends - ((ends > starts) & (buffer[ends - 1] == CR))
    controls = np.flatnonzero(((buffer < FIRST_PRINTABLE) & (buffer != TAB) & (buffer != LF)) | (buffer == DELETE))
    separators = np.flatnonzero(buffer == SEPARATOR)
    return Lines(
        starts=starts,
        stops=stops,
        fields=_count(separators, starts, contents) + 1,
        blank=contents == starts,
        long=contents - starts > max_line,
        control=_count(controls, starts, contents) > 0,
        columns=columns,
    )


def keep(data: bytes, lines: Lines, wanted: Bools) -> bytes:
    """The bytes of the wanted lines, terminators included."""
    if wanted.all():
        return data
    return np.frombuffer(data, dtype=np.uint8)[np.repeat(wanted, lines.stops - lines.starts)].tobytes()


def to_utf8(data: bytes) -> tuple[bytes, int]:
    """The same lines as UTF-8, and how many were latin-1. A line that is valid UTF-8 is taken as UTF-8.

    FDA says that only printable ASCII is published, and ``?`` for what is not (FAQ 28); older files hold latin-1. Of
    what is beyond, control characters become ``?``.
    """
    if data.isascii():
        return data, 0
    try:
        return C1_CONTROLS.sub("?", data.decode("utf-8")).encode(), 0
    except UnicodeDecodeError:
        pass
    converted = 0
    lines = data.split(b"\n")
    for index, line in enumerate(lines):
        try:
            line.decode("utf-8")
        except UnicodeDecodeError:
            lines[index] = line.decode("latin-1").encode()
            converted += 1
    return C1_CONTROLS.sub("?", b"\n".join(lines).decode()).encode(), converted


def _count(positions: Ints, starts: Ints, ends: Ints) -> Ints:
    """How many of the sorted ``positions`` lie in each half-open range."""
    return np.searchsorted(positions, ends) - np.searchsorted(positions, starts)
