"""JSONPath as a query language of states.

The order is InputPath, Parameters, the work, ResultSelector, ResultPath, OutputPath:
https://docs.aws.amazon.com/step-functions/latest/dg/concepts-input-output-filtering.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from local_aws.services.states.errors import REFERENCE_PATH_CONFLICT, StateError
from local_aws.services.states.jsontext import dumps
from local_aws.services.states.languages import choice_rules, jsonpath_values
from local_aws.services.states.languages.jsonpath import ConflictError, NoSuchNodeError, parse, put
from local_aws.services.states.languages.jsonpath_steps import PathSyntaxError
from local_aws.services.states.languages.payload_templates import dynamic, fill, read_path
from local_aws.services.states.languages.query_language import ABSENT, Chosen, Completion, Scope
from local_aws.services.states.languages.references import parse_reference, path_error
from local_aws.services.states.models import State

NAME = "JSONPath"
ROOT = "$"


class JsonPathLanguage:
    """Provides ``QueryLanguage``."""

    def arguments(self, state: State, scope: Scope) -> Any:
        return self.value(state, "Parameters", scope)

    def value(self, part: Mapping[str, Any], field: str, scope: Scope) -> Any:
        document = effective_input(part, scope)
        return fill(part[field], document, scope) if field in part else document

    def whole_number(self, state: State, field: str, scope: Scope) -> int | None:
        if f"{field}Path" in state:
            path = state[f"{field}Path"]
            return jsonpath_values.whole_number(field, path, effective_input(state, scope), scope)
        number = state.get(field)
        return None if number is None else int(number)

    def number(self, state: State, field: str, scope: Scope) -> float | None:
        if f"{field}Path" in state:
            path = state[f"{field}Path"]
            return jsonpath_values.percentage(field, path, effective_input(state, scope), scope)
        number = state.get(field)
        return None if number is None else float(number)

    def text(self, state: State, field: str, scope: Scope) -> str | None:
        path = f"{field}Path"
        if path not in state:
            text = state.get(field)
            return None if text is None else str(text)
        value = dynamic(path, state[path], effective_input(state, scope), scope)
        if not isinstance(value, str):
            raise path_error(f"The field '{path}' must refer to a string, but was: {state[path]} == {dumps(value)}")
        return value

    def moment(self, state: State, field: str, scope: Scope) -> float | None:
        path = f"{field}Path"
        if path not in state:
            text = state.get(field)
            return None if text is None else jsonpath_values.seconds_since_epoch(field, text, text)
        return jsonpath_values.moment(path, state[path], effective_input(state, scope), scope)

    def choose(self, state: State, scope: Scope) -> Chosen | None:
        """The part that completes the state: its own paths, with the Assign of the rule that holds."""
        document = effective_input(state, scope)
        paths: dict[str, Any] = {field: state[field] for field in ("Type", "InputPath", "OutputPath") if field in state}
        for index, rule in enumerate(state["Choices"]):
            if choice_rules.holds(rule, document, scope):
                assigns = {"Assign": rule["Assign"]} if "Assign" in rule else {}
                return Chosen({**paths, **assigns}, f"Choices[{index}]", rule["Next"])
        return Chosen(state, "", state["Default"]) if "Default" in state else None

    def items(self, state: State, scope: Scope) -> list[Any]:
        path = state.get("ItemsPath", ROOT)
        document = effective_input(state, scope)
        try:
            value = parse_reference(path).read(document, scope)
        except (NoSuchNodeError, PathSyntaxError) as error:
            last = path.rpartition(".")[2]
            cause = f'Unable to apply step "{last}" to input {dumps(document)}'
            raise StateError(REFERENCE_PATH_CONFLICT, cause) from error
        if not isinstance(value, list):
            raise path_error(f'Reference path "{path}" must point to array.')
        return value

    def item_input(self, state: State, scope: Scope, item: Any) -> Any:
        field = "ItemSelector" if "ItemSelector" in state else "Parameters"
        return self.value(state, field, scope) if field in state else item

    def complete(self, part: Mapping[str, Any], scope: Scope, default: Any, location: str) -> Completion:
        """A catcher has neither InputPath nor OutputPath; its result is the error's name and cause."""
        if scope.error_output is not ABSENT:
            seen = result = scope.error_output
        elif scope.result is not ABSENT:
            seen = result = scope.result
            if "ResultSelector" in part:
                result = fill(part["ResultSelector"], result, scope)
        else:
            seen = result = _own_result(part, scope)
        # ``$`` in Assign is the result as the work gave it, in Choice and Wait the effective input:
        # https://docs.aws.amazon.com/step-functions/latest/dg/workflow-variables.html
        assigned = fill(part.get("Assign", {}), seen, scope)
        output = _with_result_path(part, scope, result)
        if part.get("OutputPath", ROOT) != ROOT:
            output = {} if part["OutputPath"] is None else read_path(part["OutputPath"], output, scope)
        return Completion(output, assigned)


def effective_input(state: Mapping[str, Any], scope: Scope) -> Any:
    """The state's input after InputPath; nothing of it, an empty object, for a null InputPath."""
    path = state.get("InputPath", ROOT)
    if path is None:
        return {}
    return scope.input if path == ROOT else read_path(path, scope.input, scope)


def _own_result(part: Mapping[str, Any], scope: Scope) -> Any:
    """What a state without work outside gives: Result and Parameters are fields of Pass."""
    if "Result" in part:
        return part["Result"]
    document = effective_input(part, scope)
    return fill(part["Parameters"], document, scope) if "Parameters" in part else document


def _with_result_path(part: Mapping[str, Any], scope: Scope, result: Any) -> Any:
    path = part.get("ResultPath", ROOT)
    if path is None:
        return scope.input
    if path == ROOT:
        return result
    try:
        return put(parse(path), scope.input, result)
    except ConflictError as error:
        cause = f"Unable to apply ReferencePath {path} to input {dumps(scope.input)}"
        raise StateError(REFERENCE_PATH_CONFLICT, cause) from error
