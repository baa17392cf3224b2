"""Records and folders on disk: the same record has the same bytes, and a folder appears whole or not at all."""

from __future__ import annotations

import shutil
from pathlib import Path

from pydantic import BaseModel

from vigil.digests import canonical_json


class OutputExistsError(Exception):
    """The folder to write holds something already."""


def record_bytes(record: BaseModel) -> bytes:
    """A record as canonical JSON, on a line of its own."""
    return canonical_json(record.model_dump(mode="json")) + b"\n"


def write_record(path: Path, record: BaseModel) -> None:
    """Write a record's bytes to ``path``, whose folder may not exist yet."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(record_bytes(record))


def put_in_place(done: Path, output: Path) -> None:
    """Move the finished folder ``done`` to ``output``. Raises ``OutputExistsError``; an empty folder may be there."""
    output.parent.mkdir(parents=True, exist_ok=True)
    if output.is_dir() and not any(output.iterdir()):
        output.rmdir()
    if output.exists():
        raise OutputExistsError(f"{output} is not empty: remove it, or name a folder that does not exist yet")
    shutil.move(done, output)
