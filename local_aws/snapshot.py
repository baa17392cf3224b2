"""moto's state on disk: saved in the background less than a second behind, restored on start.

moto keeps everything in memory. Each service's backends are pickled into one file, written aside and renamed, so a
reader sees the old state or the new one. S3 bodies are written once, by content, and only referenced. A snapshot
is bound to the exact version of moto, whose private classes it holds.
"""

from __future__ import annotations

import contextlib
import logging
import os
import threading
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from local_aws.blobs import BlobFolder
from local_aws.pickling import Pickler, load

if TYPE_CHECKING:
    from local_aws.moto_backend import MotoBackend

logger = logging.getLogger(__name__)

MAGIC = "local_aws snapshot, moto "
SUFFIX = ".snapshot"
#: From a change to the start of its saving; saving itself takes milliseconds.
PAUSE_SECONDS = 0.3
STOP_TIMEOUT_SECONDS = 30.0


class SnapshotError(Exception):
    """The saved state cannot be used; the message names the file and what to do."""


class Snapshots:
    """Saves the services named to ``touch``; ``restore`` before the first request, ``stop`` after the last."""

    def __init__(self, folder: Path, moto: MotoBackend) -> None:
        self._folder = folder
        self._moto = moto
        self._dirty: set[str] = set()
        self._changed = threading.Condition()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="snapshots", daemon=True)
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._blobs = BlobFolder(folder / "s3-bodies")
        moto.on_change(self.touch)

    def touch(self, service: str) -> None:
        with self._changed:
            self._dirty.add(service)
            self._changed.notify_all()

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Save what is not saved yet and end."""
        self._stopping.set()
        with self._changed:
            self._changed.notify_all()
        if self._thread.is_alive():
            self._thread.join(STOP_TIMEOUT_SECONDS)
        self._save_dirty()

    def restore(self) -> list[str]:
        """Put every saved service back into moto; returns their names."""
        restored = []
        for path in sorted(self._folder.glob(f"*{SUFFIX}")):
            self._restore(path)
            restored.append(path.name.removesuffix(SUFFIX))
        return restored

    def _run(self) -> None:
        while not self._stopping.is_set():
            with self._changed:
                self._changed.wait_for(lambda: bool(self._dirty) or self._stopping.is_set())
            self._stopping.wait(PAUSE_SECONDS)
            self._save_dirty()

    def _save_dirty(self) -> None:
        with self._changed:
            services, self._dirty = sorted(self._dirty), set()
        for service in services:
            try:
                self._save(service)
            except Exception:
                # The previous snapshot stays; the next change of the service tries again.
                logger.exception("the state of %s could not be saved", service)

    def _save(self, service: str) -> None:
        backends = _backends(service)
        if backends is None:
            return
        with self._moto.locked(service):
            content, bodies = self._dump(service, backends)
        self._blobs.sync()
        path = self._folder / f"{service}{SUFFIX}"
        temporary = path.with_suffix(".new")
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        if service == "s3":
            self._blobs.keep_only(bodies)

    def _dump(self, service: str, backends: Any) -> tuple[bytes, set[str]]:
        state = {
            (account, region): dict(backend.__dict__)
            for account, regions in list(backends.items())
            for region, backend in list(regions.items())
        }
        pickler = Pickler(self._blobs)
        pickler.dump(state)
        return f"{MAGIC}{version('moto')}\n".encode() + pickler.content(), pickler.bodies

    def _restore(self, path: Path) -> None:
        service = path.name.removesuffix(SUFFIX)
        header, _, content = path.read_bytes().partition(b"\n")
        text = header.decode("ascii", "replace")
        if not text.startswith(MAGIC):
            raise SnapshotError(f"{path}: not a snapshot: restore it from a copy, or remove it to begin anew")
        written_by = text.removeprefix(MAGIC)
        if written_by != version("moto"):
            raise SnapshotError(
                f"{path}: was saved with moto {written_by}, but moto {version('moto')} is installed: "
                f"install moto=={written_by}, or remove {path.parent} to begin anew"
            )
        try:
            state = load(content, self._blobs)
        except Exception as error:
            raise SnapshotError(f"{path}: is damaged ({error}): restore it, or remove it to begin anew") from error
        backends = _backends(service)
        if backends is None:
            raise SnapshotError(f"{path}: moto has no service {service!r}: remove the file")
        for (account, region), attributes in state.items():
            backends[account][region].__dict__.update(attributes)


def _backends(service: str) -> Any:
    """moto's backends of a service by account and region; None for a service that moto does not have."""
    from moto.backends import get_backend

    with contextlib.suppress(Exception):  # moto raises whatever importing an unknown module raises
        return get_backend(service)  # type: ignore[call-overload]
    return None
