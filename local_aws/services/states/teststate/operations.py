"""TestState: one state is run with an input, and its data is shown on the way.

https://docs.aws.amazon.com/step-functions/latest/apireference/API_TestState.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from local_aws.api import ApiError, Context, operation
from local_aws.services.states.errors import StateError
from local_aws.services.states.jsontext import loads
from local_aws.services.states.models import State
from local_aws.services.states.tasks.resources import ResourceError, parse
from local_aws.services.states.teststate import requests as api
from local_aws.services.states.teststate import run as teststate
from local_aws.services.states.teststate.definition import StateUnderTest, state_under_test
from local_aws.services.states.teststate.mock import check_mock, mocked_context, mocked_result
from local_aws.services.states.teststate.run import Setting, Tested

TOO_MANY_FAILURES = "States.ExceedToleratedFailureThreshold"


@operation("stepfunctions", "TestState")
def test_state(aws: Context, request: api.TestStateRequest) -> api.TestStateResponse:
    """``revealSecrets`` shows what a connection adds to an HTTP request, at level TRACE."""
    under_test = state_under_test(request["definition"], request.get("stateName"))
    state = under_test.state
    check_mock(request, state)
    _check_configuration(request.get("stateConfiguration", {}), under_test)
    if "mock" not in request:
        _refuse_waiting(state)
    setting = Setting(
        value=_parsed(request.get("input", "{}"), "InvalidExecutionInput", "input"),
        variables=_variables(request.get("variables", "{}")),
        role=request.get("roleArn", ""),
        mocked=_mocked(request, state),
        context=mocked_context(request["context"], state) if "context" in request else None,
        reveal=request.get("revealSecrets", False),
        attempts=request.get("stateConfiguration", {}).get("retrierRetryCount", 0),
    )
    return _answer(teststate.run(aws, under_test, setting), request.get("inspectionLevel", "INFO"))


def _answer(tested: Tested, level: str) -> api.TestStateResponse:
    answer: api.TestStateResponse = {"status": tested.status}
    if tested.output is not None:
        answer["output"] = tested.output
    if tested.error is not None and tested.error.error is not None:
        answer["error"] = tested.error.error
    if tested.error is not None and tested.error.cause is not None:
        answer["cause"] = tested.error.cause
    if tested.target is not None:
        answer["nextState"] = tested.target
    if level != "INFO":
        answer["inspectionData"] = {**tested.inspected, **(tested.exchanged if level == "TRACE" else {})}
    return answer


def _mocked(request: api.TestStateRequest, state: State) -> Callable[[], Any] | None:
    """What is done in place of the work; it raises ``StateError`` for a mocked error."""
    mock = request.get("mock")
    if mock is None:
        return None
    if "errorOutput" in mock:
        error = StateError(mock["errorOutput"].get("error"), mock["errorOutput"].get("cause"))
        return lambda: _raise(error)
    value = mocked_result(mock, state)
    failures = request.get("stateConfiguration", {}).get("mapIterationFailureCount", 0)
    if _too_many(state, failures, len(value) if isinstance(value, list) else 0):
        cause = "The specified tolerated failure threshold was exceeded"
        return lambda: _raise(StateError(TOO_MANY_FAILURES, cause))
    return lambda: value


def _raise(error: StateError) -> Any:
    raise error


def _too_many(state: State, failures: int, items: int) -> bool:
    """Whether a Map state's thresholds, as far as they are written as numbers, do not tolerate so many failures."""
    count, percentage = state.get("ToleratedFailureCount"), state.get("ToleratedFailurePercentage")
    over_count = isinstance(count, int) and failures > count
    over_percentage = isinstance(percentage, int | float) and items > 0 and 100 * failures / items > percentage
    return bool(failures) and (over_count or over_percentage)


def _check_configuration(configuration: api.StateConfiguration, under_test: StateUnderTest) -> None:
    if "mapItemReaderData" in configuration:
        raise _invalid("local_aws does not take mapItemReaderData: mock the result of the Map state")
    if under_test.state["Type"] != "Map" and "mapIterationFailureCount" in configuration:
        raise _invalid("mapIterationFailureCount is for Map states only")
    if under_test.state["Type"] not in ("Map", "Parallel") and "errorCausedByState" in configuration:
        raise _invalid("errorCausedByState is for Map and Parallel states only")


def _refuse_waiting(state: State) -> None:
    if state["Type"] != "Task":
        return
    if ":activity:" in state["Resource"]:
        raise _invalid("TestState does not support activities: give a mock")
    try:
        mode = parse(state["Resource"]).mode
    except ResourceError as error:
        raise ApiError("InvalidDefinition", str(error)) from error
    if mode == "token":
        raise _invalid("Nobody can answer the task token of a state under test: give a mock")


def _variables(text: str) -> dict[str, Any]:
    value = _parsed(text, "ValidationException", "variables")
    if not isinstance(value, dict):
        raise _invalid("Invalid variables: they must be a JSON object")
    return value


def _parsed(text: str, code: str, what: str) -> Any:
    try:
        return loads(text)
    except ValueError as error:
        raise ApiError(code, f"Invalid {what}: '{error}'") from error


def _invalid(message: str) -> ApiError:
    return ApiError("ValidationException", message)
