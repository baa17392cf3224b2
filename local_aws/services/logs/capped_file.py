"""Log files that stay bounded: the middle of a long one is given back to the disk, its beginning and end are kept.

The writer holds the file open and goes on appending, so the file cannot be rotated; a hole leaves every offset as it
was (https://man7.org/linux/man-pages/man2/fallocate.2.html, FALLOC_FL_PUNCH_HOLE).
"""

from __future__ import annotations

import ctypes
import logging
import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from local_aws.api import Context

logger = logging.getLogger(__name__)

HOLE = "logs.hole"
KEEP_SIZE, PUNCH_HOLE = 1, 2
BLOCK_BYTES = 4096
HEAD_SHARE = 0.25
SLACK_SHARE = 0.25


@dataclass(frozen=True)
class Hole:
    """Bytes ``start`` to ``end`` of a file are gone; 0 to 0 for none."""

    start: int = 0
    end: int = 0


def hole_of(context: Context, file: str) -> Hole:
    """``file`` is relative to the state folder."""
    found = context.store.get(HOLE, file)
    return Hole() if found is None else Hole(found["start"], found["end"])


def forget(context: Context, file: str) -> None:
    """The file is a new one of the same name."""
    context.store.delete(HOLE, file)


def keep_bounded(context: Context, file: Path, limit_bytes: int) -> None:
    """Once a file holds a quarter more than ``limit_bytes``, all but its first quarter and its end is dropped."""
    try:
        size = file.stat().st_size
    except OSError:
        return
    if size <= limit_bytes * (1 + SLACK_SHARE):
        return
    name = file.relative_to(context.state_dir).as_posix()
    old = hole_of(context, name)
    if size - (old.end - old.start) <= limit_bytes * (1 + SLACK_SHARE):
        return
    head = _up(int(limit_bytes * HEAD_SHARE))
    new = Hole(old.start or head, (size - limit_bytes + head) // BLOCK_BYTES * BLOCK_BYTES)
    if new.end > max(new.start, old.end):
        # Readers leave the hole out before it is there.
        context.store.put(HOLE, name, {"start": new.start, "end": new.end})
        _punch(file, new)


def _punch(file: Path, hole: Hole) -> None:
    descriptor = os.open(file, os.O_RDWR)
    try:
        if _libc().fallocate(descriptor, PUNCH_HOLE | KEEP_SIZE, hole.start, hole.end - hole.start) != 0:
            number = ctypes.get_errno()
            logger.warning("the middle of a long log stays on disk: %s", os.strerror(number))
    finally:
        os.close(descriptor)


@cache
def _libc() -> Any:
    libc = ctypes.CDLL(None, use_errno=True)
    libc.fallocate.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_longlong, ctypes.c_longlong]
    return libc


def _up(number: int) -> int:
    return -(-number // BLOCK_BYTES) * BLOCK_BYTES
