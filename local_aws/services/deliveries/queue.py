"""The threads that deliver: in order for each target, several targets at a time, again after a failure."""

from __future__ import annotations

import heapq
import logging
import random
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any, Protocol, cast

from local_aws.api import Context
from local_aws.services.bells import bell_of
from local_aws.services.deliveries.dead_letters import bury
from local_aws.services.deliveries.failures import DeliveryError, PostponedError
from local_aws.services.deliveries.orders import KIND, Order
from local_aws.services.deliveries.targets import send

logger = logging.getLogger(__name__)

THREADS = 4
FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 60.0
LOOK_SECONDS = 5.0


class Send(Protocol):
    def __call__(self, aws: Context, order: Order, key: str) -> None: ...


class Deliveries:
    """An order that waits for its next attempt does not hold up the orders behind it."""

    def __init__(self, aws: Context, send: Send = send, now: Callable[[], float] = time.time) -> None:
        self._aws, self._send, self._now = aws, send, now
        self._changed = threading.Condition()
        self._known: set[str] = set()
        self._lanes: dict[str, deque[str]] = {}
        self._busy: set[str] = set()
        self._later: list[tuple[float, str, str]] = []
        self._closed = False
        self._threads = [
            threading.Thread(target=self._work, name=f"delivery-{number}", daemon=True) for number in range(THREADS)
        ]
        self._threads.append(threading.Thread(target=self._watch, name="delivery-orders", daemon=True))
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        bell_of(self._aws.store, KIND).set()

    def look(self) -> None:
        """Take up the orders of the store that are not known yet."""
        orders = self._aws.store.list(KIND)
        with self._changed:
            for key, order in orders:
                if key not in self._known:
                    self._known.add(key)
                    self._line_up(key, order["arn"], order["due"])
            self._changed.notify_all()

    def _watch(self) -> None:
        bell = bell_of(self._aws.store, KIND)
        while not self._closed:
            bell.clear()
            try:
                self.look()
            except Exception:
                if not self._closed:
                    logger.exception("the orders could not be read")
            bell.wait(LOOK_SECONDS)

    def _line_up(self, key: str, lane: str, due: float) -> None:
        if due > self._now():
            heapq.heappush(self._later, (due, key, lane))
        else:
            self._lanes.setdefault(lane, deque()).append(key)

    def _work(self) -> None:
        while (found := self._next()) is not None:
            key, lane = found
            try:
                again = self._attempt(key)
            except Exception:
                if not self._closed:
                    logger.exception("a delivery to %s failed inside local_aws", lane)
                again = self._now() + LONGEST_PAUSE_SECONDS
            with self._changed:
                self._busy.discard(lane)
                if again is None:
                    self._known.discard(key)
                else:
                    heapq.heappush(self._later, (again, key, lane))
                self._changed.notify_all()

    def _next(self) -> tuple[str, str] | None:
        """The next order whose target nobody is busy with; None when closed."""
        with self._changed:
            while not self._closed:
                while self._later and self._later[0][0] <= self._now():
                    _, key, lane = heapq.heappop(self._later)
                    self._lanes.setdefault(lane, deque()).append(key)
                for lane, keys in self._lanes.items():
                    if lane not in self._busy:
                        key = keys.popleft()
                        if not keys:
                            del self._lanes[lane]
                        self._busy.add(lane)
                        return key, lane
                until = self._later[0][0] - self._now() if self._later else LOOK_SECONDS
                self._changed.wait(min(max(until, 0.0), LOOK_SECONDS))
            return None

    def _attempt(self, key: str) -> float | None:
        """Try once; returns when to try again, or None when the order is done."""
        document = self._aws.store.get(KIND, key)
        if document is None:
            return None
        order = cast(Order, document)
        try:
            self._send(self._aws, order, key)
        except PostponedError as error:
            return error.due
        except DeliveryError as error:
            if self._closed:
                return self._now() + LONGEST_PAUSE_SECONDS  # not tried: the next start will
            return self._failed(key, order, document, error)
        self._aws.store.delete(KIND, key)
        return None

    def _failed(self, key: str, order: Order, document: dict[str, Any], error: DeliveryError) -> float | None:
        order["attempts"] += 1
        logger.info("delivery %d to %s failed: %s", order["attempts"], order["arn"], error)
        pause: float = min(FIRST_PAUSE_SECONDS * 2 ** min(order["attempts"] - 1, 16), LONGEST_PAUSE_SECONDS)
        due = self._now() + error.retry_after + pause * random.uniform(0.5, 1.0)  # noqa: S311 - spreads retries, guards nothing
        exhausted = None
        if order["attempts"] > order["retries"]:
            exhausted = "MaximumRetryAttempts"
        elif due - order["since"] >= order["age"]:
            exhausted = "MaximumEventAgeInSeconds"
        if error.lasting or exhausted:
            # Buried before it is forgotten: a kill in between buries it twice, never not at all.
            bury(self._aws, order, error, None if error.lasting else exhausted)
            self._aws.store.delete(KIND, key)
            return None
        document["due"] = due
        self._aws.store.put(KIND, key, document)
        return due
