"""Bodies by content: each distinct body is one file named by its SHA-256."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Set as AbstractSet
from pathlib import Path

#: More files than this are forced to disk all at once.
MOST_SYNCED_ALONE = 100


class BlobFolder:
    """A folder of bodies. Safe for threads."""

    def __init__(self, folder: Path, *, fsync: bool = False) -> None:
        self._folder = folder
        self._fsync = fsync
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._lock = threading.Lock()
        self._known: set[str] = set()
        #: Added or named again since ``begin``: whoever decides what to keep cannot know them yet.
        self._recent: set[str] = set()
        self.look()

    def look(self) -> None:
        """Learn which bodies are there, after another process wrote some."""
        with self._lock:
            self._known = {path.name for path in self._folder.iterdir() if path.suffix == ""}

    def begin(self) -> None:
        """From here on ``keep_only`` spares what is added."""
        with self._lock:
            self._recent = set()

    def add(self, body: bytes) -> str:
        """Write the body unless it is there; returns its name. Raises ``OSError`` when it cannot."""
        name = hashlib.sha256(body).hexdigest()
        with self._lock:
            if name not in self._known:
                # The process is in the name: a checkpoint's process may write the same body at the same time.
                temporary = self._folder / f"{name}.{os.getpid()}.new"
                try:
                    temporary.write_bytes(body)
                    if self._fsync:
                        self.sync({temporary.name})
                    temporary.replace(self._folder / name)
                except OSError:
                    temporary.unlink(missing_ok=True)
                    raise
                self._known.add(name)
            self._recent.add(name)
        return name

    def sync(self, names: AbstractSet[str]) -> None:
        """Force bodies to disk; it takes milliseconds a file, so nobody should be kept waiting meanwhile."""
        if len(names) > MOST_SYNCED_ALONE:
            os.sync()
            return
        for name in names:
            with (self._folder / name).open("rb") as file:
                os.fsync(file.fileno())

    def read(self, name: str) -> bytes:
        """Raises ``ValueError`` for a body that was changed on disk."""
        body = (self._folder / name).read_bytes()
        if hashlib.sha256(body).hexdigest() != name:
            raise ValueError(f"body {name} was changed on disk")
        return body

    def keep_only(self, names: AbstractSet[str]) -> None:
        """Remove the bodies that nothing refers to any more, and what a killed process left half written."""
        with self._lock:
            for name in self._known - names - self._recent:
                (self._folder / name).unlink(missing_ok=True)
            self._known &= names | self._recent
            for path in self._folder.glob("*.new"):
                path.unlink(missing_ok=True)
