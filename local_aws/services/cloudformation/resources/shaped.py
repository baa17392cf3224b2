"""Properties in the types that an operation wants: a template may spell a number or a truth value as text."""

from __future__ import annotations

from typing import Any

from botocore.model import Shape

from local_aws.services.cloudformation.resources.registry import Properties, Site, flag

NUMBERS = {"integer": int, "long": int, "float": float, "double": float}


def shaped(site: Site, service: str, operation: str, properties: Properties) -> Properties:
    """``properties`` are those that the operation has by the same name."""
    model = site.client(service).meta.service_model.operation_model(operation)
    return dict(_value(model.input_shape, properties))


def _value(shape: Shape | None, value: Any) -> Any:
    kind = getattr(shape, "type_name", "")
    if kind == "structure" and isinstance(value, dict):
        # A name that the operation lacks is refused by the client.
        return {name: _value(shape.members.get(name), part) for name, part in value.items()}  # type: ignore[union-attr]
    if kind == "list" and isinstance(value, list):
        return [_value(shape.member, part) for part in value]  # type: ignore[union-attr]
    if kind == "map" and isinstance(value, dict):
        return {name: _value(shape.value, part) for name, part in value.items()}  # type: ignore[union-attr]
    if kind == "boolean":
        return flag(value)
    if kind in NUMBERS and isinstance(value, str):
        return NUMBERS[kind](value)
    return value
