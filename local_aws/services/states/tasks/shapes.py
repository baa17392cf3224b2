"""Between a task's JSON and boto3's arguments and answers, guided by botocore's shapes.

In Step Functions every field is in PascalCase, whatever the service calls it:
https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from botocore.model import Shape

from local_aws.services.states.jsontext import dumps
from local_aws.services.states.tasks.sdk_names import field_name

NUMBERS = ("integer", "long", "float", "double")
Timestamp = Callable[[datetime], Any]
Name = Callable[[str], str]


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
        names = members_by_name(shape)
        request: dict[str, Any] = {}
        for key, part in value.items():
            if key not in names:
                self.problems.append(f'The field "{key}" is not supported by Step Functions')
                continue
            if part is None:
                # As recorded on AWS: the call is made without the field.
                request[names[key]] = None
                continue
            request[names[key]] = self.read(shape.members[names[key]], part, key)
        for member in shape.required_members:
            if member not in request and not shape.members[member].metadata.get("idempotencyToken"):
                self.problems.append(f"The field '{pascal(member)}' is required but was missing")
        return {member: part for member, part in request.items() if part is not None}

    def _scalar(self, shape: Shape, value: Any, field: str) -> Any:
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if shape.type_name == "string" and not isinstance(value, str) and field in self._json_text_fields:
            return dumps(value)
        fits = {"string": isinstance(value, str), "boolean": isinstance(value, bool), "timestamp": True}
        if not fits.get(shape.type_name, number and shape.type_name in NUMBERS):
            self.problems.append(f"The value for the field '{field}' must be a {shape.type_name.upper()}")
        return value


def members_by_name(shape: Shape) -> dict[str, str]:
    """The members of a structure by the names that a task may give them: the API's and the SDK's."""
    names = {field_name(member): member for member in shape.members}
    return {**names, **{pascal(member): member for member in shape.members}}


def to_result(
    shape: Shape | None, answer: Mapping[str, Any], timestamp: Timestamp, name: Name | None = None
) -> dict[str, Any]:
    """A call's answer as JSON, without boto3's metadata.

    ``timestamp`` says how times are written, ``name`` how fields are: the API's names in PascalCase unless it is given.
    """
    fields = {key: value for key, value in answer.items() if key != "ResponseMetadata"}
    return dict(_Writer(timestamp, name or pascal).json(shape, fields))


class _Writer:
    def __init__(self, timestamp: Timestamp, name: Name) -> None:
        self._timestamp = timestamp
        self._name = name

    def json(self, shape: Shape | None, value: Any) -> Any:
        if isinstance(value, datetime):
            return self._timestamp(value)
        if isinstance(value, dict) and shape is not None:
            if shape.type_name == "map":
                return {key: self.json(shape.value, part) for key, part in value.items()}
            if shape.type_name == "structure":
                return {self._name(key): self.json(shape.members.get(key), part) for key, part in value.items()}
        if isinstance(value, list):
            member = shape.member if shape is not None and shape.type_name == "list" else None
            return [self.json(member, part) for part in value]
        if hasattr(value, "read"):
            value = value.read()
        return blob_text(value) if isinstance(value, bytes) else value


def blob_text(value: bytes) -> str:
    """A blob as JSON text; what is no UTF-8 in base64, so that nothing of it is lost."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return base64.b64encode(value).decode()


def pascal(name: str) -> str:
    return name[0].upper() + name[1:]
