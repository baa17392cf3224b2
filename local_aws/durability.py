"""What a client was answered survives ``kill -9``: moto's state as checkpoints and a journal of what came after.

A change of a deterministic service is written to the journal before moto sees it, with the time and the seed of
chance by which moto then runs it; a start restores the last checkpoint and runs the journal again. The other
services (KMS, Cognito, ...: small, seldom changed, and with real cryptography inside) are saved whole before the
answer. Why so: ``docs/decisions/0009-a-journal-before-moto.md``.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import logging
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from local_aws import changes, checkpoint, determinism, journal, snapshot
from local_aws.blobs import BlobFolder
from local_aws.changes import Change, Outcome
from local_aws.checkpoint import Checkpoint
from local_aws.journal import Journal, JournalError
from local_aws.kill_points import passing
from local_aws.moto_backend import Answered, MotoBackend, reached
from local_aws.pickling import write_large_bodies_at_once
from local_aws.protocol import Response

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Waiting:
    """What has changed since the last checkpoint, as far as it stands in journals that are closed."""

    services: set[str]
    entries: int
    body_bytes: int


class Durability:
    """``restore`` before the first request, ``close`` after the last; a ``Checkpointer`` calls ``rotate`` meanwhile."""

    def __init__(self, folder: Path, moto: MotoBackend, *, fsync: bool = False) -> None:
        self.folder = folder
        self.moto = moto
        self.dirty: set[str] = set()
        self.replayed = 0
        self.differences = 0
        self.entries = 0
        self.body_bytes = 0
        self.last_change = time.monotonic()
        self._fsync = fsync
        self._saved: dict[str, bytes] = {}
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.blobs = BlobFolder(folder / "s3-bodies", fsync=fsync)
        write_large_bodies_at_once(self.blobs)

    def restore(self) -> None:
        """Raises ``SnapshotError`` or ``JournalError`` for a state that cannot be used."""
        found = checkpoint.read(self.folder)
        checkpoint.restore(self.folder, found, self.blobs)
        self.checkpoint = found or Checkpoint()
        files = [entry for entry in checkpoint.journals(self.folder) if entry[0] >= self.checkpoint.generation]
        if found and (not files or files[0][0] != found.generation):
            path = self.folder / f"{checkpoint.JOURNAL}{found.generation}"
            raise JournalError(f"{path}: is missing: restore it from a copy, or `touch` it to go on without it")
        last = 0
        for _, path in files:
            last = self._replay(path) or last
        self._numbers = itertools.count(last + 1)
        self.generation = files[-1][0] if files else self.checkpoint.generation
        self.journal = self._open(self.generation)
        self.entries = self.replayed
        checkpoint.remove_leftovers(self.folder, self.checkpoint)
        self.moto.keep_changes(self.keep)

    def close(self) -> None:
        self.journal.close()

    @contextlib.contextmanager
    def keep(
        self, service: str, action: str, environ: dict[str, Any], body: bytes, at: int, seed: int
    ) -> Iterator[Answered]:
        """Around a change, under the locks of what it reaches; gives the function that takes moto's answer.

        Raises ``OSError`` when the change cannot be kept: before moto saw it, or, for a service that is saved whole,
        after that, and then the next change of the service saves both.
        """
        if service not in determinism.DETERMINISTIC:
            yield _ignore
            self._save_whole(service)
            return
        change = Change(next(self._numbers), service, action, changes.plain(environ), body, at, seed)
        passing("journal.before")
        self.journal.append(changes.encode_change(change, self.blobs))
        passing("journal.after")
        self.dirty.update(reached(service))
        self.entries += 1
        self.body_bytes += len(body)
        self.last_change = time.monotonic()
        yield self._told(change)
        passing("answer.before")

    def rotate(self) -> Waiting:
        """Begin the next journal; returns what the journals before it hold. Hold every lock."""
        self.journal, previous = self._open(self.generation + 1), self.journal
        self.generation += 1
        previous.close()
        self.blobs.begin()
        waiting = Waiting(self.dirty, self.entries, self.body_bytes)
        self.dirty, self.entries, self.body_bytes = set(), 0, 0
        return waiting

    def still_waiting(self, waiting: Waiting) -> None:
        """No checkpoint came of it: a start would replay the older journals as well."""
        with self.moto.locked(*determinism.DETERMINISTIC):
            self.dirty |= waiting.services
            self.entries += waiting.entries
            self.body_bytes += waiting.body_bytes

    def status(self) -> dict[str, Any]:
        """The journal and the last checkpoint, for ``python -m local_aws status``."""
        path = self.folder / checkpoint.NAME
        taken = datetime.fromtimestamp(path.stat().st_mtime, UTC).isoformat(timespec="seconds") if path.exists() else ""
        return {
            "journal": str(self.journal.path),
            "journalEntries": self.entries,
            "journalBytes": self.journal.size,
            "lastCheckpoint": taken,
            "replayedAtStart": self.replayed,
            "replayDifferences": self.differences,
        }

    def _told(self, change: Change) -> Answered:
        def told(response: Response | None) -> None:
            # The change itself is kept: an outcome that finds no room costs a comparison, nothing else.
            with contextlib.suppress(OSError):
                self.journal.append(changes.encode_outcome(change.number, changes.outcome_of(response)))

        return told

    def _save_whole(self, service: str) -> None:
        dumped = snapshot.dump(service, self.blobs)
        if dumped is None:
            return
        digest = hashlib.sha256(dumped[0]).digest()
        if self._saved.get(service) != digest:
            snapshot.write(self.folder / f"{service}{snapshot.SUFFIX}", dumped[0], sync=self._fsync)
            self._saved[service] = digest
        passing("answer.before")

    def _open(self, generation: int) -> Journal:
        """Raises ``OSError`` when there is no room for a new file."""
        path = self.folder / f"{checkpoint.JOURNAL}{generation}"
        opened = Journal(path, fsync=self._fsync)
        if opened.size == 0:
            try:
                opened.append(_first_record())
            except OSError:
                opened.close()
                path.unlink(missing_ok=True)
                raise
        return opened

    def _replay(self, path: Path) -> int:
        """Run a journal's changes again; returns the number of the last one, 0 when there is none."""
        content = journal.read(path)
        if content.length < path.stat().st_size:
            logger.warning("%s: the last record was cut short by a kill and was not answered: dropped", path)
            os.truncate(path, content.length)
        if not content.payloads:
            return 0
        _check_version(path, content.payloads[0])
        try:
            found, outcomes = changes.decode(content.payloads[1:], self.blobs)
        except JournalError as error:
            raise JournalError(f"{path}: {error}") from error
        for change in found:
            self._run_again(change, outcomes.get(change.number))
        return found[-1].number if found else 0

    def _run_again(self, change: Change, expected: Outcome | None) -> None:
        for name in reached(change.service):
            determinism.cover(name)
        response = None
        # What moto failed at then it fails at again, with the same half of the change made.
        with determinism.fixed(change.nanoseconds, change.seed), contextlib.suppress(Exception):
            response = self.moto.run(change.service, change.action, change.environ, change.body)
        outcome = changes.outcome_of(response)
        self.replayed += 1
        self.body_bytes += len(change.body)
        self.dirty.update(reached(change.service))
        if expected is not None and outcome != expected:
            self.differences += 1
            logger.warning(
                "replayed change %d (%s.%s) gave another answer: status %d, not %d, or another body",
                *(change.number, change.service, change.action or change.environ.get("REQUEST_METHOD")),
                *(outcome.status, expected.status),
            )


def _first_record() -> bytes:
    return f'{{"moto": "{version("moto")}"}}\n'.encode()


def _check_version(path: Path, first: bytes) -> None:
    if first != _first_record():
        text = first.decode("utf-8", "replace").strip()
        raise JournalError(
            f"{path}: was written with {text}, but moto {version('moto')} is installed: install that version, "
            f"or remove {path.parent} to begin anew"
        )


def _ignore(response: Response | None) -> None:
    """A service that is saved whole has no outcome to compare."""
