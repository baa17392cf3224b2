"""How moto's own methods are corrected in place.

A correction belongs here, and not in front of moto, when it must hold under the service's lock and in a replay of
the journal as well: what it decides is then part of the journalled change.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

Function = TypeVar("Function", bound=Callable[..., Any])


def around(owner: type, name: str) -> Callable[[Function], Function]:
    """Put a function around method ``name`` of moto's class; it gets the method first, then the arguments."""

    def install(function: Function) -> Function:
        original = getattr(owner, name)

        @functools.wraps(original)
        def replaced(*arguments: Any, **named: Any) -> Any:
            return function(original, *arguments, **named)

        setattr(owner, name, replaced)
        return function

    return install
