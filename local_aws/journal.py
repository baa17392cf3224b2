"""An append-only file of records that survives the end of the process at any moment.

A record is a frame (magic, length of the payload, CRC-32 of the payload, CRC-32 of these three) and its payload. A
frame that the end of the file cuts short was being written when the process ended: nobody was answered, and it is
dropped. Anything else that does not fit is damage, and is refused.
"""

from __future__ import annotations

import os
import struct
import threading
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

MAGIC = b"LAJ1"
HEAD = struct.Struct("<4sII")
CHECK = struct.Struct("<I")
FRAME_BYTES = HEAD.size + CHECK.size
MOST_BYTES = 1 << 30


class JournalError(Exception):
    """The journal is damaged; the message names the file, the place and what to do."""


class Journal:
    """One file to append to. Safe for threads."""

    def __init__(self, path: Path, *, fsync: bool = False) -> None:
        self.path = path
        self._fsync = fsync
        self._lock = threading.Lock()
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        self.size = os.fstat(self._file).st_size

    def append(self, payload: bytes) -> None:
        """Written when this returns. On ``OSError`` (a full disk) the file is as it was before."""
        head = HEAD.pack(MAGIC, len(payload), zlib.crc32(payload))
        record = b"".join((head, CHECK.pack(zlib.crc32(head)), payload))
        with self._lock:
            try:
                self._write(record)
                if self._fsync:
                    os.fsync(self._file)
            except OSError:
                os.ftruncate(self._file, self.size)
                raise
            self.size += len(record)

    def close(self) -> None:
        with self._lock:
            os.close(self._file)

    def _write(self, record: bytes) -> None:
        view = memoryview(record)
        while view:
            view = view[os.write(self._file, view) :]


@dataclass(frozen=True)
class Content:
    """``length`` counts the bytes of whole records; what follows them was never answered."""

    payloads: tuple[bytes, ...]
    length: int


def read(path: Path) -> Content:
    """Every whole record. Raises ``JournalError`` for a file that is damaged before its end."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise JournalError(f"{path}: cannot be read ({error.strerror}): give this user the right to read it") from error
    payloads: list[bytes] = []
    length = 0
    for payload in _frames(path, content):
        payloads.append(payload)
        length += FRAME_BYTES + len(payload)
    return Content(tuple(payloads), length)


def _frames(path: Path, content: bytes) -> Iterator[bytes]:
    at = 0
    while len(content) - at >= FRAME_BYTES:
        head = content[at : at + HEAD.size]
        magic, length, checksum = HEAD.unpack(head)
        (check,) = CHECK.unpack_from(content, at + HEAD.size)
        if magic != MAGIC or zlib.crc32(head) != check or length > MOST_BYTES:
            if not any(content[at:]):
                return  # a machine that lost power may leave zeroes where the last records were to be
            raise _damaged(path, at)
        end = at + FRAME_BYTES + length
        if end > len(content):
            return
        payload = content[at + FRAME_BYTES : end]
        if zlib.crc32(payload) != checksum:
            if end == len(content):
                return
            raise _damaged(path, at)
        yield payload
        at = end


def _damaged(path: Path, at: int) -> JournalError:
    return JournalError(
        f"{path}: is damaged at byte {at}: restore the file from a copy; or, to go on with what was answered before "
        f"that byte, cut it there with `truncate --size={at} {path}`"
    )
