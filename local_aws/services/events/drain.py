"""The thread that takes events off the outbox, in order, and turns each into orders for the targets of its rules."""

from __future__ import annotations

import logging
import threading

from local_aws.api import Context
from local_aws.services.bells import bell_of
from local_aws.services.event_bus import BUS_KEY, DEFAULT_BUS, OUTBOX
from local_aws.services.events.rules import route

logger = logging.getLogger(__name__)

LOOK_SECONDS = 5.0


class Drain:
    def __init__(self, aws: Context) -> None:
        self._aws = aws
        self._bell = bell_of(aws.store, OUTBOX)
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="event-bus", daemon=True)

    def start(self) -> None:
        self._bell.set()
        self._thread.start()

    def close(self) -> None:
        self._closed.set()
        self._bell.set()

    def drain_once(self) -> int:
        """Publish every event that is pending; returns how many."""
        events = self._aws.store.list(OUTBOX)
        for key, event in events:
            bus = event.pop(BUS_KEY, DEFAULT_BUS)
            # The event leaves and its orders come together: a kill loses none and doubles none.
            with self._aws.store.transaction():
                try:
                    route(self._aws, event, bus)
                except (ValueError, KeyError, TypeError):
                    # One event that no rule can be held against must not stop those behind it.
                    logger.exception("an event for the bus %s is dropped", bus)
                self._aws.store.delete(OUTBOX, key)
        return len(events)

    def _run(self) -> None:
        while not self._closed.is_set():
            self._bell.wait(LOOK_SECONDS)
            self._bell.clear()
            if self._closed.is_set():
                return
            try:
                self.drain_once()
            except Exception:
                if not self._closed.is_set():
                    logger.exception("an event could not be published; trying again in %g s", LOOK_SECONDS)
