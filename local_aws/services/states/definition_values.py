"""Checks of single values in a definition: expressions, numbers, Retry, Catch, Assign."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from local_aws.services.states.definition_problems import Problems
from local_aws.services.states.errors import ALL
from local_aws.services.states.expressions import expression_in, syntax_error

MAX_SECONDS = 99_999_999
#: https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
MAX_DELAY_SECONDS = 31_622_400
RETRY_FIELDS = frozenset(
    {"ErrorEquals", "IntervalSeconds", "BackoffRate", "MaxAttempts", "MaxDelaySeconds", "JitterStrategy", "Comment"}
)
CATCH_FIELDS = frozenset({"ErrorEquals", "Next", "Output", "Assign", "Comment"})
VARIABLE = re.compile(r"[A-Za-z_]\w{0,79}")


def is_text(value: Any) -> bool:
    return isinstance(value, str)


def is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def check_fields(problems: Problems, part: Mapping[str, Any], known: frozenset[str], location: str) -> None:
    for field in part:
        if field not in known:
            problems.add(f"Field '{field}' is not supported", f"{location}/{field}")


def check_number(problems: Problems, value: Any, location: str, *, least: int, most: int = MAX_SECONDS) -> None:
    if not is_whole(value) or not least <= value <= most:
        problems.add(f"Value is not a whole number from {least} to {most}", location)


def check_number_or_expression(problems: Problems, value: Any, location: str, *, least: int) -> None:
    if expression_in(value) is None:
        check_number(problems, value, location, least=least)
    else:
        check_template(problems, value, location)


def check_template(problems: Problems, template: Any, location: str) -> None:
    """Every expression in a template must parse."""
    for text, place in _expressions(template, location):
        wrong = syntax_error(text)
        if wrong is not None:
            problems.add(f"The JSONata expression '{text}' is not valid: {wrong}", place)


def check_assign(problems: Problems, assign: Any, location: str, outer: frozenset[str]) -> None:
    """``outer`` are the variables of the scopes around, which can be read here and not assigned."""
    if not isinstance(assign, dict):
        problems.add("Value must be an object", location)
        return
    for name in assign:
        if not VARIABLE.fullmatch(name) or name == "states":
            problems.add(f"'{name}' is not a valid variable name", f"{location}/{name}")
        if name in outer:
            problems.add(
                f"Variable '{name}' belongs to an outer scope and cannot be assigned here", f"{location}/{name}"
            )
    check_template(problems, assign, location)


def check_retry(problems: Problems, retry: Any, location: str) -> None:
    for entry, place in _entries(problems, retry, location):
        check_fields(problems, entry, RETRY_FIELDS, place)
        if "IntervalSeconds" in entry:
            check_number(problems, entry["IntervalSeconds"], f"{place}/IntervalSeconds", least=1)
        if "MaxAttempts" in entry:
            check_number(problems, entry["MaxAttempts"], f"{place}/MaxAttempts", least=0)
        if "MaxDelaySeconds" in entry:
            limit = MAX_DELAY_SECONDS
            check_number(problems, entry["MaxDelaySeconds"], f"{place}/MaxDelaySeconds", least=1, most=limit)
        rate = entry.get("BackoffRate", 1.0)
        if isinstance(rate, bool) or not isinstance(rate, int | float) or rate < 1:
            problems.add("Value is not a number of at least 1.0", f"{place}/BackoffRate")
        if entry.get("JitterStrategy", "NONE") not in ("FULL", "NONE"):
            problems.add("Value is not one of FULL, NONE", f"{place}/JitterStrategy")


def check_catch(problems: Problems, catch: Any, location: str, outer: frozenset[str]) -> None:
    for entry, place in _entries(problems, catch, location):
        check_fields(problems, entry, CATCH_FIELDS, place)
        if "Next" not in entry:
            problems.add("These fields are required: [Next]", place)
        if "Output" in entry:
            check_template(problems, entry["Output"], f"{place}/Output")
        if "Assign" in entry:
            check_assign(problems, entry["Assign"], f"{place}/Assign", outer)


def _entries(problems: Problems, entries: Any, location: str) -> Iterator[tuple[dict[str, Any], str]]:
    """The entries of Retry or Catch, their ErrorEquals checked."""
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        problems.add("Value must be a list of objects", location)
        return
    for index, entry in enumerate(entries):
        place, names = f"{location}[{index}]", entry.get("ErrorEquals")
        if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
            problems.add("ErrorEquals must be a list of at least one error name", f"{place}/ErrorEquals")
        elif ALL in names and (len(names) > 1 or index < len(entries) - 1):
            problems.add(f"{ALL} must appear alone and in the last entry", f"{place}/ErrorEquals")
        yield entry, place


def _expressions(template: Any, location: str) -> Iterator[tuple[str, str]]:
    if isinstance(template, dict):
        for key, part in template.items():
            yield from _expressions(part, f"{location}/{key}")
    elif isinstance(template, list):
        for index, part in enumerate(template):
            yield from _expressions(part, f"{location}[{index}]")
    else:
        text = expression_in(template)
        if text is not None:
            yield text, location
