"""The events of a task: those of service integrations, and those of a function named by its plain ARN."""

from __future__ import annotations

from typing import Any, Protocol

from local_aws.services.states.errors import TIMEOUT
from local_aws.services.states.history import WHOLE, failure_details
from local_aws.services.states.jsontext import dumps
from local_aws.services.states.models import Failure

Event = tuple[str, dict[str, Any]]


class TaskEvents(Protocol):
    """Each method gives an event's type and its details."""

    def scheduled(self, parameters: Any, timeout: int | None, heartbeat: int | None) -> Event: ...

    def started(self) -> Event: ...

    def submitted(self, output: str) -> Event: ...

    def succeeded(self, output: str) -> Event: ...

    def failed(self, failure: Failure) -> Event: ...


class ServiceTaskEvents:
    """TaskScheduled, TaskStarted, TaskSubmitted, and TaskSucceeded, TaskFailed or TaskTimedOut."""

    def __init__(self, resource_type: str, resource: str, region: str) -> None:
        self._resource = {"resourceType": resource_type, "resource": resource}
        self._region = region

    def scheduled(self, parameters: Any, timeout: int | None, heartbeat: int | None) -> Event:
        details = {**self._resource, "region": self._region, "parameters": dumps(parameters)}
        return "TaskScheduled", {"taskScheduledEventDetails": {**details, **_limits(timeout, heartbeat)}}

    def started(self) -> Event:
        return "TaskStarted", {"taskStartedEventDetails": self._resource}

    def submitted(self, output: str) -> Event:
        return "TaskSubmitted", {"taskSubmittedEventDetails": self._with_output(output)}

    def succeeded(self, output: str) -> Event:
        return "TaskSucceeded", {"taskSucceededEventDetails": self._with_output(output)}

    def failed(self, failure: Failure) -> Event:
        details = {**self._resource, **failure_details(failure["error"], failure["cause"])}
        if failure["error"] == TIMEOUT:
            return "TaskTimedOut", {"taskTimedOutEventDetails": details}
        return "TaskFailed", {"taskFailedEventDetails": details}

    def _with_output(self, output: str) -> dict[str, Any]:
        return {**self._resource, "output": output, "outputDetails": WHOLE}


class FunctionTaskEvents:
    """LambdaFunctionScheduled, LambdaFunctionStarted, and LambdaFunctionSucceeded, …Failed or …TimedOut."""

    def __init__(self, function: str) -> None:
        self._function = function

    def scheduled(self, parameters: Any, timeout: int | None, heartbeat: int | None) -> Event:
        details = {"resource": self._function, "input": dumps(parameters), "inputDetails": WHOLE}
        limits = _limits(timeout, None)
        return "LambdaFunctionScheduled", {"lambdaFunctionScheduledEventDetails": {**details, **limits}}

    def started(self) -> Event:
        return "LambdaFunctionStarted", {}

    def submitted(self, output: str) -> Event:
        raise NotImplementedError("a function named by its ARN answers with its reply: it has no TaskSubmitted event")

    def succeeded(self, output: str) -> Event:
        details = {"output": output, "outputDetails": WHOLE}
        return "LambdaFunctionSucceeded", {"lambdaFunctionSucceededEventDetails": details}

    def failed(self, failure: Failure) -> Event:
        details = failure_details(failure["error"], failure["cause"])
        if failure["error"] == TIMEOUT:
            return "LambdaFunctionTimedOut", {"lambdaFunctionTimedOutEventDetails": details}
        return "LambdaFunctionFailed", {"lambdaFunctionFailedEventDetails": details}


class ActivityTaskEvents:
    """ActivityScheduled, and ActivitySucceeded, …Failed or …TimedOut; ``activity_started`` in between."""

    def __init__(self, activity: str) -> None:
        self._activity = activity

    def scheduled(self, parameters: Any, timeout: int | None, heartbeat: int | None) -> Event:
        details = {"resource": self._activity, "input": dumps(parameters), "inputDetails": WHOLE}
        return "ActivityScheduled", {"activityScheduledEventDetails": {**details, **_limits(timeout, heartbeat)}}

    def started(self) -> Event:
        return activity_started(None)

    def submitted(self, output: str) -> Event:
        raise NotImplementedError("a worker answers with its token: an activity has no TaskSubmitted event")

    def succeeded(self, output: str) -> Event:
        return "ActivitySucceeded", {"activitySucceededEventDetails": {"output": output, "outputDetails": WHOLE}}

    def failed(self, failure: Failure) -> Event:
        details = failure_details(failure["error"], failure["cause"])
        if failure["error"] == TIMEOUT:
            return "ActivityTimedOut", {"activityTimedOutEventDetails": details}
        return "ActivityFailed", {"activityFailedEventDetails": details}


def activity_started(worker: str | None) -> Event:
    return "ActivityStarted", {"activityStartedEventDetails": {} if worker is None else {"workerName": worker}}


def _limits(timeout: int | None, heartbeat: int | None) -> dict[str, int]:
    limits = {}
    if timeout is not None:
        limits["timeoutInSeconds"] = timeout
    if heartbeat is not None:
        limits["heartbeatInSeconds"] = heartbeat
    return limits
