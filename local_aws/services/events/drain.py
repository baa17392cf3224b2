"""The thread that takes events off the outbox, in order, and turns each into orders for the targets of its rules."""

from __future__ import annotations

import logging

from local_aws.api import Context
from local_aws.services.bells import bell_of
from local_aws.services.event_bus import BUS_KEY, DEFAULT_BUS, OUTBOX
from local_aws.services.events.rules import route
from local_aws.services.rounds import Rounds

logger = logging.getLogger(__name__)

LOOK_SECONDS = 5.0


class Drain:
    def __init__(self, aws: Context) -> None:
        self._aws = aws
        self._bell = bell_of(aws.store, OUTBOX)
        trouble = f"an event could not be published; trying again in {LOOK_SECONDS:g} s"
        self._rounds = Rounds("event-bus", LOOK_SECONDS, lambda _: self.drain_once(), trouble, self._bell)

    def start(self) -> None:
        self._bell.set()
        self._rounds.start()

    def close(self) -> None:
        self._rounds.close()

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
