"""Checks of JSONata expressions before any of them is evaluated.

An expression of a state has no context item: what it reads begins with ``$states``, a variable or a function.
https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from local_aws.services.states.definitions.problems import Problems
from local_aws.services.states.definitions.values import check_variable
from local_aws.services.states.languages.expressions import expression_in, syntax_error
from local_aws.services.states.languages.jsonata_names import names_in

INVALID, UNSUPPORTED = "INVALID_JSONATA_EXPRESSION", "UNSUPPORTED_JSONATA_EXPRESSION"
ALWAYS = frozenset({"input", "context"})
OPEN, CLOSE = "{%", "%}"


def check_template(problems: Problems, template: Any, location: str, known: frozenset[str] = frozenset()) -> None:
    """``known`` are the fields of ``$states`` beside input and context that this place has."""
    for text, place in _texts(template, location):
        if text.startswith(OPEN) and not text.endswith(CLOSE):
            problems.add("JSONata string must start with {% and end with %}", place)
        expression = expression_in(text)
        if expression is not None:
            for code, message in _faults(expression, ALWAYS | known):
                problems.add(message, place, code=code)


def check_assign(
    problems: Problems, assign: Any, location: str, outer: frozenset[str], known: frozenset[str] = frozenset()
) -> None:
    if not isinstance(assign, dict):
        problems.wrong_type("[OBJECT]", location)
        return
    for name in assign:
        check_variable(problems, name, f"{location}/{name}", outer)
    check_template(problems, assign, location, known)


@lru_cache(2048)
def _faults(expression: str, known: frozenset[str]) -> tuple[tuple[str, str], ...]:
    wrong = syntax_error(expression)
    if wrong is not None:
        return ((INVALID, wrong),)
    found: list[tuple[str, str]] = []
    for kind, name in names_in(expression):
        if kind == "root":
            found.append((UNSUPPORTED, "Reference to '$$' is not supported."))
        elif kind == "context":
            found.append((UNSUPPORTED, f"Reference to '{name}' at the top level is not supported."))
        elif kind == "states" and name not in known:
            found.append((UNSUPPORTED, f"Field '$states.{name}' does not exist."))
    return tuple(dict.fromkeys(found))


def _texts(template: Any, location: str) -> Iterator[tuple[str, str]]:
    if isinstance(template, dict):
        for key, part in template.items():
            yield from _texts(part, f"{location}/{key}")
    elif isinstance(template, list):
        for index, part in enumerate(template):
            yield from _texts(part, f"{location}[{index}]")
    elif isinstance(template, str):
        yield template, location
