"""Warm processes by function: reused one invocation at a time, ended when idle, outdated, timed out or at stop."""

from __future__ import annotations

import logging
import threading
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from local_aws.api import ApiError, Context
from local_aws.processes import ProcessStartError, Supervisor
from local_aws.services.lambda_ import model
from local_aws.services.lambda_.worker import Worker

logger = logging.getLogger(__name__)

#: On AWS 1,000 for an account; here each is a process of some 60 MB.
CONCURRENCY_OF_A_FUNCTION = 16
IDLE_LIMIT_SECONDS = 300.0
KEPT_IDLE = 2

_pools: weakref.WeakKeyDictionary[Supervisor, Pool] = weakref.WeakKeyDictionary()
_guard = threading.Lock()


def pool_of(aws: Context) -> Pool:
    """The one pool of a server."""
    with _guard:
        if aws.supervisor not in _pools:
            _pools[aws.supervisor] = Pool(aws)
        return _pools[aws.supervisor]


class Pool:
    """All workers of one server."""

    def __init__(self, aws: Context) -> None:
        self._aws = aws
        self._lock = threading.Lock()
        self._idle: dict[str, list[Worker]] = {}
        self._slots: dict[str, set[int]] = {}
        self._busy: dict[str, int] = {}
        self._closed = threading.Event()
        threading.Thread(target=self._end_idle_workers, name="lambda-idle", daemon=True).start()

    @contextmanager
    def worker(self, function: dict[str, Any]) -> Iterator[Worker]:
        """A worker of the function's present revision, for the caller alone."""
        with self._admitted(function["configuration"]["FunctionName"]):
            taken = self._take(function)
            try:
                yield taken
            finally:
                self._give_back(taken)

    @contextmanager
    def _admitted(self, name: str) -> Iterator[None]:
        """Counts an invocation while it runs; refuses it beyond the function's reserved concurrency."""
        reserved = (self._aws.store.get(model.CONCURRENCY_KIND, name) or {}).get("ReservedConcurrentExecutions")
        with self._lock:
            running = self._busy.get(name, 0)
            if reserved is not None and running >= reserved:
                raise ApiError("TooManyRequestsException", "Rate Exceeded.", 429)
            self._busy[name] = running + 1
        try:
            yield
        finally:
            with self._lock:
                self._busy[name] -= 1

    def discard(self, name: str) -> None:
        """End the idle workers of a function; busy ones end when they are given back and found outdated."""
        with self._lock:
            workers = self._idle.pop(name, [])
        self._end(workers)

    def close(self) -> None:
        self._closed.set()
        with self._lock:
            workers = [worker for idle in self._idle.values() for worker in idle]
            self._idle.clear()
        self._end(workers)

    def _take(self, function: dict[str, Any]) -> Worker:
        name, revision = function["configuration"]["FunctionName"], function["configuration"]["RevisionId"]
        with self._lock:
            idle = self._idle.pop(name, [])
            fit = [worker for worker in idle if worker.revision == revision and worker.alive]
            # Other versions stay warm, unless they hold the last slots.
            full = not fit and len(self._slots.get(name, ())) >= CONCURRENCY_OF_A_FUNCTION
            version = function["configuration"].get("Version", model.LATEST)
            others = [worker for worker in idle if worker.version != version and worker.alive and not full]
            unfit = [worker for worker in idle if worker not in fit and worker not in others]
            chosen = fit.pop() if fit else None
            if fit or others:
                self._idle[name] = fit + others
        self._end(unfit)
        return chosen or self._start(function, name)

    def _start(self, function: dict[str, Any], name: str) -> Worker:
        slot = self._claim_slot(name)
        try:
            return Worker(self._aws, function, slot)
        except ProcessStartError as error:
            self._free_slot(name, slot)
            raise ApiError("ServiceException", str(error), 500) from error
        except BaseException:
            self._free_slot(name, slot)
            raise

    def _give_back(self, worker: Worker) -> None:
        worker.idle_since = time.monotonic()
        with self._lock:
            idle = self._idle.setdefault(worker.name, [])
            keep = worker.alive and not self._closed.is_set() and len(idle) < KEPT_IDLE
            if keep:
                idle.append(worker)
        if not keep:
            self._end([worker])

    def _end(self, workers: list[Worker]) -> None:
        for worker in workers:
            worker.close()
            self._free_slot(worker.name, worker.slot)

    def _claim_slot(self, name: str) -> int:
        with self._lock:
            taken = self._slots.setdefault(name, set())
            if len(taken) >= CONCURRENCY_OF_A_FUNCTION:
                raise ApiError("TooManyRequestsException", "Rate Exceeded.", 429)
            slot = min(set(range(CONCURRENCY_OF_A_FUNCTION)) - taken)
            taken.add(slot)
            return slot

    def _free_slot(self, name: str, slot: int) -> None:
        with self._lock:
            self._slots.get(name, set()).discard(slot)

    def _end_idle_workers(self) -> None:
        while not self._closed.wait(IDLE_LIMIT_SECONDS / 10):
            oldest = time.monotonic() - IDLE_LIMIT_SECONDS
            with self._lock:
                expired = [worker for idle in self._idle.values() for worker in idle if worker.idle_since < oldest]
                for worker in expired:
                    self._idle[worker.name].remove(worker)
            try:
                self._end(expired)
            except Exception:
                logger.exception("idle functions could not be ended; the next look goes on")
