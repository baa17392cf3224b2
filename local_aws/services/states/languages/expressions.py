"""JSONata templates: ``{% ... %}`` strings inside JSON values.

``jsonata`` returns None both for null and for undefined unless it is told to keep its own null; kept apart here,
because AWS lets a null pass and fails the state for undefined.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any

from jsonata import Jsonata
from jsonata.jexception import JException
from jsonata.utils import Utils

from local_aws.services.states.errors import EvaluationError
from local_aws.services.states.jsontext import dumps
from local_aws.services.states.languages.functions import FunctionError, register, to_jsonata

EXPRESSION = re.compile(r"\{%(.*)%\}", re.DOTALL)
#: An expression that runs longer fails; AWS has such a limit too, and does not say where it is.
MAX_MILLISECONDS = 10_000
#: How deep an expression may nest: AWS takes 100 and refuses 101.
MAX_DEPTH = 100
STACK_OVERFLOW, NOT_AN_ARRAY_OF, BAD_RADIX, BAD_NUMBER = "D1011", "T0412", "D3100", "S0102"
NUMBER = re.compile(r"[0-9.]+(?:[eE][-+]?[0-9]+)?")
ELEMENTS = {"a": "arrays", "b": "booleans", "f": "functions", "n": "numbers", "o": "objects", "s": "strings"}
PLACEHOLDER = re.compile(r" ?(?<!\{)\{\{\w+\}\}")
USES_EVAL = re.compile(r"\$eval\b")
TYPE_NAMES = {bool: "boolean", int: "number", float: "number", str: "string", list: "array", dict: "object"}


class _UnsupportedError(Exception):
    """The value is no JSON value: a function, a regular expression, a number without end."""


def expression_in(value: Any) -> str | None:
    """The JSONata text of a ``{% ... %}`` string; None for any other value."""
    match = EXPRESSION.fullmatch(value) if isinstance(value, str) else None
    return None if match is None else match[1].strip()


def syntax_error(text: str) -> str | None:
    """What is wrong with an expression before it is ever evaluated."""
    if USES_EVAL.search(text):
        return "$eval is not supported"
    try:
        Jsonata(text)
    except JException as error:
        return message_of(error, text)
    except (ValueError, RecursionError, re.error) as error:
        return str(error)
    return None


def message_of(error: JException, text: str) -> str:
    """The message as AWS words it: jsonata-js's, with the values in JSON. ``text`` is the expression.

    The library's own copy of the messages says Object where jsonata-js says function. Where the library does not say
    a value, the message goes without.
    """
    template = JException.error_codes.get(error.error)
    if template is None or PLACEHOLDER.search(template) is None:
        return str(error)
    told = [part for part in (error.current, error.expected, error.extra) if part is not None]
    if error.error == NOT_AN_ARRAY_OF and len(told) > 2:
        told[2] = ELEMENTS.get(told[2], told[2])
    if error.error == BAD_RADIX:
        # The library passes the radix in the place of the position.
        told = [error.location]
    words = template.replace("Object", "function")
    if error.error == BAD_NUMBER and (number := NUMBER.match(text, error.location)):
        return str(words.replace("{{token}}", number[0]))
    return PLACEHOLDER.sub(lambda match: f" {json.dumps(told.pop(0), default=str)}" if told else "", words)


def evaluate(template: Any, location: str, bindings: Mapping[str, Any]) -> Any:
    """A template's value. ``bindings`` are JSON values by name, without the ``$``.

    Raises ``EvaluationError`` naming the expression and the field, as AWS does.
    """
    names = {name: to_jsonata(value) for name, value in bindings.items()}
    return _template(template, location, names)


def check_type(value: Any, wanted: str, template: Any, location: str) -> Any:
    """``value`` if it has the JSON type ``wanted``; else AWS's error for an unexpected result type."""
    actual = type_name(value)
    if actual == wanted:
        return value
    text = expression_in(template)
    subject = f"The JSONata expression '{text}'" if text is not None else "The value"
    raise EvaluationError(
        f"{subject} specified for the field '{location}' returned an unexpected result type. "
        f"Expected '{wanted}', but was '{actual}' for value: {dumps(value)}",
        location,
    )


def type_name(value: Any) -> str:
    return "null" if value is None else TYPE_NAMES[type(value)]


def _template(template: Any, location: str, names: Mapping[str, Any]) -> Any:
    if isinstance(template, dict):
        return {key: _template(part, f"{location}/{key}", names) for key, part in template.items()}
    if isinstance(template, list):
        return [_template(part, f"{location}[{index}]", names) for index, part in enumerate(template)]
    text = expression_in(template)
    return template if text is None else _expression(text, location, names)


def _expression(text: str, location: str, names: Mapping[str, Any]) -> Any:
    subject = f"The JSONata expression '{text}' specified for the field '{location}'"
    try:
        expression = Jsonata(text, timeout=MAX_MILLISECONDS, stack=MAX_DEPTH)
        expression.set_output_convert_nulls(False)
        register(expression)
        result = expression.evaluate(None, names)
    except JException as error:
        raise EvaluationError(
            f"{subject} threw an error during evaluation. {error.error}: {message_of(error, text)}", location
        ) from error
    except FunctionError as error:
        raise EvaluationError(f"{subject} threw an error during evaluation: {error}", location) from error
    except RecursionError as error:
        message = f"{STACK_OVERFLOW}: {JException.error_codes[STACK_OVERFLOW]}"
        raise EvaluationError(f"{subject} threw an error during evaluation. {message}", location) from error
    except (TypeError, ValueError, ArithmeticError, LookupError, AttributeError, re.error) as error:
        raise EvaluationError(f"{subject} threw an error during evaluation: {error}", location) from error
    if result is None:
        raise EvaluationError(f"{subject} returned nothing (undefined).", location)
    try:
        return _plain(result)
    except _UnsupportedError as error:
        raise EvaluationError(f"{subject} returned an unsupported result type.", location) from error


def _plain(value: Any) -> Any:
    """A JSON value made of Python's own types only."""
    if value is Utils.NULL_VALUE or value is None:
        return None
    if isinstance(value, bool | str | int):
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise _UnsupportedError
        return int(value) if value.is_integer() else value
    if isinstance(value, Mapping):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_plain(part) for part in value]
    raise _UnsupportedError
