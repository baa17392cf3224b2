"""Payload templates of JSONPath states: a field whose name ends in ``.$`` gets its value from a path or a function.

https://docs.aws.amazon.com/step-functions/latest/dg/input-output-inputpath-params.html
"""

from __future__ import annotations

from typing import Any

from local_aws.services.states.jsontext import dumps
from local_aws.services.states.languages.intrinsics import PREFIX, evaluate_intrinsic
from local_aws.services.states.languages.jsonpath import NoSuchNodeError
from local_aws.services.states.languages.jsonpath_steps import PathSyntaxError
from local_aws.services.states.languages.query_language import Scope
from local_aws.services.states.languages.references import parse_reference, path_error

SUFFIX = ".$"


def fill(template: Any, document: Any, scope: Scope) -> Any:
    """The template's value; ``document`` is what ``$`` reads. Raises ``StateError`` States.Runtime."""
    if isinstance(template, list):
        return [fill(part, document, scope) for part in template]
    if not isinstance(template, dict):
        return template
    filled: dict[str, Any] = {}
    for key, part in template.items():
        if key.endswith(SUFFIX):
            filled[key.removesuffix(SUFFIX)] = dynamic(key, part, document, scope)
        else:
            filled[key] = fill(part, document, scope)
    return filled


def dynamic(field: str, text: Any, document: Any, scope: Scope) -> Any:
    """The value that a path or an intrinsic function gives for ``field``."""
    if isinstance(text, str) and text.startswith(PREFIX):
        return evaluate_intrinsic(text, document, scope)
    try:
        reference = parse_reference(str(text))
    except PathSyntaxError as error:
        message = f"The value for the field '{field}' must be a valid JSONPath or a valid intrinsic function call"
        raise path_error(message) from error
    try:
        return reference.read(document, scope)
    except NoSuchNodeError as error:
        shown = dumps(reference.shown_root(document, scope))
        message = f"The JSONPath '{text}' specified for the field '{field}' could not be found in the input '{shown}'"
        raise path_error(message) from error


def read_path(text: str, document: Any, scope: Scope) -> Any:
    """What a field such as InputPath or TimeoutSecondsPath selects."""
    try:
        return parse_reference(text).read(document, scope)
    except (NoSuchNodeError, PathSyntaxError) as error:
        raise path_error(f"Invalid path '{text}' : {error}") from error
