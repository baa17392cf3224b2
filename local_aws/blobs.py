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

    def add(self, body: bytes) -> str:
        """Write the body unless it is there; returns its name."""
        name = hashlib.sha256(body).hexdigest()
        if name not in self._known:
            temporary = self._folder / f"{name}.new"
            with temporary.open("wb") as file:
                file.write(body)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(self._folder / name)
            self._known.add(name)
        return name

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
