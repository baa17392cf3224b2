"""How many children of a map run work at once on this machine.

AWS runs up to 10,000; here each child has a thread, so a Map without MaxConcurrency gets as many places as a Map in
inline mode has, unless ``LOCAL_AWS_MAP_CONCURRENCY`` of the server's environment says otherwise.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

VARIABLE = "LOCAL_AWS_MAP_CONCURRENCY"
DEFAULT = 40


class MapSettingError(Exception):
    """The variable holds no usable number."""


def most_children(environment: Mapping[str, str] | None = None) -> int:
    variables = os.environ if environment is None else environment
    text = variables.get(VARIABLE, str(DEFAULT))
    if not text.isdecimal() or int(text) < 1:
        raise MapSettingError(f"{VARIABLE} is '{text}': set it to a whole number of at least 1, or leave it out")
    return int(text)


def children_at_once(max_concurrency: int) -> int:
    """``max_concurrency`` is the Map's own limit, 0 for none."""
    most = most_children()
    return min(max_concurrency, most) if max_concurrency else most
