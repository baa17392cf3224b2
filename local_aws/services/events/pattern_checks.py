"""Refusing event patterns that EventBridge refuses when a rule is made.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern.html
"""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from local_aws.api import ApiError
from local_aws.services.events.patterns import COMPARISONS, is_or

LONGEST_PATTERN = 4096
ANYTHING_BUT = ("prefix", "suffix", "wildcard", "equals-ignore-case")


def checked(text: str) -> dict[str, Any]:
    """The pattern that ``text`` holds; ``InvalidEventPatternException`` with the reason."""
    try:
        return _parsed(text)
    except ValueError as error:
        raise ApiError("InvalidEventPatternException", f"Event pattern is not valid. Reason: {error}") from error


@lru_cache(maxsize=1024)
def _parsed(text: str) -> dict[str, Any]:
    if len(text) > LONGEST_PATTERN:
        raise ValueError(f"it is longer than {LONGEST_PATTERN} characters")
    try:
        pattern = json.loads(text)
    except ValueError as error:
        raise ValueError("it is not valid JSON") from error
    if not isinstance(pattern, dict):
        raise ValueError("Filter is not an object")
    _check_object(pattern)
    return pattern


def _check_object(pattern: Mapping[str, Any]) -> None:
    if not pattern:
        raise ValueError("Empty objects are not allowed")
    for name, wanted in pattern.items():
        if is_or(name, wanted):
            for alternative in wanted:
                _check_object(alternative)
        elif isinstance(wanted, Mapping):
            _check_object(wanted)
        elif not isinstance(wanted, list):
            raise ValueError(f'"{name}" must be an object or an array')
        elif not wanted:
            raise ValueError("Empty arrays are not allowed")
        else:
            for each in wanted:
                _check_matcher(each)


def _check_matcher(matcher: Any) -> None:
    if isinstance(matcher, list):
        raise ValueError("Match value must be String, number, true, false, or null")
    if not isinstance(matcher, Mapping):
        return
    if len(matcher) != 1:
        raise ValueError("Only one key allowed in match expression")
    ((name, argument),) = matcher.items()
    if name not in CHECKS:
        raise ValueError(f"Unrecognized match type {name}")
    CHECKS[name](argument)


def _check_text_or_ignoring_case(argument: Any) -> None:
    if isinstance(argument, Mapping) and set(argument) == {"equals-ignore-case"}:
        argument = argument["equals-ignore-case"]
    _check_text(argument)


def _check_text(argument: Any) -> None:
    if not isinstance(argument, str):
        raise ValueError("prefix, suffix and equals-ignore-case match pattern must be a string")


def _check_exists(argument: Any) -> None:
    if not isinstance(argument, bool):
        raise ValueError("exists match pattern must be either true or false")


def _check_wildcard(argument: Any) -> None:
    if not isinstance(argument, str):
        raise ValueError("wildcard match pattern must be a string")
    rest = re.sub(r"\\[*\\]", "", argument)
    if "\\" in rest:
        raise ValueError("Invalid escape character in a wildcard: only * and \\ are escaped")
    if "**" in rest:
        raise ValueError("Consecutive wildcard characters are not allowed")


def _check_numeric(argument: Any) -> None:
    if not isinstance(argument, list) or len(argument) not in (2, 4):
        raise ValueError("Value of numeric must be an array of one or two operators with their numbers")
    for operator, bound in zip(argument[::2], argument[1::2], strict=True):
        if operator not in COMPARISONS:
            raise ValueError(f"Unrecognized numeric range operator: {operator}")
        if isinstance(bound, bool) or not isinstance(bound, int | float):
            raise ValueError("Value of a numeric range must be a number")
    if len(argument) == 4:
        lower, upper = argument[0] in (">", ">="), argument[2] in ("<", "<=")
        if not (lower and upper):
            raise ValueError("A numeric range of two bounds begins with > or >= and ends with < or <=")
        if argument[3] <= argument[1]:
            raise ValueError("Bottom must be less than top")


def _check_cidr(argument: Any) -> None:
    try:
        ipaddress.ip_network(argument, strict=False)
    except ValueError as error:
        raise ValueError(f"Malformed CIDR, one must look like 10.0.0.0/24: {argument}") from error


def _check_anything_but(argument: Any) -> None:
    if isinstance(argument, Mapping):
        if len(argument) != 1 or not set(argument) <= set(ANYTHING_BUT):
            raise ValueError(f"anything-but takes one of {', '.join(ANYTHING_BUT)}")
        ((name, excluded),) = argument.items()
        for each in excluded if isinstance(excluded, list) and excluded else [excluded]:
            CHECKS[name](each)
        return
    many = argument if isinstance(argument, list) else [argument]
    if not many:
        raise ValueError("Empty arrays are not allowed")
    if any(isinstance(each, list | Mapping | bool) or each is None for each in many):
        raise ValueError("Inside anything-but list, either all values are number or string")


CHECKS: dict[str, Callable[[Any], None]] = {
    "prefix": _check_text_or_ignoring_case,
    "suffix": _check_text_or_ignoring_case,
    "equals-ignore-case": _check_text,
    "exists": _check_exists,
    "wildcard": _check_wildcard,
    "numeric": _check_numeric,
    "cidr": _check_cidr,
    "anything-but": _check_anything_but,
}
