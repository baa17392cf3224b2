"""Checks of single values in a definition that are the same in both query languages: numbers, names, Retry."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from local_aws.services.states.definitions.problems import Problems
from local_aws.services.states.errors import ALL

MAX_SECONDS = 99_999_999
#: https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
MAX_DELAY_SECONDS = 31_622_400
RETRY_FIELDS = frozenset(
    {"ErrorEquals", "IntervalSeconds", "BackoffRate", "MaxAttempts", "MaxDelaySeconds", "JitterStrategy", "Comment"}
)
#: https://docs.aws.amazon.com/step-functions/latest/dg/workflow-variables.html#variable-naming
VARIABLE = re.compile(r"[^\W\d]\w*")
MAX_VARIABLE_NAME = 80
RESERVED_VARIABLE = "states"


def is_text(value: Any) -> bool:
    return isinstance(value, str)


def is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def check_whole(problems: Problems, value: Any, location: str, *, least: int, most: int | None = MAX_SECONDS) -> None:
    if not is_whole(value):
        problems.wrong_type("Integer", location)
    else:
        _check_bounds(problems, value, location, least, most)


def check_number(problems: Problems, value: Any, location: str, *, least: int, most: int | None = None) -> None:
    if not is_number(value):
        problems.wrong_type("Number", location)
    else:
        _check_bounds(problems, value, location, least, most)


def _check_bounds(problems: Problems, value: float, location: str, least: int, most: int | None) -> None:
    if value < least:
        problems.add(f"Minimum value is {least}", location)
    if most is not None and value > most:
        problems.add(f"Maximum value is {most}", location)


def check_text(problems: Problems, value: Any, location: str) -> bool:
    if not is_text(value):
        problems.wrong_type("[STRING]", location)
    return is_text(value)


def check_variable(problems: Problems, name: str, location: str, outer: frozenset[str]) -> None:
    """``outer`` are the variables of the scopes around, which can be read here and not assigned."""
    if name == RESERVED_VARIABLE:
        message = f"Cannot assign to reserved variable '${RESERVED_VARIABLE}'."
        problems.add(message, location, code="RESERVED_VARIABLE_NAME")
    elif not VARIABLE.fullmatch(name):
        message = f"Invalid variable name '{name}': the variable name contains invalid characters."
        problems.add(message, location, code="INVALID_VARIABLE_NAME")
    elif len(name) > MAX_VARIABLE_NAME:
        message = f"Invalid variable name '{name}': the variable name exceeds {MAX_VARIABLE_NAME} characters."
        problems.add(message, location, code="INVALID_VARIABLE_NAME")
    elif name in outer:
        message = f"Variable '{name}' belongs to an outer scope and cannot be assigned here"
        problems.add(message, location, code="INVALID_VARIABLE_NAME")


def check_retry(problems: Problems, retry: Any, location: str) -> None:
    for entry, place in check_handlers(problems, retry, location):
        problems.known(entry, RETRY_FIELDS, place)
        if "IntervalSeconds" in entry:
            check_whole(problems, entry["IntervalSeconds"], f"{place}/IntervalSeconds", least=0)
        if "MaxAttempts" in entry:
            check_whole(problems, entry["MaxAttempts"], f"{place}/MaxAttempts", least=0)
        if "MaxDelaySeconds" in entry:
            limit = MAX_DELAY_SECONDS
            check_whole(problems, entry["MaxDelaySeconds"], f"{place}/MaxDelaySeconds", least=1, most=limit)
        if "BackoffRate" in entry:
            check_number(problems, entry["BackoffRate"], f"{place}/BackoffRate", least=1)
        if "JitterStrategy" in entry:
            problems.one_of(entry["JitterStrategy"], ("NONE", "FULL"), f"{place}/JitterStrategy")


def check_handlers(problems: Problems, entries: Any, location: str) -> Iterator[tuple[dict[str, Any], str]]:
    """The entries of Retry or Catch, their ErrorEquals checked."""
    if not isinstance(entries, list):
        problems.wrong_type("[ARRAY]", location)
        return
    for index, entry in enumerate(entries):
        place = f"{location}[{index}]"
        if not isinstance(entry, dict):
            problems.wrong_type("[OBJECT]", place)
            continue
        if problems.require(entry, ("ErrorEquals",), place):
            last = index == len(entries) - 1
            _check_error_names(problems, entry["ErrorEquals"], f"{place}/ErrorEquals", last=last)
        yield entry, place


def _check_error_names(problems: Problems, names: Any, location: str, *, last: bool) -> None:
    if not isinstance(names, list):
        problems.wrong_type("[ARRAY]", location)
    elif not names:
        problems.add("Value cannot be empty", location)
    elif not all(isinstance(name, str) for name in names):
        problems.wrong_type("[STRING]", location)
    elif ALL in names and (len(names) > 1 or not last):
        problems.add(f"{ALL} must appear alone and at end of list", location)
