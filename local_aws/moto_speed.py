"""Two places where moto works more than it needs to for each request, which a replay of a journal would feel.

moto lists its own folder to find out which services it has (some 0.5 ms), and for each message sent counts the
messages of the queue three times and asks each of them what time it is.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from moto import backends
from moto.sqs.models import Message, Queue

from local_aws import determinism


def quicken() -> None:
    """Once for a process; doing it again changes nothing."""
    listed = backends.list_of_moto_modules
    if not hasattr(listed, "cache_info"):
        backends.list_of_moto_modules = functools.cache(lambda: tuple(listed()))
    Message.visible = property(lambda message: _now() > message.visible_at)  # type: ignore[method-assign, assignment]
    Message.delayed = property(lambda message: _now() < message.delayed_until)  # type: ignore[method-assign, assignment]
    for name, function in COUNTS.items():
        setattr(Queue, name, property(function))


def _messages(queue: Any) -> list[Any]:
    now = _now()
    return [each for each in queue._messages if now > each.visible_at and now >= each.delayed_until]


def _delayed(queue: Any) -> int:
    now = _now()
    return sum(now < each.delayed_until for each in queue._messages)


def _invisible(queue: Any) -> int:
    now = _now()
    return sum(now <= each.visible_at for each in queue._messages)


COUNTS: dict[str, Callable[[Any], Any]] = {
    "messages": _messages,
    "approximate_number_of_messages_delayed": _delayed,
    "approximate_number_of_messages_not_visible": _invisible,
}


def _now() -> Any:
    # moto's own clock knows whole microseconds.
    return determinism.nanoseconds() // 1000 / 1000
