"""Bodies by content: each distinct body is one file named by its SHA-256."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Set as AbstractSet
from pathlib import Path


class BlobFolder:
    """A folder of bodies. One writer at a time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._known = {path.name for path in folder.iterdir() if path.suffix == ""}
        self._unsynced: list[Path] = []

    def add(self, body: bytes) -> str:
        """Write the body unless it is there; returns its name. ``sync`` makes it durable."""
        name = hashlib.sha256(body).hexdigest()
        if name not in self._known:
            temporary, path = self._folder / f"{name}.new", self._folder / name
            temporary.write_bytes(body)
            temporary.replace(path)
            self._known.add(name)
            self._unsynced.append(path)
        return name

    def sync(self) -> None:
        """Force to disk what was added; it takes milliseconds a file, so nobody should be kept waiting meanwhile."""
        for path in self._unsynced:
            with path.open("rb") as file:
                os.fsync(file.fileno())
        self._unsynced.clear()

    def read(self, name: str) -> bytes:
        """Raises ``ValueError`` for a body that was changed on disk."""
        body = (self._folder / name).read_bytes()
        if hashlib.sha256(body).hexdigest() != name:
            raise ValueError(f"body {name} was changed on disk")
        return body

    def keep_only(self, names: AbstractSet[str]) -> None:
        """Remove the bodies that nothing refers to any more."""
        for name in self._known - names:
            (self._folder / name).unlink(missing_ok=True)
        self._known &= names
