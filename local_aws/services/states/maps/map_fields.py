"""Values inside a Map state's nested fields (ItemReader, ItemBatcher, ResultWriter), in either query language.

A nested part is evaluated as the arguments of a task would be, which both languages know how to do.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from local_aws.services.states.errors import EvaluationError
from local_aws.services.states.languages.query_language import QueryLanguage, Scope
from local_aws.services.states.models import State


class MapFields:
    """The fields of one Map state, as expressions in ``scope`` see them. ``location`` names a field as AWS does."""

    def __init__(self, language: QueryLanguage, state: State, scope: Scope) -> None:
        self._language = language
        self._state = state
        self._scope = scope

    def arguments(self, part: Mapping[str, Any], location: str) -> dict[str, Any]:
        """Arguments or Parameters of a part. Raises ``EvaluationError`` if they are no object."""
        field = "Parameters" if "Parameters" in part else "Arguments"
        if field not in part:
            return {}
        value = self._evaluate(part[field], f"{location}/{field}")
        if not isinstance(value, dict):
            raise EvaluationError(f"The field '{location}/{field}' must be an object: {value}", f"{location}/{field}")
        return value

    def template(self, part: Mapping[str, Any], field: str, location: str) -> Any:
        """Any value; None when the part has none."""
        return self._evaluate(part[field], f"{location}/{field}") if field in part else None

    def number(self, part: Mapping[str, Any], field: str, location: str = "") -> int | float | None:
        """``field``, or what ``<field>Path`` leads to; None when the part has neither."""
        place = f"{location}/{field}" if location else field
        if f"{field}Path" in part:
            value = self._evaluate({"value.$": part[f"{field}Path"]}, f"{place}Path")["value"]
        elif field in part:
            value = self._evaluate({"value": part[field]}, place)["value"]
        else:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
            raise EvaluationError(f"The field '{place}' must be a number that is not negative: {value}", place)
        return value

    def whole_number(self, part: Mapping[str, Any], field: str, location: str = "") -> int | None:
        value = self.number(part, field, location)
        if value is not None and not isinstance(value, int):
            place = f"{location}/{field}" if location else field
            raise EvaluationError(f"The field '{place}' must be a whole number: {value}", place)
        return value

    def _evaluate(self, template: Any, location: str) -> Any:
        pretended = {"Type": "Map", "Arguments": template, "Parameters": template}
        if "InputPath" in self._state:
            pretended["InputPath"] = self._state["InputPath"]
        try:
            return self._language.arguments(pretended, self._scope)
        except EvaluationError as error:
            cause = str(error.cause)
            for wrong in ("Arguments/value", "Arguments", "Parameters"):
                cause = cause.replace(f"field '{wrong}", f"field '{location}")
            raise EvaluationError(cause, location) from error
