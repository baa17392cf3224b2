"""JSONata as a query language of states.

https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from local_aws.services.states.errors import EvaluationError
from local_aws.services.states.languages.expressions import check_type, evaluate
from local_aws.services.states.languages.jsonpath_values import LEAST, MOST_PERCENT
from local_aws.services.states.languages.query_language import ABSENT, Chosen, Completion, Scope
from local_aws.services.states.languages.timestamps import seconds_of
from local_aws.services.states.models import State

NAME = "JSONata"


class JsonataLanguage:
    """Provides ``QueryLanguage``."""

    def arguments(self, state: State, scope: Scope) -> Any:
        return self.value(state, "Arguments", scope)

    def value(self, part: Mapping[str, Any], field: str, scope: Scope) -> Any:
        return evaluate(part[field], field, _bindings(scope)) if field in part else scope.input

    def whole_number(self, state: State, field: str, scope: Scope) -> int | None:
        if field not in state:
            return None
        value = check_type(evaluate(state[field], field, _bindings(scope)), "number", state[field], field)
        least = LEAST.get(field, 0)
        if not isinstance(value, int) or value < least:
            raise EvaluationError(f"The field '{field}' must be a whole number of at least {least}: {value}", field)
        return value

    def number(self, state: State, field: str, scope: Scope) -> float | None:
        if field not in state:
            return None
        value = check_type(evaluate(state[field], field, _bindings(scope)), "number", state[field], field)
        if not 0 <= value <= MOST_PERCENT:
            raise EvaluationError(f"The field '{field}' must be between 0 and {MOST_PERCENT}: {value}", field)
        return float(value)

    def text(self, state: State, field: str, scope: Scope) -> str | None:
        if field not in state:
            return None
        value = evaluate(state[field], field, _bindings(scope))
        return str(check_type(value, "string", state[field], field))

    def moment(self, state: State, field: str, scope: Scope) -> float | None:
        text = self.text(state, field, scope)
        seconds = None if text is None else seconds_of(text)
        if text is not None and seconds is None:
            message = f"The field '{field}' is not a time of RFC 3339, such as 2024-05-01T10:00:00Z: '{text}'"
            raise EvaluationError(message, field)
        return seconds

    def choose(self, state: State, scope: Scope) -> Chosen | None:
        bindings = _bindings(scope)
        for index, rule in enumerate(state["Choices"]):
            location = f"Choices[{index}]"
            condition = rule["Condition"]
            holds = evaluate(condition, f"{location}/Condition", bindings)
            if check_type(holds, "boolean", condition, f"{location}/Condition"):
                return Chosen(rule, location, rule["Next"])
        return Chosen(state, "", state["Default"]) if "Default" in state else None

    def items(self, state: State, scope: Scope) -> list[Any] | dict[str, Any]:
        template = state.get("Items", "{% $states.input %}")
        value = evaluate(template, "Items", _bindings(scope))
        if isinstance(value, dict):
            return value
        return list(check_type(value, "array", template, "Items"))

    def item_input(self, state: State, scope: Scope, item: Any) -> Any:
        if "ItemSelector" not in state:
            return item
        return evaluate(state["ItemSelector"], "ItemSelector", _bindings(scope))

    def complete(self, part: Mapping[str, Any], scope: Scope, default: Any, location: str) -> Completion:
        # Both see the variables as they were: Assign and Output are evaluated side by side.
        # https://docs.aws.amazon.com/step-functions/latest/dg/workflow-variables.html
        bindings, place = _bindings(scope), f"{location}/" if location else ""
        assigned = evaluate(part.get("Assign", {}), f"{place}Assign", bindings)
        output = evaluate(part["Output"], f"{place}Output", bindings) if "Output" in part else default
        return Completion(output, assigned)


def _bindings(scope: Scope) -> dict[str, Any]:
    states: dict[str, Any] = {"input": scope.input, "context": scope.context}
    if scope.result is not ABSENT:
        states["result"] = scope.result
    if scope.error_output is not ABSENT:
        states["errorOutput"] = scope.error_output
    return {**scope.variables, "states": states}
