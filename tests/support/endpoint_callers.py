"""Load on an endpoint: what its callers got, and what failed."""

from __future__ import annotations

import threading
from typing import Any


class Callers:
    """Threads that invoke an endpoint without a pause, and remember every answer."""

    def __init__(self, hosting: Any, name: str, count: int = 4) -> None:
        self.versions: list[str] = []
        self.errors: list[str] = []
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._call, args=(hosting, name)) for _ in range(count)]
        for thread in self._threads:
            thread.start()

    def _call(self, hosting: Any, name: str) -> None:
        while not self._over.is_set():
            try:
                answer = hosting.invoke(name, {"seconds": 0.02})
                self.versions.append(answer["Body"]["version"])
            except Exception as error:
                self.errors.append(repr(error))

    def end(self) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(30)

    def __enter__(self) -> Callers:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()
