"""What moto tells in the middle of a request (a message was published, an object was put), until the request is over.

moto's own deliveries happen inside the request and under its locks. ``announce`` only notes what is to be done; at
the end of ``gathered`` it is done, when the locks are free again and before the answer leaves, all in one transaction
of the store. Outside of ``gathered`` (a journal of moto's requests is run again at a start) nothing is noted.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from local_aws.api import ApiError, Context

logger = logging.getLogger(__name__)

Deed = Callable[[Context], None]


class _Noted(threading.local):
    deeds: list[Deed] | None = None


_noted = _Noted()


def listening() -> bool:
    return _noted.deeds is not None


def announce(deed: Deed) -> None:
    """Have ``deed`` done when the current request is over."""
    if _noted.deeds is not None:
        _noted.deeds.append(deed)


def announce_once(deed: Deed) -> bool:
    """``announce`` unless this very deed is noted already; returns whether it is noted now for the first time."""
    if _noted.deeds is None or deed in _noted.deeds:
        return False
    _noted.deeds.append(deed)
    return True


@contextmanager
def gathered(context: Context | None) -> Iterator[None]:
    """Around a request of one thread. Raises ``ApiError`` (503) when what follows from it cannot be kept."""
    _noted.deeds = []
    try:
        yield
    finally:
        deeds, _noted.deeds = _noted.deeds, None
    if deeds and context is not None:
        _do(context, deeds)


def _do(context: Context, deeds: list[Deed]) -> None:
    # What cannot be ordered must not be answered as done: the caller is to repeat the request.
    try:
        with context.store.transaction():
            for deed in deeds:
                _do_one(context, deed)
    except ApiError:
        raise
    except Exception as error:
        logger.exception("what follows from a request could not be ordered")
        message = "What follows from the request could not be kept: try again; the log of local_aws has the reason."
        raise ApiError("ServiceUnavailable", message, 503) from error


def _do_one(context: Context, deed: Deed) -> None:
    try:
        deed(context)
    except (ValueError, KeyError, TypeError):
        logger.exception("something that follows from a request could not be ordered")
