"""Values of a template's parameters: given, previous or default, checked against their declarations."""

from __future__ import annotations

import re
from typing import Any

from local_aws.api import ApiError, Context

HIDDEN = "****"
SSM_TYPE = "AWS::SSM::Parameter::Value<"
LIST_TYPES = ("CommaDelimitedList", "List<")


def parameter_values(declared: dict[str, Any], given: list[dict[str, Any]], previous: dict[str, str]) -> dict[str, str]:
    """The text of every parameter. Raises ``ApiError`` (``ValidationError``) for what is missing, unknown or wrong."""
    values: dict[str, str] = {}
    named = {entry["ParameterKey"]: entry for entry in given}
    unknown = sorted(set(named) - set(declared))
    if unknown:
        raise _refused(f"Parameters: {unknown} do not exist in the template")
    missing = []
    for name, declaration in declared.items():
        entry = named.get(name)
        if entry is not None and entry.get("UsePreviousValue") and name in previous:
            values[name] = previous[name]
        elif entry is not None and "ParameterValue" in entry:
            values[name] = entry["ParameterValue"]
        elif "Default" in declaration:
            values[name] = _text(declaration["Default"])
        else:
            missing.append(name)
            continue
        _check(name, values[name], declaration)
    if missing:
        raise _refused(f"Parameters: {missing} must have values")
    return values


def resolved_values(aws: Context, declared: dict[str, Any], values: dict[str, str]) -> dict[str, Any]:
    """What ``Ref`` yields for each parameter: lists split, SSM types looked up."""
    resolved: dict[str, Any] = {}
    for name, text in values.items():
        kind = declared[name].get("Type", "String")
        if kind.startswith(SSM_TYPE):
            text = aws.client("ssm").get_parameter(Name=text)["Parameter"]["Value"]
            kind = kind.removeprefix(SSM_TYPE).removesuffix(">")
        if kind.startswith(LIST_TYPES):
            resolved[name] = [part.strip() for part in text.split(",")]
        else:
            resolved[name] = text
    return resolved


def shown(declared: dict[str, Any], values: dict[str, str]) -> list[dict[str, str]]:
    """Parameters as the API tells them; those with NoEcho are hidden."""
    return [
        {
            "ParameterKey": name,
            "ParameterValue": HIDDEN if _text(declared.get(name, {}).get("NoEcho", False)) == "true" else value,
        }
        for name, value in values.items()
    ]


def _check(name: str, value: str, declaration: dict[str, Any]) -> None:
    allowed = [_text(each) for each in declaration.get("AllowedValues", [])]
    if allowed and value not in allowed:
        raise _refused(f"Parameter '{name}' must be one of AllowedValues {allowed}")
    pattern = declaration.get("AllowedPattern")
    if pattern and not re.fullmatch(pattern, value):
        reason = declaration.get("ConstraintDescription") or f"must match pattern {pattern}"
        raise _refused(f"Parameter '{name}' {reason}")
    for key, broken in (("MinLength", len(value).__lt__), ("MaxLength", len(value).__gt__)):
        if key in declaration and broken(int(declaration[key])):
            raise _refused(f"Parameter '{name}' must respect {key} {declaration[key]}")
    if declaration.get("Type") == "Number":
        _check_number(name, value, declaration)


def _check_number(name: str, value: str, declaration: dict[str, Any]) -> None:
    try:
        number = float(value)
    except ValueError as error:
        raise _refused(f"Parameter '{name}' must be a number") from error
    if number < float(declaration.get("MinValue", number)):
        raise _refused(f"Parameter '{name}' must be a number not less than {declaration['MinValue']}")
    if number > float(declaration.get("MaxValue", number)):
        raise _refused(f"Parameter '{name}' must be a number not greater than {declaration['MaxValue']}")


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _refused(why: str) -> ApiError:
    return ApiError("ValidationError", why)
