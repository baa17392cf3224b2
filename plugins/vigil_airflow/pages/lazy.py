"""An ASGI application that is imported at the first request: a plugin is loaded by every task, pages by one server."""

from __future__ import annotations

from importlib import import_module
from typing import Any


class LazyApplication:
    """``target`` is ``module:attribute``."""

    def __init__(self, target: str) -> None:
        self._target = target
        self._application: Any = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if self._application is None:
            module, _, attribute = self._target.partition(":")
            self._application = getattr(import_module(module), attribute)
        await self._application(scope, receive, send)
