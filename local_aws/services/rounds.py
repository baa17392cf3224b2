"""A thread that does the same work again and again: every so often, and at once when its bell rings."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

logger = logging.getLogger(__name__)


class Rounds:
    """``work`` is told whether the bell rang. What it raises is logged with ``trouble``; the next round tries again."""

    def __init__(
        self,
        name: str,
        seconds: float,
        work: Callable[[bool], object],
        trouble: str,
        bell: threading.Event | None = None,
    ) -> None:
        self._seconds, self._work, self._trouble = seconds, work, trouble
        self._bell = bell or threading.Event()
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self, limit_seconds: float = 0.0) -> None:
        """Waits at most so long for a round that is under way."""
        self._closed.set()
        self._bell.set()
        if limit_seconds:
            self._thread.join(limit_seconds)

    def _run(self) -> None:
        while True:
            rang = self._bell.wait(self._seconds)
            self._bell.clear()
            if self._closed.is_set():
                return
            try:
                self._work(rang)
            except Exception:
                if not self._closed.is_set():
                    logger.exception("%s", self._trouble)
