"""When a checkpoint is made, and how: in a copy of the process, so that requests wait for milliseconds only."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import asdict

from local_aws import checkpoint, limits
from local_aws.checkpoint import Checkpoint, Dumped
from local_aws.determinism import DETERMINISTIC
from local_aws.durability import Durability
from local_aws.forked import Forked, ForkedError
from local_aws.kill_points import passing

logger = logging.getLogger(__name__)

LOOK_SECONDS = 0.5
COPY_TIMEOUT_SECONDS = 180.0
STOP_TIMEOUT_SECONDS = 30.0
#: A long checkpoint is not followed at once by the next one, unless the journal has grown to so many limits.
REST = 4
LONGEST = 4


class Checkpointer:
    """``start`` after ``Durability.restore``; ``stop`` after the last request."""

    def __init__(self, durability: Durability) -> None:
        self._durability = durability
        self._entries = limits.CHECKPOINT_ENTRIES.value()
        self._bytes = limits.CHECKPOINT_MEGABYTES.value() * 1e6
        self._idle = limits.CHECKPOINT_IDLE_SECONDS.value()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="checkpoints", daemon=True)
        self._bodies: set[str] | None = None
        self._took = 0.0
        self._ended = time.monotonic()

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """One last checkpoint, so that the next start has nothing to replay."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(STOP_TIMEOUT_SECONDS)
        if self._durability.entries:
            self._make(copied=False)

    def _run(self) -> None:
        while not self._stopping.wait(LOOK_SECONDS):
            if self._due():
                self._make(copied=True)

    def _due(self) -> bool:
        durability, now = self._durability, time.monotonic()
        length = max(durability.entries / max(1.0, self._entries), durability.body_bytes / max(1.0, self._bytes))
        if durability.entries == 0:
            return False
        if length >= LONGEST:
            return True
        rested = now - self._ended >= REST * self._took
        return rested and (length >= 1 or now - durability.last_change >= self._idle)

    def _make(self, *, copied: bool) -> None:
        began = time.monotonic()
        waiting: set[str] = set()
        try:
            self._checkpoint(waiting, copied=copied)
        except (OSError, ForkedError):
            # The journals hold everything since the last checkpoint: nothing is lost, a start takes longer.
            self._durability.dirty |= waiting
            logger.exception("a checkpoint could not be made; the next one tries again")
        self._ended = time.monotonic()
        self._took = self._ended - began

    def _checkpoint(self, waiting: set[str], *, copied: bool) -> None:
        durability, folder, blobs = self._durability, self._durability.folder, self._durability.blobs
        known = self._bodies or set()

        def dump() -> Dumped:
            return checkpoint.dump(folder, generation, waiting, blobs, known)

        with durability.moto.locked(*DETERMINISTIC):
            waiting |= durability.rotate()
            if self._bodies is None:
                waiting.add("s3")  # only its dump tells which bodies are still in use
            generation = durability.generation
            passing("checkpoint.rotated")
            finish = self._copy(dump) if copied else _done(dump())
        dumped = finish()
        passing("checkpoint.written")
        made = Checkpoint(generation, {**durability.checkpoint.services, **dumped.services})
        checkpoint.write(folder, made)
        passing("checkpoint.renamed")
        durability.checkpoint = made
        checkpoint.remove_leftovers(folder, made)
        if dumped.bodies is not None:
            self._bodies = set(dumped.bodies)
        blobs.look()
        blobs.keep_only(self._bodies or set())

    def _copy(self, dump: Callable[[], Dumped]) -> Callable[[], Dumped]:
        copy = Forked(lambda: json.dumps(asdict(dump())).encode())
        return lambda: Dumped(**json.loads(copy.result(COPY_TIMEOUT_SECONDS)))


def _done(dumped: Dumped) -> Callable[[], Dumped]:
    return lambda: dumped
