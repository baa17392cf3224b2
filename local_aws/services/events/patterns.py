"""EventBridge's event patterns: does an event match?

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html. Patterns are checked when
they are made (``pattern_checks``); here they are taken to be valid.
"""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

#: What stands for a field that an event does not have.
ABSENT = object()
OR = "$or"
MATCHERS = frozenset(
    {"prefix", "suffix", "anything-but", "numeric", "exists", "equals-ignore-case", "cidr", "wildcard"}
)
COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "=": lambda value, bound: value == bound,
    "<": lambda value, bound: value < bound,
    "<=": lambda value, bound: value <= bound,
    ">": lambda value, bound: value > bound,
    ">=": lambda value, bound: value >= bound,
}


def matches(pattern: Mapping[str, Any], event: Any) -> bool:
    """Every field of the pattern must match; of an array in the event one element is enough."""
    if isinstance(event, list):
        # Fields of one object must match within the same element of an array of objects.
        return any(matches(pattern, element) for element in event or [{}])
    fields = event if isinstance(event, Mapping) else {}
    return all(_field_matches(name, wanted, fields) for name, wanted in pattern.items())


def is_or(name: str, wanted: Any) -> bool:
    """Whether a field is the operator ``$or``, not a field of that name."""
    return (
        name == OR
        and isinstance(wanted, list)
        and len(wanted) > 1
        and all(isinstance(each, Mapping) and each and not set(each) <= MATCHERS for each in wanted)
    )


def _field_matches(name: str, wanted: Any, fields: Mapping[str, Any]) -> bool:
    if is_or(name, wanted):
        return any(matches(each, fields) for each in wanted)
    found = fields.get(name, ABSENT)
    if isinstance(wanted, Mapping):
        return matches(wanted, {} if found is ABSENT else found)
    return any(_leaf_matches(each, found) for each in wanted)


def _leaf_matches(matcher: Any, found: Any) -> bool:
    if isinstance(matcher, Mapping) and "exists" in matcher:
        # Only leaves exist: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
        leaf = found is not ABSENT and not isinstance(found, Mapping) and found != []
        return leaf is matcher["exists"]
    if found is ABSENT or isinstance(found, Mapping):
        return False
    if isinstance(found, list):
        return any(_leaf_matches(matcher, element) for element in found)
    return _value_matches(matcher, found)


def _value_matches(matcher: Any, value: Any) -> bool:
    if not isinstance(matcher, Mapping):
        return _same(matcher, value)
    (name, argument), *_ = matcher.items()
    return VALUE_MATCHERS[name](argument, value)


def _same(wanted: Any, value: Any) -> bool:
    """Numbers are compared as they are written: 300 is not 300.0."""
    return type(wanted) is type(value) and json.dumps(wanted) == json.dumps(value)


def _prefix(argument: Any, value: Any) -> bool:
    if not isinstance(value, str):
        return False
    if isinstance(argument, Mapping):
        return value.lower().startswith(argument["equals-ignore-case"].lower())
    return value.startswith(argument)


def _suffix(argument: Any, value: Any) -> bool:
    if not isinstance(value, str):
        return False
    if isinstance(argument, Mapping):
        return value.lower().endswith(argument["equals-ignore-case"].lower())
    return value.endswith(argument)


def _ignoring_case(argument: str, value: Any) -> bool:
    return isinstance(value, str) and value.lower() == argument.lower()


def _anything_but(argument: Any, value: Any) -> bool:
    if isinstance(argument, Mapping):
        (name, excluded), *_ = argument.items()
        many = excluded if isinstance(excluded, list) else [excluded]
        return not any(VALUE_MATCHERS[name](each, value) for each in many)
    many = argument if isinstance(argument, list) else [argument]
    return not any(_same(each, value) for each in many)


def _numeric(argument: list[Any], value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    pairs = zip(argument[::2], argument[1::2], strict=True)
    return all(COMPARISONS[operator](value, bound) for operator, bound in pairs)


def _cidr(argument: str, value: Any) -> bool:
    try:
        return ipaddress.ip_address(value) in ipaddress.ip_network(argument, strict=False)
    except ValueError:
        return False


def _wildcard(argument: str, value: Any) -> bool:
    return isinstance(value, str) and compiled_wildcard(argument).fullmatch(value) is not None


@cache
def compiled_wildcard(text: str) -> re.Pattern[str]:
    r"""``*`` stands for any characters, ``\*`` and ``\\`` for themselves."""
    parts = re.findall(r"\\[*\\]|\*|[^*\\]+|\\", text)
    translated = ["[\\s\\S]*" if part == "*" else re.escape(re.sub(r"\\([*\\])", r"\1", part)) for part in parts]
    return re.compile("".join(translated))


VALUE_MATCHERS: dict[str, Callable[[Any, Any], bool]] = {
    "prefix": _prefix,
    "suffix": _suffix,
    "equals-ignore-case": _ignoring_case,
    "anything-but": _anything_but,
    "numeric": _numeric,
    "cidr": _cidr,
    "wildcard": _wildcard,
}
