"""Checks of the values of JSONPath states: paths, reference paths, payload templates, Assign.

https://docs.aws.amazon.com/step-functions/latest/dg/amazon-states-language-paths.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from local_aws.services.states.definitions.problems import Problems
from local_aws.services.states.definitions.values import check_variable
from local_aws.services.states.languages.intrinsic_syntax import IntrinsicSyntaxError, parse_call
from local_aws.services.states.languages.intrinsics import PREFIX
from local_aws.services.states.languages.jsonpath_steps import PathSyntaxError
from local_aws.services.states.languages.payload_templates import SUFFIX
from local_aws.services.states.languages.references import Reference, parse_reference

REFERENCE = "Value is not a Reference Path"


def check_path(problems: Problems, value: Any, location: str) -> None:
    """InputPath and OutputPath, which may be null."""
    if value is None:
        return
    if not isinstance(value, str):
        problems.wrong_type("[STRING]", location)
    elif _reference(value) is None:
        problems.add("Value must be a valid JSONPath.", location)


def check_reference_path(problems: Problems, value: Any, location: str) -> None:
    """A path that identifies one node, of the state's data, the context object or a variable."""
    if not isinstance(value, str):
        problems.wrong_type("[STRING]", location)
        return
    if not value.startswith("$"):
        problems.add(f"{REFERENCE}: Reference path didn't start with '$'", location)
        return
    reference = _reference(value)
    if reference is None or not reference.path.reference:
        problems.add(f"{REFERENCE}: '{value}' does not identify a single node", location)


def check_result_path(problems: Problems, value: Any, location: str) -> None:
    if value is None:
        return
    check_reference_path(problems, value, location)
    reference = _reference(value) if isinstance(value, str) else None
    if reference is not None and reference.variable:
        problems.add(f"{REFERENCE}: a result can be put into the input of the state only", location)


def check_dynamic(problems: Problems, value: Any, field: str, location: str) -> None:
    """A path or a call of an intrinsic function."""
    if not isinstance(value, str) or not _is_dynamic(value):
        message = f"The value for the field '{field}' must be a valid JSONPath or a valid intrinsic function call"
        problems.add(message, location)


def check_payload(problems: Problems, template: Any, location: str) -> None:
    if isinstance(template, list):
        for index, part in enumerate(template):
            check_payload(problems, part, f"{location}[{index}]")
    if not isinstance(template, dict):
        return
    for key, part in template.items():
        if key.endswith(SUFFIX):
            check_dynamic(problems, part, key, location)
            continue
        if isinstance(part, str) and _looks_dynamic(part):
            message = f"The field name '{key}' does not end with '.$', so its value is taken as it is: {part}"
            problems.warn("NO_DOLLAR", message, f"{location}/{key}")
        check_payload(problems, part, f"{location}/{key}")


def check_assign(problems: Problems, assign: Any, location: str, outer: frozenset[str]) -> None:
    if not isinstance(assign, dict):
        problems.wrong_type("[OBJECT]", location)
        return
    for name in assign:
        check_variable(problems, name.removesuffix(SUFFIX), f"{location}/{name}", outer)
    check_payload(problems, assign, location)


def warn_of_static_paths(problems: Problems, result: Any, location: str) -> None:
    """Pass gives its Result as it stands."""
    if isinstance(result, dict):
        for key, part in result.items():
            if key.endswith(SUFFIX):
                message = f"The field '{key}' of Result is not evaluated: use Parameters"
                problems.warn("PASS_RESULT_IS_STATIC", message, f"{location}/{key}")
            warn_of_static_paths(problems, part, f"{location}/{key}")


def warn_of_missing_path(problems: Problems, value: Any, field: str, location: str) -> None:
    if isinstance(value, str) and _looks_dynamic(value):
        message = f"The value of '{field}' looks like a path and is taken as it is: use '{field}Path'"
        problems.warn("NO_PATH", message, location)


def _is_dynamic(text: str) -> bool:
    if text.startswith(PREFIX):
        try:
            parse_call(text)
        except IntrinsicSyntaxError:
            return False
        return True
    return _reference(text) is not None


def _looks_dynamic(text: str) -> bool:
    return text.startswith(("$.", "$$.", "$[", PREFIX)) and _is_dynamic(text)


def _reference(text: str) -> Reference | None:
    try:
        return parse_reference(text)
    except PathSyntaxError:
        return None


#: What is checked by the name of the field alone.
CHECKS: dict[str, Callable[[Problems, Any, str], None]] = {
    "InputPath": check_path,
    "OutputPath": check_path,
    "ResultPath": check_result_path,
    "Parameters": check_payload,
    "ResultSelector": check_payload,
    "ItemSelector": check_payload,
    "Credentials": check_payload,
    "Result": warn_of_static_paths,
}
