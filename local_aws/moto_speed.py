"""Two places where moto works more than it need for each request, which a replay of a journal would feel.

moto lists its own folder to find out which services it has (some 0.5 ms), and for each message sent asks each message
of the queue twice what time it is.
"""

from __future__ import annotations

import functools
from typing import Any

from moto import backends
from moto.sqs.models import Message

from local_aws import determinism


def quicken() -> None:
    """Once for a process; doing it again changes nothing."""
    listed = backends.list_of_moto_modules
    if not hasattr(listed, "cache_info"):
        backends.list_of_moto_modules = functools.cache(lambda: tuple(listed()))
    Message.visible = property(lambda message: _milliseconds() > message.visible_at)  # type: ignore[method-assign, assignment]
    Message.delayed = property(lambda message: _milliseconds() < message.delayed_until)  # type: ignore[method-assign, assignment]


def _milliseconds() -> Any:
    # moto's own clock knows whole microseconds.
    return determinism.nanoseconds() // 1000 / 1000
