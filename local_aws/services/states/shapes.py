"""Between a task's JSON and boto3's arguments and answers, guided by botocore's shapes.

In Step Functions every field is in PascalCase, whatever the service calls it:
https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from botocore.model import Shape

from local_aws.services.states.jsontext import dumps

NUMBERS = ("integer", "long", "float", "double")
Timestamp = Callable[[datetime], Any]


class ParametersError(ValueError):
    """Lists everything that is wrong with a task's parameters."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__(", ".join(problems))
        self.problems = problems


def to_request(shape: Shape, parameters: Any, json_text_fields: frozenset[str] = frozenset()) -> dict[str, Any]:
    """boto3 arguments. Fields in ``json_text_fields`` (by their own name) take any JSON value, sent as text."""
    reader = _Reader(json_text_fields)
    request = reader.read(shape, parameters, "")
    if reader.problems:
        raise ParametersError(reader.problems)
    return dict(request)


class _Reader:
    def __init__(self, json_text_fields: frozenset[str]) -> None:
        self.problems: list[str] = []
        self._json_text_fields = json_text_fields

    def read(self, shape: Shape, value: Any, field: str) -> Any:
        if shape.type_name == "structure":
            return self._structure(shape, value, field)
        if shape.type_name == "list" and isinstance(value, list):
            return [self.read(shape.member, part, field) for part in value]
        if shape.type_name == "map" and isinstance(value, dict):
            return {key: self.read(shape.value, part, field) for key, part in value.items()}
        if shape.type_name == "blob":
            return (value if isinstance(value, str) else dumps(value)).encode()
        return self._scalar(shape, value, field)

    def _structure(self, shape: Shape, value: Any, field: str) -> Any:
        if getattr(shape, "is_document_type", False):
            return value
        if not isinstance(value, dict):
            self.problems.append(f"The value for the field '{field or 'Arguments'}' must be an object")
            return {}
        names = {pascal(member): member for member in shape.members}
        request = {}
        for key, part in value.items():
            if key not in names:
                self.problems.append(f'The field "{key}" is not supported by Step Functions')
                continue
            request[names[key]] = self.read(shape.members[names[key]], part, key)
        for member in shape.required_members:
            if member not in request and not shape.members[member].metadata.get("idempotencyToken"):
                self.problems.append(f"The field '{pascal(member)}' is required but was missing")
        return request

    def _scalar(self, shape: Shape, value: Any, field: str) -> Any:
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if shape.type_name == "string" and not isinstance(value, str) and field in self._json_text_fields:
            return dumps(value)
        fits = {"string": isinstance(value, str), "boolean": isinstance(value, bool), "timestamp": True}
        if not fits.get(shape.type_name, number and shape.type_name in NUMBERS):
            self.problems.append(f"The value for the field '{field}' must be a {shape.type_name.upper()}")
        return value


def to_result(shape: Shape | None, answer: Mapping[str, Any], timestamp: Timestamp) -> dict[str, Any]:
    """A call's answer as JSON, without boto3's metadata; ``timestamp`` says how times are written."""
    fields = {key: value for key, value in answer.items() if key != "ResponseMetadata"}
    return dict(_json(shape, fields, timestamp))


def _json(shape: Shape | None, value: Any, timestamp: Timestamp) -> Any:
    if isinstance(value, datetime):
        return timestamp(value)
    if isinstance(value, dict) and shape is not None:
        if shape.type_name == "map":
            return {key: _json(shape.value, part, timestamp) for key, part in value.items()}
        if shape.type_name == "structure":
            return {pascal(key): _json(shape.members.get(key), part, timestamp) for key, part in value.items()}
    if isinstance(value, list):
        member = shape.member if shape is not None and shape.type_name == "list" else None
        return [_json(member, part, timestamp) for part in value]
    if hasattr(value, "read"):
        value = value.read()
    return value.decode(errors="replace") if isinstance(value, bytes) else value


def epoch_milliseconds(moment: datetime) -> int:
    """How optimised integrations write times."""
    return round(moment.timestamp() * 1000)


def iso_time(moment: datetime) -> str:
    """How SDK integrations and the context object write times: UTC with milliseconds, as 2024-05-01T10:00:00.000Z."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def pascal(name: str) -> str:
    return name[0].upper() + name[1:]


def utc(seconds: float) -> datetime:
    """The moment that is so many seconds after the epoch."""
    return datetime.fromtimestamp(seconds, UTC)
