"""Checking schedules before moto keeps them."""

from __future__ import annotations

import json
from typing import Any

from moto.scheduler.models import scheduler_backends

from local_aws.api import ApiError, Context, NotOursError, operation
from local_aws.services.deliveries.targets import kind_of, universal_call
from local_aws.services.timetables import ScheduleError, parsed

#: Scheduler does not call operations that only read
#: (https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-targets-universal.html).
READING = ("get_", "describe_", "list_", "poll", "receive_", "search", "scan", "query", "select", "lookup", "discover")
TEMPLATED = ("lambda", "sqs", "sns", "states", "events")
JSON_TARGETS = ("lambda", "states", "events")


@operation("scheduler", "CreateSchedule")
def create_schedule(aws: Context, request: dict[str, Any]) -> Any:
    _check(aws, request)
    raise NotOursError


@operation("scheduler", "UpdateSchedule")
def update_schedule(aws: Context, request: dict[str, Any]) -> Any:
    _check(aws, request)
    raise NotOursError


def _check(aws: Context, request: dict[str, Any]) -> None:
    group = request.get("GroupName") or "default"
    if group not in scheduler_backends[aws.account][aws.region].schedule_groups:
        raise ApiError("ResourceNotFoundException", f"Schedule group {group} does not exist.", 404)
    try:
        parsed(request["ScheduleExpression"], request.get("ScheduleExpressionTimezone") or "UTC")
    except ScheduleError as error:
        raise ApiError("ValidationException", f"Invalid Schedule Expression {error}.") from error
    window = request["FlexibleTimeWindow"]
    if (window["Mode"] == "FLEXIBLE") != ("MaximumWindowInMinutes" in window):
        raise ApiError(
            "ValidationException",
            "MaximumWindowInMinutes goes with the FLEXIBLE mode of FlexibleTimeWindow, and only it.",
        )
    start, end = request.get("StartDate"), request.get("EndDate")
    if start and end and end <= start:
        raise ApiError("ValidationException", "The EndDate must be after the StartDate.")
    try:
        _check_target(aws, request["Target"])
    except ValueError as error:
        raise ApiError(
            "ValidationException", f"Provided Arn is not in correct format or not supported: {error}"
        ) from error


def _check_target(aws: Context, target: dict[str, Any]) -> None:
    """``ValueError`` for a target that could never be reached."""
    kind = kind_of(target["Arn"])
    if kind == "scheduler":
        _, method = universal_call(aws, target["Arn"])
        if method.startswith(READING):
            raise ValueError(f"{target['Arn']}: read-only operations are not supported")
    elif kind not in TEMPLATED:
        raise ValueError(
            f"{target['Arn']} is no templated target: only functions, queues, topics, state machines, buses"
        )
    text = target.get("Input")
    if kind == "events":
        parameters = target.get("EventBridgeParameters")
        if not parameters:
            raise ValueError("EventBridgeParameters must be given for an event bus")
        if parameters["Source"].startswith("aws."):
            raise ValueError("the source of EventBridgeParameters must not begin with aws.")
    if text and kind in (*JSON_TARGETS, "scheduler"):
        try:
            json.loads(text)
        except ValueError as error:
            raise ValueError("Input must be well-formed JSON for this target") from error
