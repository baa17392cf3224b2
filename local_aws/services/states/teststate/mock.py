"""What TestState takes in place of a call: checked as AWS checks it.

https://docs.aws.amazon.com/step-functions/latest/apireference/API_MockInput.html; messages are recorded behaviour.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from botocore.model import Shape

from local_aws.api import ApiError
from local_aws.services.states.jsontext import loads
from local_aws.services.states.models import State
from local_aws.services.states.tasks.resources import operation_model, parse
from local_aws.services.states.tasks.shapes import NUMBERS, pascal
from local_aws.services.states.teststate.definition import MOCK_ONLY, MOCKABLE
from local_aws.services.states.teststate.requests import Mock, TestStateRequest

CONTEXT_FIELDS = {
    "Execution": ("Id", "Input", "Name", "RoleArn", "StartTime", "RedriveCount", "RedriveTime"),
    "State": ("EnteredTime", "Name", "RetryCount"),
    "StateMachine": ("Id", "Name"),
    "Task": ("Token",),
}
JSON_TYPES = {"structure": "object", "map": "object", "list": "array", "boolean": "boolean"}
TEXTS = ("Id", "Name", "RoleArn", "StartTime", "EnteredTime", "Token", "RedriveTime")


def check_mock(request: TestStateRequest, state: State) -> None:
    """Raises ``ApiError`` for a mock, a context or a state type that do not go together."""
    mock, kind = request.get("mock"), state["Type"]
    if mock is None:
        if kind in MOCK_ONLY:
            raise ApiError(
                "InvalidDefinition",
                "TestState API does not support Map or Parallel states. "
                "Supported state types include: [Task, Wait, Pass, Succeed, Fail, Choice]",
            )
        if "context" in request:
            raise _invalid("A Context object can only be given together with a mock.")
        return
    if kind not in MOCKABLE:
        raise _invalid(f"State type '{kind}' is not supported when a mock is specified")
    if request.get("revealSecrets"):
        raise _invalid("TestState does not support RevealSecrets when a mock is specified.")
    if "result" in mock and "errorOutput" in mock:
        raise _invalid("A test mock should have only one of the following fields: [result, errorOutput].")
    if "result" not in mock and "errorOutput" not in mock:
        raise _invalid("A test mock needs one of the following fields: [result, errorOutput].")
    if "errorOutput" in mock and not mock["errorOutput"].get("error"):
        raise _invalid("A mocked errorOutput needs the field error.")


def mocked_result(mock: Mock, state: State) -> Any:
    """The value that stands for the state's result."""
    try:
        value = loads(mock["result"])
    except ValueError as error:
        raise _invalid("Mocked result must be a valid JSON.") from error
    if state["Type"] == "Map":
        _check_map(value, state)
    elif state["Type"] == "Parallel":
        if not isinstance(value, list):
            raise _invalid("Mocked result must be an array.")
        if len(value) != len(state["Branches"]):
            raise _invalid("Mocked result must contain the same number of items as number of Parallel branches.")
    else:
        _check_fields(value, state, mock.get("fieldValidationMode", "STRICT"))
    return value


def _check_map(value: Any, state: State) -> None:
    if "ResultWriter" in state and not isinstance(value, dict):
        raise _invalid("Mocked result must be a JSON object.")
    if "ResultWriter" not in state and not isinstance(value, list):
        raise _invalid("Mocked result must be an array.")


def _check_fields(value: Any, state: State, mode: str) -> None:
    resource = parse(state["Resource"])
    if mode == "NONE" or resource.kind in ("function", "http") or resource.mode != "request":
        return
    shape = operation_model(resource).output_shape
    if shape is not None and isinstance(value, dict):
        # What a function or an object holds may be of any type.
        payload = pascal(shape.serialization.get("payload", "-"))
        typed = {key: part for key, part in value.items() if key != payload}
        _check_value(shape, typed, "", strict=mode == "STRICT")


def _check_value(shape: Shape, value: Any, field: str, *, strict: bool) -> None:
    wanted = _wanted(shape)
    if not _fits(wanted, value):
        raise _mismatch(f"Field '{field}' must be {'an' if wanted[0] in 'ao' else 'a'} {wanted}")
    if shape.type_name == "structure":
        for member, inner in shape.members.items():
            if pascal(member) in value:
                _check_value(inner, value[pascal(member)], pascal(member), strict=strict)
            elif strict and member in shape.required_members:
                raise _mismatch(f"Required field '{pascal(member)}' is missing")
    elif shape.type_name == "list":
        for part in value:
            _check_value(shape.member, part, field, strict=strict)
    elif shape.type_name == "map":
        for part in value.values():
            _check_value(shape.value, part, field, strict=strict)
    else:
        _check_bounds(shape, value, field)


def _wanted(shape: Shape) -> str:
    """The JSON type of a field."""
    if shape.type_name in NUMBERS:
        return "number"
    return JSON_TYPES.get(shape.type_name, "string")


def _fits(wanted: str, value: Any) -> bool:
    types: dict[str, tuple[type, ...]] = {
        "object": (dict,),
        "array": (list,),
        "boolean": (bool,),
        "number": (int, float),
        "string": (str,),
    }
    return isinstance(value, types[wanted]) and (wanted == "boolean" or not isinstance(value, bool))


def _check_bounds(shape: Shape, value: Any, field: str) -> None:
    limits = shape.metadata
    if "enum" in limits and value not in limits["enum"]:
        raise _mismatch(f"Field '{field}' is not an expected value")
    if isinstance(value, str):
        if len(value) < limits.get("min", 0):
            raise _mismatch(f"Field '{field}' is smaller than the minimum length")
        if "max" in limits and len(value) > limits["max"]:
            raise _mismatch(f"Field '{field}' exceeds the maximum length")
    elif isinstance(value, int | float) and not isinstance(value, bool):
        if "min" in limits and value < limits["min"]:
            raise _mismatch(f"Field '{field}' is less than the minimum value")
        if "max" in limits and value > limits["max"]:
            raise _mismatch(f"Field '{field}' exceeds the maximum value")


def mocked_context(text: str, state: State) -> dict[str, Any]:
    """The context object that the caller gives; it stands for the whole of it."""
    try:
        context = loads(text)
    except ValueError as error:
        raise _invalid_context("it must be a valid JSON") from error
    if not isinstance(context, dict):
        raise _invalid_context("it must be a JSON object")
    if "Map" in context:
        raise _invalid_context("'Map' field is not supported when mocking a Context object")
    for name, part in context.items():
        if name not in CONTEXT_FIELDS:
            raise _invalid_context(f"Field '{name}' is not allowed")
        if not isinstance(part, dict):
            raise _invalid_context(f"{name} must be an object")
        _check_part(name, part)
    if "Task" in context and not (state["Type"] == "Task" and parse(state["Resource"]).mode != "request"):
        raise _invalid_context(
            "Context object contains 'Task' when state is not a Task state with a '.sync' or '.waitForTaskToken' "
            "service integration pattern"
        )
    return context


def _check_part(name: str, part: Mapping[str, Any]) -> None:
    for field, value in part.items():
        if field not in CONTEXT_FIELDS[name]:
            raise _invalid_context(f"Field '{field}' is not allowed")
        if field in TEXTS and not isinstance(value, str):
            raise _invalid_context(f"{name}.{field} must be a string")


def _invalid(message: str) -> ApiError:
    return ApiError("ValidationException", message)


def _mismatch(message: str) -> ApiError:
    return _invalid(f"Mock result schema validation error: {message}")


def _invalid_context(message: str) -> ApiError:
    return _invalid(f"Invalid Context object provided: {message}")
