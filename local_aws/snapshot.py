"""One moto service's state as a file, and back.

moto keeps everything in memory. A service's backends are pickled into one file, written aside and renamed, so a
reader sees the old state or the new one. S3 bodies are written once, by content, and only referenced. A snapshot
is bound to the exact version of moto, whose private classes it holds.
"""

from __future__ import annotations

import contextlib
import os
from importlib.metadata import version
from pathlib import Path
from typing import Any

from local_aws.blobs import BlobFolder
from local_aws.pickling import Pickler, load

MAGIC = "local_aws snapshot, moto "
SUFFIX = ".snapshot"


class SnapshotError(Exception):
    """The saved state cannot be used; the message names the file and what to do."""


def dump(service: str, blobs: BlobFolder) -> tuple[bytes, set[str]] | None:
    """The service's state, and the bodies it refers to. Hold the service's lock. None when moto has no such service."""
    backends = _backends(service)
    if backends is None:
        return None
    state = {
        (account, region): dict(backend.__dict__)
        for account, regions in list(backends.items())
        for region, backend in list(regions.items())
    }
    pickler = Pickler(blobs)
    pickler.dump(state)
    return f"{MAGIC}{version('moto')}\n".encode() + pickler.content(), pickler.bodies


def write(path: Path, content: bytes, *, sync: bool = True) -> None:
    """Atomically. Raises ``OSError`` when it cannot; the file that was there then stays."""
    temporary = path.with_name(f"{path.name}.new")
    try:
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            if sync:
                os.fsync(file.fileno())
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


def restore(path: Path, service: str, blobs: BlobFolder) -> None:
    """Put a saved service back into moto."""
    try:
        header, _, content = path.read_bytes().partition(b"\n")
    except OSError as error:
        raise SnapshotError(
            f"{path}: cannot be read ({error.strerror}): give this user the right to read it, restore it from a copy, "
            f"or remove {path.parent} to begin anew"
        ) from error
    _check_header(path, header)
    backends = _backends(service)
    if backends is None:
        raise SnapshotError(f"{path}: moto has no service {service!r}: remove the file")
    try:
        state = load(content, blobs)
    except Exception as error:
        raise SnapshotError(f"{path}: is damaged ({error}): restore it, or remove it to begin anew") from error
    for (account, region), attributes in state.items():
        backends[account][region].__dict__.update(attributes)


def _check_header(path: Path, header: bytes) -> None:
    text = header.decode("ascii", "replace")
    if not text.startswith(MAGIC):
        raise SnapshotError(f"{path}: not a snapshot: restore it from a copy, or remove it to begin anew")
    written_by = text.removeprefix(MAGIC)
    if written_by != version("moto"):
        raise SnapshotError(
            f"{path}: was saved with moto {written_by}, but moto {version('moto')} is installed: "
            f"install moto=={written_by}, or remove {path.parent} to begin anew"
        )


def _backends(service: str) -> Any:
    """moto's backends of a service by account and region; None for a service that moto does not have."""
    from moto.backends import get_backend

    with contextlib.suppress(Exception):  # moto raises whatever importing an unknown module raises
        return get_backend(service)  # type: ignore[call-overload]
    return None
