"""Captured records on disk before the answer goes out, so that a killed server loses none of them.

A segment is one file, which becomes one object: its first line says where that object goes, each other line is a
record. A write to a file outlives the process that made it; only a crash of the whole machine may lose it. A segment
stays on disk for a while after its upload, because the object store may be killed before it has saved the object.
"""

from __future__ import annotations

import json
import os
import uuid
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

OPEN, UPLOADED = ".segment", ".uploaded"


@dataclass(frozen=True)
class Target:
    """``folder`` is the S3 URI that the object's name is added to; ``role`` writes it for ``endpoint``."""

    folder: str
    name: str
    kms_key: str | None
    role: str | None
    endpoint: str


class Segment:
    """A file that takes records. Not safe for threads."""

    def __init__(self, root: Path, target: Target, moment: float) -> None:
        self.opened = moment
        self.records = 0
        self.path = root / f"{uuid.uuid4()}{OPEN}"
        self._file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_EXCL, 0o600)
        self._write(asdict(target))

    def append(self, record: dict[str, Any]) -> None:
        self._write(record)
        self.records += 1

    def close(self) -> Path:
        os.close(self._file)
        return self.path

    def _write(self, document: dict[str, Any]) -> None:
        line = json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"
        view = memoryview(line)
        while view:
            view = view[os.write(self._file, view) :]


def read(path: Path) -> tuple[Target, bytes] | None:
    """Where a segment goes and its records, one a line. None: it holds no whole record.

    A line without its end was cut off by a kill; the answer to that request was never sent.
    """
    content = path.read_bytes()
    content = content[: content.rfind(b"\n") + 1]
    head, _, body = content.partition(b"\n")
    if not body:
        return None
    return Target(**json.loads(head)), body


def left_behind(root: Path) -> list[Path]:
    """The segments of a server that has ended, oldest first: not uploaded, or perhaps not saved since."""
    files = [path for path in root.glob("*") if path.suffix in (OPEN, UPLOADED)]
    return sorted(files, key=lambda path: path.stat().st_mtime_ns)


def mark_uploaded(path: Path) -> Path:
    return path.rename(path.with_suffix(UPLOADED))
