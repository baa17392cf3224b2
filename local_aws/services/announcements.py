"""What moto tells in the middle of a request (a message was published, an object was put), until the request is over.

moto's own deliveries happen inside the request and under its locks. ``announce`` only notes what is to be done;
``settle`` does it when the locks are free again and before the answer leaves, all in one transaction of the store.
While a journal of moto's requests is run again at a start, nobody listens and nothing is noted.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from local_aws.api import Context

logger = logging.getLogger(__name__)

Deed = Callable[[Context], None]


class _Noted(threading.local):
    def __init__(self) -> None:
        self.deeds: list[Deed] = []


_noted = _Noted()
_listener: list[Context] = []


def listen(context: Context) -> None:
    """From now on announcements are for this server."""
    _listener[:] = [context]


def stop_listening(context: Context) -> None:
    if _listener and _listener[0] is context:
        _listener.clear()


def listening() -> bool:
    return bool(_listener)


def announce(deed: Deed) -> None:
    """Have ``deed`` done when the current request is over."""
    if _listener:
        _noted.deeds.append(deed)


def settle() -> None:
    """Do what the current thread has noted."""
    deeds, _noted.deeds = _noted.deeds, []
    if not deeds or not _listener:
        return
    context = _listener[0]
    try:
        with context.store.transaction():
            for deed in deeds:
                deed(context)
    except Exception:
        # The request itself succeeded: its caller must not repeat it.
        logger.exception("what follows from a request could not be ordered")
