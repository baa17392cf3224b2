"""Execution histories: events with AWS's types, ids and detail fields.

https://docs.aws.amazon.com/step-functions/latest/apireference/API_HistoryEvent.html
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from local_aws.services.states.jsontext import dumps
from local_aws.services.states.models import Execution, Failure

if TYPE_CHECKING:
    from local_aws.store import Store

#: https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
MAX_EVENTS = 25_000
WHOLE = {"truncated": False}
#: What ``includeExecutionData=False`` leaves out.
EXECUTION_DATA = ("input", "output", "parameters", "assignedVariables")


def stream(execution: str) -> str:
    return f"states:history:{execution}"


def append(store: Store, execution: str, kind: str, previous: int, details: dict[str, Any] | None = None) -> int:
    """Add an event and return its id. ``details`` is ``{"<x>EventDetails": {...}}``, empty for events without any."""
    event = {"timestamp": datetime.now(UTC), "type": kind, "previousEventId": previous, **(details or {})}
    return store.append(stream(execution), event)


def events(store: Store, execution: str, *, with_data: bool = True) -> list[dict[str, Any]]:
    """The whole history, oldest first."""
    found = []
    for number, event in store.read(stream(execution)):
        shown = {"id": number, **event}
        found.append(shown if with_data else _without_data(shown))
    return found


def _without_data(event: dict[str, Any]) -> dict[str, Any]:
    return {
        name: {key: part for key, part in value.items() if key not in EXECUTION_DATA}
        if name.endswith("EventDetails")
        else value
        for name, value in event.items()
    }


def is_longer(store: Store, execution: str, events: int) -> bool:
    return bool(store.read(stream(execution), after=events, limit=1))


def last_event(store: Store, execution: str) -> int:
    """The id of the newest event."""
    return max((number for number, _ in store.read(stream(execution))), default=0)


def execution_started(execution: Execution) -> dict[str, Any]:
    details = {"input": execution["input"], "inputDetails": WHOLE, "roleArn": execution["role"]}
    for key, arn in (("stateMachineAliasArn", "alias"), ("stateMachineVersionArn", "version")):
        if execution.get(arn) is not None:
            details[key] = execution[arn]  # type: ignore[literal-required]
    return {"executionStartedEventDetails": details}


def execution_redriven(count: int) -> dict[str, Any]:
    return {"executionRedrivenEventDetails": {"redriveCount": count}}


def state_entered(name: str, value: Any) -> dict[str, Any]:
    return {"stateEnteredEventDetails": {"name": name, "input": dumps(value), "inputDetails": WHOLE}}


def state_exited(name: str, output: str, assigned: dict[str, Any]) -> dict[str, Any]:
    details: dict[str, Any] = {"name": name, "output": output, "outputDetails": WHOLE}
    if assigned:
        details["assignedVariables"] = {key: dumps(value) for key, value in assigned.items()}
        details["assignedVariablesDetails"] = WHOLE
    return {"stateExitedEventDetails": details}


def execution_succeeded(output: str) -> dict[str, Any]:
    return {"executionSucceededEventDetails": {"output": output, "outputDetails": WHOLE}}


ENDS = {
    "FAILED": ("ExecutionFailed", "executionFailedEventDetails"),
    "ABORTED": ("ExecutionAborted", "executionAbortedEventDetails"),
    "TIMED_OUT": ("ExecutionTimedOut", "executionTimedOutEventDetails"),
}


def execution_failed(
    status: str, previous: int, error: str | None, cause: str | None
) -> tuple[str, int, dict[str, Any]]:
    """The type, the link and the details of the last event of an execution that did not succeed."""
    kind, field = ENDS[status]
    return kind, previous, {field: failure_details(error, cause)}


def failure_details(error: str | None, cause: str | None) -> dict[str, str]:
    """AWS leaves out what there is not."""
    return {key: value for key, value in (("error", error), ("cause", cause)) if value is not None}


def evaluation_failed(state: str, failure: Failure, location: str) -> dict[str, Any]:
    details = failure_details(failure["error"], failure["cause"])
    return {"evaluationFailedEventDetails": {**details, "location": location, "state": state}}


def map_iteration(kind: str, name: str, index: int) -> dict[str, Any]:
    return {f"mapIteration{kind}EventDetails": {"name": name, "index": index}}
