"""Refusing what AWS refuses: a parsed request against botocore's model of the operation's input."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence, Sized
from functools import cache
from typing import Any

from botocore.validate import ParamValidator

from local_aws.api import ApiError

#: What each service calls a request that its model refuses; the others say ``ValidationException``.
CODES = {
    "cloudformation": "ValidationError",
    "cloudwatch": "ValidationError",
    "lambda": "ValidationException",
    "glue": "InvalidInputException",
    "sagemaker-runtime": "ValidationError",
}
SHOWN_CHARACTERS = 200
SIZED, NUMBER = ("list", "map", "blob"), ("integer", "long", "float", "double")


def validate(service: str, request: Mapping[str, Any], shape: Any) -> None:
    """Raise ``ApiError`` with every fault found. ``shape`` is the operation's input shape, or None."""
    if shape is None:
        return
    report = ParamValidator().validate(request, shape)
    code = CODES.get(service, "ValidationException")
    if report.has_errors():
        raise ApiError(code, report.generate_report())
    faults = list(_faults(request, shape, ""))
    if faults:
        noun = "error" if len(faults) == 1 else "errors"
        raise ApiError(code, f"{len(faults)} validation {noun} detected: {'; '.join(faults)}")


def _faults(value: Any, shape: Any, path: str) -> Iterator[str]:
    """Broken constraints that botocore leaves to the server: enumerations, patterns, upper bounds."""
    broken = _broken_constraint(value, shape)
    if broken:
        # A value may be a secret: its place is named, its text is not shown where the model marks it sensitive.
        shown = "***" if shape.metadata.get("sensitive") else str(value)[:SHOWN_CHARACTERS]
        yield f"Value '{shown}' at '{path}' failed to satisfy constraint: {broken}"
    if shape.type_name == "structure" and isinstance(value, Mapping) and not shape.is_document_type:
        for name, member in shape.members.items():
            if value.get(name) is not None:
                yield from _faults(value[name], member, f"{path}.{name}" if path else name)
    elif shape.type_name == "list" and isinstance(value, Sequence):
        for number, item in enumerate(value, 1):
            yield from _faults(item, shape.member, f"{path}.{number}.member")
    elif shape.type_name == "map" and isinstance(value, Mapping):
        for key, item in value.items():
            yield from _faults(key, shape.key, f"{path}.key")
            yield from _faults(item, shape.value, f"{path}.{key}.member")


def _broken_constraint(value: Any, shape: Any) -> str | None:
    """The first constraint that ``value`` breaks, in AWS's words."""
    limits = shape.metadata
    if shape.type_name == "string":
        return _broken_text_constraint(value, limits)
    if shape.type_name in SIZED and isinstance(value, Sized) and "max" in limits and len(value) > limits["max"]:
        return f"Member must have length less than or equal to {limits['max']}"
    if shape.type_name in NUMBER and "max" in limits and value > limits["max"]:
        return f"Member must have value less than or equal to {limits['max']}"
    return None


def _broken_text_constraint(value: str, limits: Mapping[str, Any]) -> str | None:
    if "enum" in limits and value not in limits["enum"]:
        return f"Member must satisfy enum value set: [{', '.join(limits['enum'])}]"
    if "max" in limits and len(value) > limits["max"]:
        return f"Member must have length less than or equal to {limits['max']}"
    if "min" in limits and len(value) < limits["min"]:
        return f"Member must have length greater than or equal to {limits['min']}"
    if "pattern" in limits:
        pattern = _compiled(limits["pattern"])
        if pattern is not None and not pattern.fullmatch(value):
            return f"Member must satisfy regular expression pattern: {limits['pattern']}"
    return None


@cache
def _compiled(pattern: str) -> re.Pattern[str] | None:
    """None for those of AWS's Java patterns that Python's engine does not know (``\\p{L}``)."""
    try:
        return re.compile(pattern)
    except re.error:
        return None
