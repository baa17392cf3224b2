"""EventBridge's operations that moto leaves out or takes too lightly; the others are moto's.

What is only checked here is then kept by moto (``NotOursError``).
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any, TypedDict

from local_aws.api import ApiError, Context, NotOursError, operation
from local_aws.services import event_bus
from local_aws.services.connections.records import kept_destination
from local_aws.services.deliveries.targets import API_DESTINATION, kind_of
from local_aws.services.events.inputs import check_path
from local_aws.services.events.pattern_checks import checked
from local_aws.services.events.patterns import matches
from local_aws.services.timetables import At, ScheduleError, parsed

#: https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html: less than 1 MB in all.
LARGEST_REQUEST_BYTES = 1024 * 1024
TIME_BYTES = 14
REQUIRED = ("Source", "DetailType", "Detail")
EVENT_FIELDS = ("id", "account", "source", "time", "region", "resources", "detail-type")


class Entry(TypedDict, total=False):
    Time: datetime
    Source: str
    Resources: list[str]
    DetailType: str
    Detail: str
    EventBusName: str


class PutEventsRequest(TypedDict, total=False):
    Entries: list[Entry]
    EndpointId: str


class TestEventPatternRequest(TypedDict):
    EventPattern: str
    Event: str


@operation("events", "PutEvents")
def put_events(aws: Context, request: PutEventsRequest) -> dict[str, Any]:
    """Keep each valid entry for publication; the others are told of one by one."""
    if request.get("EndpointId"):
        raise ApiError("ValidationException", "global endpoints are not provided here: leave EndpointId out")
    if sum(entry_bytes(entry) for entry in request["Entries"]) >= LARGEST_REQUEST_BYTES:
        raise ApiError("ValidationException", "Total size of the entries in the request is over the limit.")
    with aws.store.transaction():
        results = [_put_event(aws, entry) for entry in request["Entries"]]
    return {"FailedEntryCount": sum("ErrorCode" in each for each in results), "Entries": results}


def entry_bytes(entry: Entry) -> int:
    """https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html#eb-event-size"""
    texts = [*(entry.get(name, "") for name in REQUIRED), *entry.get("Resources", [])]
    return (TIME_BYTES if "Time" in entry else 0) + sum(len(str(text).encode()) for text in texts)


def _put_event(aws: Context, entry: Entry) -> dict[str, str]:
    for name in REQUIRED:
        if not entry.get(name):
            return _refused("InvalidArgument", f"Parameter {name} is not valid. Reason: {name} is a required argument.")
    if entry["Source"].startswith("aws."):
        return _refused("NotAuthorizedForSourceException", "Not authorized for the source.")
    try:
        detail = json.loads(entry["Detail"])
    except ValueError:
        detail = None
    if not isinstance(detail, dict):
        return _refused("MalformedDetail", "Detail is malformed.")
    at = entry.get("Time", datetime.now(UTC))
    event = event_bus.envelope(aws, entry["Source"], entry["DetailType"], entry.get("Resources", []), detail, at)
    bus = entry.get("EventBusName", event_bus.DEFAULT_BUS).rpartition("/")[2]
    return {"EventId": event_bus.accept(aws, event, bus)}


def _refused(code: str, message: str) -> dict[str, str]:
    return {"ErrorCode": code, "ErrorMessage": message}


@operation("events", "TestEventPattern")
def test_event_pattern(aws: Context, request: TestEventPatternRequest) -> dict[str, bool]:
    pattern = checked(request["EventPattern"])
    try:
        event = json.loads(request["Event"])
    except ValueError:
        event = None
    if not isinstance(event, dict):
        raise ApiError("ValidationException", "Parameter Event is not valid: it is not a JSON object")
    missing = [name for name in EVENT_FIELDS if name not in event]
    if missing:
        # https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_TestEventPattern.html
        raise ApiError("ValidationException", f"Parameter Event is not valid: it has no {', '.join(missing)}")
    return {"Result": matches(pattern, event)}


@operation("events", "PutRule")
def put_rule(aws: Context, request: dict[str, Any]) -> Any:
    """Check the pattern and the schedule; moto keeps the rule."""
    if request.get("EventPattern"):
        checked(request["EventPattern"])
    if request.get("ScheduleExpression"):
        try:
            timetable = parsed(request["ScheduleExpression"], strict_units=True)
        except ScheduleError as error:
            raise ApiError("ValidationException", "Parameter ScheduleExpression is not valid.") from error
        if isinstance(timetable, At):
            raise ApiError("ValidationException", "Parameter ScheduleExpression is not valid.")
    raise NotOursError


@operation("events", "PutTargets")
def put_targets(aws: Context, request: dict[str, Any]) -> Any:
    """Refuse targets that could never be reached; moto keeps the others."""
    for target in request["Targets"]:
        try:
            if kind_of(target["Arn"]) == API_DESTINATION:
                _check_destination(target)
            if "InputPath" in target:
                check_path(target["InputPath"])
            for path in target.get("InputTransformer", {}).get("InputPathsMap", {}).values():
                check_path(path)
        except ValueError as error:
            raise ApiError(
                "ValidationException", f"Parameter(s) of target {target['Id']} not valid: {error}"
            ) from error
        if sum(name in target for name in ("Input", "InputPath", "InputTransformer")) > 1:
            raise ApiError(
                "ValidationException", f"Only one of Input, InputPath, or InputTransformer for target {target['Id']}."
            )
        _check_json(target.get("Input"), target["Id"])
    raise NotOursError


def _check_destination(target: dict[str, Any]) -> None:
    """``ValueError`` for an API destination that is not there, or without a value for each ``*`` in its endpoint."""
    destination = kept_destination(target["Arn"])
    if destination is None:
        raise ValueError(f"{target['Arn']} does not exist")
    given = target.get("HttpParameters", {}).get("PathParameterValues", [])
    wanted = destination.invocation_endpoint.count("*")
    if len(given) != wanted:
        raise ValueError(f"the endpoint has {wanted} wildcards, HttpParameters has {len(given)} PathParameterValues")


def _check_json(text: str | None, target: str) -> None:
    try:
        json.loads(text or "null")
    except ValueError as error:
        raise ApiError("ValidationException", f"Parameter Input of target {target} is not valid JSON.") from error
