"""Evaluation of intrinsic functions.

AWS documents States.IntrinsicFailure for a failing call; executions on AWS fail with States.Runtime, which no Catch
takes, and with the texts used here.
https://docs.aws.amazon.com/step-functions/latest/dg/intrinsic-functions.html
"""

from __future__ import annotations

import re
from typing import Any

from local_aws.services.states.jsontext import dumps
from local_aws.services.states.languages.intrinsic_functions import FUNCTIONS, ArgumentsError
from local_aws.services.states.languages.intrinsic_syntax import (
    ESCAPE,
    Call,
    IntrinsicSyntaxError,
    Literal,
    parse_call,
)
from local_aws.services.states.languages.jsonpath import NoSuchNodeError
from local_aws.services.states.languages.query_language import Scope
from local_aws.services.states.languages.references import Reference, path_error

PREFIX = "States."
#: In a template: a placeholder, an escape, or anything else.
TEMPLATE = re.compile(r"\{\}|\\.|.", re.DOTALL)


class _CallError(Exception):
    """Why a call fails, without the words around it."""


def evaluate_intrinsic(text: str, document: Any, scope: Scope) -> Any:
    """``document`` is what ``$`` reads. Raises ``StateError`` States.Runtime, which names the whole expression."""
    try:
        return _evaluate(parse_call(text), document, scope)
    except (IntrinsicSyntaxError, _CallError) as error:
        raise path_error(f"The function '{text}' had the following error: {error}") from error


def _evaluate(call: Call, document: Any, scope: Scope) -> Any:
    values = [_value(argument, document, scope) for argument in call.arguments]
    try:
        if call.name == "Format":
            first = call.arguments[0]
            raw = first.raw if isinstance(first, Literal) else values[0]
            return _format(raw, values[1:])
        return FUNCTIONS[call.name](*values)
    except ArgumentsError as error:
        detail = f": {error}" if str(error) else ""
        raise _CallError(f"Invalid arguments in States.{call.name}{detail}") from error


def _value(argument: Literal | Reference | Call, document: Any, scope: Scope) -> Any:
    if isinstance(argument, Literal):
        return argument.value
    if isinstance(argument, Call):
        return _evaluate(argument, document, scope)
    try:
        return argument.read(document, scope)
    except NoSuchNodeError as error:
        shown = dumps(argument.shown_root(document, scope))
        raise _CallError(
            f"The JsonPath argument for the field '{argument.text}' could not be found in the input '{shown}'"
        ) from error


def _format(template: Any, values: list[Any]) -> str:
    if not isinstance(template, str):
        raise ArgumentsError
    pieces = TEMPLATE.findall(template)
    if any(piece in ("{", "}") for piece in pieces):
        raise ArgumentsError(
            "matching '{' not found for '}'" if "{" not in pieces else "matching '}' not found for '{'"
        )
    if pieces.count("{}") != len(values):
        raise ArgumentsError("number of arguments do not match the occurrences of {}.")
    remaining = iter(values)
    return "".join(_shown(next(remaining)) if piece == "{}" else ESCAPE.sub(r"\1", piece) for piece in pieces)


def _shown(value: Any) -> str:
    """An object as AWS was recorded to show it: the way Java does."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}={_shown(part)}" for key, part in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_shown(part) for part in value) + "]"
    return value if isinstance(value, str) else dumps(value)
