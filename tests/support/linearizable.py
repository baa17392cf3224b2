"""Is what parallel callers saw possible if their calls had happened one after the other?

The search of Wing and Gong (https://doi.org/10.1006/jpdc.1993.1015), for small histories: a call takes effect at one
moment between its begin and its end, so of the calls not yet placed, those that began before every other one ended may
come next.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

WAIT_SECONDS = 30


@dataclass(frozen=True)
class Call:
    """``begin`` and ``end`` are places in one common order, ``result`` is what the caller got."""

    operation: Any
    result: Any
    begin: int
    end: int


def run_in_parallel(plans: list[list[Any]], perform: Callable[[int, Any], Any]) -> list[Call]:
    """Each plan by a thread of its own, all from the same moment; ``perform(thread, operation)`` gives the result."""
    ready = threading.Barrier(len(plans))
    clock = itertools.count()

    def follow(number: int) -> list[Call]:
        ready.wait(WAIT_SECONDS)
        calls = []
        for operation in plans[number]:
            begin = next(clock)
            result = perform(number, operation)
            calls.append(Call(operation, result, begin, next(clock)))
        return calls

    with ThreadPoolExecutor(len(plans)) as pool:
        return [call for calls in pool.map(follow, range(len(plans)), timeout=WAIT_SECONDS) for call in calls]


def final_states(calls: list[Call], start: Hashable, step: Callable[[Any, Any], tuple[Hashable, Any]]) -> set[Hashable]:
    """The states in which some possible order ends; none if there is no such order.

    ``step(state, operation)`` gives the next state and the result of the operation.
    """
    ended: set[Hashable] = set()
    seen: set[tuple[frozenset[Call], Hashable]] = set()
    todo: list[tuple[frozenset[Call], Hashable]] = [(frozenset(calls), start)]
    while todo:
        left, state = todo.pop()
        if (left, state) in seen:
            continue
        seen.add((left, state))
        if not left:
            ended.add(state)
            continue
        first_end = min(call.end for call in left)
        for call in left:
            following, result = step(state, call.operation)
            if call.begin < first_end and result == call.result:
                todo.append((left - {call}, following))
    return ended
