"""The intrinsic functions themselves, on values. Each raises ``ArgumentsError``.

https://docs.aws.amazon.com/step-functions/latest/dg/intrinsic-functions.html
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import math
import random
import re
import uuid
from collections.abc import Callable
from typing import Any

from local_aws.services.states.jsontext import MAX_BYTES, dumps, loads, size
from local_aws.services.states.languages.functions import ALGORITHMS

MAX_CHARACTERS = 10_000
MAX_RANGE = 1_000
INT_MIN, INT_MAX = -(2**31), 2**31 - 1


class ArgumentsError(Exception):
    """The function does not take these values. The text is what AWS adds, if anything."""


def _array(*values: Any) -> list[Any]:
    return list(values)


def _array_partition(array: Any, length: Any) -> list[list[Any]]:
    values, by = _list(array), _whole(length)
    # A fraction below one is refused on AWS, though others are rounded.
    if by < 1 or length < 1:
        raise ArgumentsError
    return [values[start : start + by] for start in range(0, len(values), by)]


def _array_contains(array: Any, value: Any) -> bool:
    wanted = _identity(value)
    return any(_identity(member) == wanted for member in _list(array))


def _array_range(first: Any, last: Any, step: Any) -> list[int]:
    start, end, by = _whole(first), _whole(last), _whole(step)
    if by == 0:
        raise ArgumentsError
    numbers = range(start, end + (1 if by > 0 else -1), by)
    if len(numbers) > MAX_RANGE:
        raise ArgumentsError
    return list(numbers)


def _array_get_item(array: Any, index: Any) -> Any:
    values, place = _list(array), _whole(index)
    if not 0 <= place < len(values):
        raise ArgumentsError
    return values[place]


def _array_length(array: Any) -> int:
    return len(_list(array))


def _array_unique(array: Any) -> list[Any]:
    unique: dict[Any, Any] = {}
    for value in _list(array):
        unique.setdefault(_identity(value), value)
    return list(unique.values())


def _base64_encode(text: Any) -> str:
    return base64.b64encode(_short(text).encode()).decode()


def _base64_decode(text: Any) -> str:
    try:
        return base64.b64decode(_short(text), validate=True).decode(errors="replace")
    except (binascii.Error, ValueError) as error:
        raise ArgumentsError from error


def _hash(data: Any, algorithm: Any) -> str:
    text = data if isinstance(data, str) else dumps(data)
    if algorithm not in ALGORITHMS or len(text) > MAX_CHARACTERS:
        raise ArgumentsError
    return hashlib.new(ALGORITHMS[algorithm], text.encode()).hexdigest()


def _json_merge(first: Any, second: Any, deep: Any) -> dict[str, Any]:
    """Only the shallow merge is provided, on AWS too."""
    if not isinstance(first, dict) or not isinstance(second, dict) or deep is not False:
        raise ArgumentsError
    return {**first, **second}


def _json_to_string(value: Any) -> str:
    return dumps(value)


def _math_add(first: Any, second: Any) -> int:
    total = _whole(first) + _whole(second)
    if not INT_MIN <= total <= INT_MAX:
        raise ArgumentsError
    return total


def _math_random(start: Any, end: Any, *seeds: Any) -> int:
    first, last = _whole(start), _whole(end)
    if first >= last:
        raise ArgumentsError
    source = random.Random(_whole(seeds[0])) if seeds else random.Random()  # noqa: S311 - not for secrets
    return source.randrange(first, last)


def _string_split(text: Any, delimiters: Any) -> list[str]:
    """Each character of ``delimiters`` splits; what is empty is left out."""
    if not isinstance(text, str) or not isinstance(delimiters, str):
        raise ArgumentsError
    if not delimiters:
        return [text]
    return [part for part in re.split("[" + re.escape(delimiters) + "]", text) if part]


def _string_to_json(text: Any) -> Any:
    if not isinstance(text, str) or size(text) > MAX_BYTES:
        raise ArgumentsError
    try:
        return loads(text)
    except ValueError as error:
        raise ArgumentsError from error


def _uuid() -> str:
    return str(uuid.uuid4())


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise ArgumentsError
    return value


def _short(text: Any) -> str:
    if not isinstance(text, str) or len(text) > MAX_CHARACTERS:
        raise ArgumentsError
    return text


def _whole(value: Any) -> int:
    """Rounded to the nearest integer, halves up as Java's Math.round does."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ArgumentsError
    number = value if isinstance(value, int) else math.floor(value + 0.5)
    if not INT_MIN <= number <= INT_MAX:
        raise ArgumentsError
    return number


def _identity(value: Any) -> Any:
    """Equal for JSON values that are equal: 1 and 1.0 are, 1 and true are not."""
    if isinstance(value, bool):
        return ("boolean", value)
    if isinstance(value, list):
        return ("array", tuple(_identity(part) for part in value))
    if isinstance(value, dict):
        return ("object", frozenset((key, _identity(part)) for key, part in value.items()))
    return value


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "Array": _array,
    "ArrayContains": _array_contains,
    "ArrayGetItem": _array_get_item,
    "ArrayLength": _array_length,
    "ArrayPartition": _array_partition,
    "ArrayRange": _array_range,
    "ArrayUnique": _array_unique,
    "Base64Decode": _base64_decode,
    "Base64Encode": _base64_encode,
    "Hash": _hash,
    "JsonMerge": _json_merge,
    "JsonToString": _json_to_string,
    "MathAdd": _math_add,
    "MathRandom": _math_random,
    "StringSplit": _string_split,
    "StringToJson": _string_to_json,
    "UUID": _uuid,
}
