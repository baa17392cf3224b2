"""When a checkpoint is made, and how: in a copy of the process, so that requests wait for milliseconds only."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import asdict

from local_aws import checkpoint
from local_aws.checkpoint import Checkpoint, Dumped
from local_aws.determinism import DETERMINISTIC
from local_aws.durability import Durability, Waiting
from local_aws.forked import Forked, ForkedError
from local_aws.kill_points import passing
from local_aws.settings import ServerSettings

logger = logging.getLogger(__name__)

LOOK_SECONDS = 0.5
COPY_TIMEOUT_SECONDS = 60.0
RETRY_SECONDS = 10.0
STOP_TIMEOUT_SECONDS = 30.0
#: A long checkpoint is not followed at once by the next one, unless the journal has grown to so many limits.
REST = 4
LONGEST = 2


class Checkpointer:
    """``start`` after ``Durability.restore``; ``stop`` after the last request."""

    def __init__(self, durability: Durability) -> None:
        self._durability = durability
        settings = ServerSettings.from_environment()
        self._entries = settings.checkpoint_entries
        self._bytes = settings.checkpoint_mb * 1e6
        self._idle = settings.checkpoint_idle_seconds
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="checkpoints", daemon=True)
        self._bodies: set[str] | None = None
        self._took = 0.0
        self._ended = time.monotonic()
        self._not_before = 0.0
        self._copied: Forked | None = None

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """One last checkpoint, so that the next start has nothing to replay."""
        self._stopping.set()
        if (copy := self._copied) is not None:
            copy.cancel()
        if self._thread.is_alive():
            self._thread.join(STOP_TIMEOUT_SECONDS)
        if self._durability.entries:
            self._make(copied=False)

    def _run(self) -> None:
        while not self._stopping.wait(LOOK_SECONDS):
            try:
                if self._due():
                    self._make(copied=True)
            except Exception:
                self._not_before = time.monotonic() + RETRY_SECONDS
                logger.exception("a checkpoint could not be made; the next try is in %g s", RETRY_SECONDS)

    def _due(self) -> bool:
        durability, now = self._durability, time.monotonic()
        length = max(durability.entries / max(1.0, self._entries), durability.body_bytes / max(1.0, self._bytes))
        if durability.entries == 0 or now < self._not_before:
            return False
        if length >= LONGEST:
            return True
        rested = now - self._ended >= REST * self._took
        return rested and (length >= 1 or now - durability.last_change >= self._idle)

    def _make(self, *, copied: bool) -> None:
        began = time.monotonic()
        try:
            with self._durability.moto.locked(*DETERMINISTIC):
                waiting = self._durability.rotate()
                passing("checkpoint.rotated")
                finish = self._begin(waiting, copied=copied)
            self._finish(waiting, finish)
        except (OSError, ForkedError) as error:
            # The journals hold everything since the last checkpoint: nothing is lost, a start takes longer.
            self._not_before = time.monotonic() + RETRY_SECONDS
            if not self._stopping.is_set():
                logger.warning("a checkpoint could not be made (%s); the next try is in %g s", error, RETRY_SECONDS)
        self._ended = time.monotonic()
        self._took = self._ended - began

    def _begin(self, waiting: Waiting, *, copied: bool) -> Callable[[], Dumped]:
        """Under every lock: dump at once, or let a copy of the process do it meanwhile."""
        folder, blobs, generation = self._durability.folder, self._durability.blobs, self._durability.generation
        # Only a dump of S3 tells which bodies are still in use.
        services = waiting.services | ({"s3"} if self._bodies is None else set())
        known = self._bodies or set()

        def dump() -> Dumped:
            return checkpoint.dump(folder, generation, services, blobs, known)

        try:
            if copied:
                return self._copy(dump)
            dumped = dump()
        except OSError:
            self._durability.still_waiting(waiting)
            raise
        return lambda: dumped

    def _finish(self, waiting: Waiting, finish: Callable[[], Dumped]) -> None:
        durability, generation = self._durability, self._durability.generation
        try:
            dumped = finish()
            passing("checkpoint.written")
            made = Checkpoint(generation, {**durability.checkpoint.services, **dumped.services})
            checkpoint.write(durability.folder, made)
        except (OSError, ForkedError):
            durability.still_waiting(waiting)
            raise
        passing("checkpoint.renamed")
        durability.checkpoint = made
        checkpoint.remove_leftovers(durability.folder, made)
        if dumped.bodies is not None:
            self._bodies = set(dumped.bodies)
        durability.blobs.look()
        durability.blobs.keep_only(self._bodies or set())

    def _copy(self, dump: Callable[[], Dumped]) -> Callable[[], Dumped]:
        self._copied = copy = Forked(lambda: json.dumps(asdict(dump())).encode())

        def finish() -> Dumped:
            try:
                return Dumped(**json.loads(copy.result(COPY_TIMEOUT_SECONDS)))
            finally:
                self._copied = None

        return finish
