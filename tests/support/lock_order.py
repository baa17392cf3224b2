"""Whether locks are taken in the order that ``local_aws.store`` states, whichever threads happened to meet."""

from __future__ import annotations

import linecache
import re
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

#: The steps of the order; a lock that is not named guards a few lines and comes last.
STEPS = {
    "Engine._cancelling": 0,
    "Runtime.condition": 1,
    "Store._lock": 2,
    "Engine._lock": 3,
    "Parking._condition": 3,
}
LAST = 4
NAME = re.compile(r"self\.(\w+)")


class LockOrder:
    """What went against the order while this watched, once for each pair of locks."""

    def __init__(self) -> None:
        self._here = threading.local()
        self.faults: set[str] = set()

    def ask(self, lock: WatchedLock) -> None:
        """A thread is about to wait for ``lock``, which it may have already."""
        if lock not in self._held:
            self.faults |= {f"{lock.name} under {one.name}" for one in self._held if one.step >= lock.step}

    def call(self, name: str) -> None:
        """A thread calls a service, which may be one of this server: its answer may need the same locks."""
        self.faults |= {f"{name} called under {one.name}" for one in self._held if one.step > 0}

    def took(self, lock: WatchedLock) -> None:
        self._held.append(lock)

    def gave(self, lock: WatchedLock) -> None:
        self._held.remove(lock)

    @property
    def _held(self) -> list[WatchedLock]:
        if not hasattr(self._here, "held"):
            self._here.held = []
        held: list[WatchedLock] = self._here.held
        return held


class WatchedLock:
    """A lock as ``threading`` makes it, that tells ``order`` who takes it. Conditions may be made of it."""

    def __init__(self, inner: Any, name: str, order: LockOrder) -> None:
        self._inner = inner
        self._order = order
        self.name = name
        self.step = STEPS.get(name, LAST)

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        if blocking:
            self._order.ask(self)
        taken = bool(self._inner.acquire(blocking, timeout))
        if taken:
            self._order.took(self)
        return taken

    def release(self) -> None:
        self._order.gave(self)
        self._inner.release()

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *_: object) -> None:
        self.release()


class WatchedRLock(WatchedLock):
    """What ``Condition`` asks of a lock that may be taken more than once. Whoever waits on it holds it no more."""

    def _is_owned(self) -> bool:
        return bool(self._inner._is_owned())

    def _release_save(self) -> Any:
        state = self._inner._release_save()
        for _ in range(state[0]):
            self._order.gave(self)
        return state

    def _acquire_restore(self, state: Any) -> None:
        self._order.ask(self)
        self._inner._acquire_restore(state)
        for _ in range(state[0]):
            self._order.took(self)


@contextmanager
def watched() -> Iterator[LockOrder]:
    """Locks that objects of ``local_aws`` make inside the block are watched; those of ``threading`` itself are not."""
    order, lock, rlock = LockOrder(), threading.Lock, threading.RLock

    def maker(make: Callable[[], Any], kind: type[WatchedLock]) -> Callable[..., Any]:
        def made(*_: object) -> Any:
            name = _name_of(sys._getframe(1))
            return make() if name is None else kind(make(), name, order)

        return made

    threading.Lock, threading.RLock = maker(lock, WatchedLock), maker(rlock, WatchedRLock)  # type: ignore[assignment]
    try:
        yield order
    finally:
        threading.Lock, threading.RLock = lock, rlock


def _name_of(frame: Any) -> str | None:
    """Class and attribute that a lock is made for; None for one that is not an attribute of ``local_aws``."""
    if frame.f_code.co_qualname == "Condition.__init__":
        frame = frame.f_back
    if not frame.f_globals.get("__name__", "").startswith("local_aws.") or "self" not in frame.f_locals:
        return None
    found = NAME.search(linecache.getline(frame.f_code.co_filename, frame.f_lineno))
    return None if found is None else f"{type(frame.f_locals['self']).__name__}.{found[1]}"
