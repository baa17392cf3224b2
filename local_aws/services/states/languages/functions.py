"""The functions that Step Functions adds to JSONata.

https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html#jsonata-functions
None stands for JSONata's undefined, as everywhere in ``jsonata``.
"""

from __future__ import annotations

import hashlib
import json
import random
import uuid
from collections.abc import Callable
from typing import Any, Protocol

from jsonata.utils import Utils

ALGORITHMS = {"MD5": "md5", "SHA-1": "sha1", "SHA-256": "sha256", "SHA-384": "sha384", "SHA-512": "sha512"}
#: AWS refuses a longer range for its memory.
MAX_RANGE = 360_145


class FunctionError(Exception):
    """A function was called in a way it does not allow."""


class _Expression(Protocol):
    def register_lambda(self, name: str, implementation: Callable[..., Any]) -> None: ...


def register(expression: _Expression) -> None:
    """Make the additional functions known to an expression, and take ``$eval`` away."""
    for name, function in FUNCTIONS.items():
        expression.register_lambda(name, function)


def to_jsonata(value: Any) -> Any:
    """A copy in which JSON's null is ``jsonata``'s own null, which it tells apart from undefined (None)."""
    if value is None:
        return Utils.NULL_VALUE
    if isinstance(value, dict):
        return {key: to_jsonata(part) for key, part in value.items()}
    if isinstance(value, list):
        return [to_jsonata(part) for part in value]
    return value


def _uuid(*_: Any) -> str:
    return str(uuid.uuid4())


def _hash(text: Any = None, algorithm: Any = "SHA-256", *_: Any) -> str | None:
    if text is None:
        return None
    if not isinstance(text, str):
        raise FunctionError('T0410: Argument 1 of function "hash" does not match function signature')
    name = ALGORITHMS.get(str(algorithm))
    if name is None:
        raise FunctionError(f'D3137: Hash algorithm "{algorithm}" is none of {", ".join(ALGORITHMS)}')
    return hashlib.new(name, text.encode()).hexdigest()


def _partition(values: Any = None, length: Any = None, *_: Any) -> list[Any] | None:
    if values is None:
        return None
    if not isinstance(values, list):
        raise FunctionError('T0412: Argument 1 of function "partition" must be an array')
    size = len(values) if length is None else _whole(length, "partition", 2)
    if size < 0:
        raise FunctionError("D3137: Second argument must be zero or greater")
    if size == 0 or not values:
        return None
    return [values[start : start + size] for start in range(0, len(values), size)]


def _range(first: Any = None, last: Any = None, step: Any = None, *_: Any) -> list[int] | int | None:
    start, end = _whole(first, "range", 1), _whole(last, "range", 2)
    if step is None:
        return None
    by = _whole(step, "range", 3)
    if by == 0:
        return None
    numbers = range(start, end + (1 if by > 0 else -1), by)
    if len(numbers) > MAX_RANGE:
        raise FunctionError("Expression evaluation memory limit exceeded: Check for excessive memory usage")
    # A sequence of one is its member, and an empty one is undefined: https://docs.jsonata.org/processing
    return None if not numbers else numbers[0] if len(numbers) == 1 else list(numbers)


def _parse(text: Any = None, *_: Any) -> Any:
    if text is None:
        return None
    if not isinstance(text, str):
        raise FunctionError('T0410: Argument 1 of function "parse" does not match function signature')
    try:
        return to_jsonata(json.loads(text, parse_constant=_refuse, object_pairs_hook=_without_repetition))
    except ValueError as error:
        raise FunctionError("D3137: Invalid JSON") from error


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """AWS takes no object that says a key twice."""
    document = dict(pairs)
    if len(document) < len(pairs):
        raise ValueError("a key is repeated")
    return document


def _random(seed: Any = None, *_: Any) -> float:
    return (random.Random() if seed is None else random.Random(seed)).random()  # noqa: S311 - not for secrets


def _eval(*_: Any) -> Any:
    raise FunctionError("$eval is not supported in Step Functions: use $parse for JSON text")


def _whole(value: Any, function: str, position: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise FunctionError(f'T0410: Argument {position} of function "{function}" does not match function signature')
    return int(value)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "uuid": _uuid,
    "hash": _hash,
    "partition": _partition,
    "range": _range,
    "parse": _parse,
    "random": _random,
    "eval": _eval,
}
