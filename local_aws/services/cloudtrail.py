"""CloudTrail's ``LookupEvents`` over the record of calls. moto has the other operations.

https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html
AWS finds management events only; here every call is found, S3 objects and messages too.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, NotRequired, TypedDict

from local_aws.api import ACCOUNT, REGION, ApiError, Context, operation
from local_aws.calls.log import Query, Recorded
from local_aws.identity.principals import role_name
from local_aws.times import iso_seconds, utc

MOST_RESULTS = 50
EVENT_VERSION = "1.11"


class LookupAttribute(TypedDict):
    AttributeKey: str
    AttributeValue: str


class LookupEventsRequest(TypedDict):
    LookupAttributes: NotRequired[list[LookupAttribute]]
    StartTime: NotRequired[datetime]
    EndTime: NotRequired[datetime]
    EventCategory: NotRequired[str]
    MaxResults: NotRequired[int]
    NextToken: NotRequired[str]


class LookupEventsResponse(TypedDict):
    Events: list[dict[str, Any]]
    NextToken: NotRequired[str]


@operation("cloudtrail", "LookupEvents")
def lookup_events(aws: Context, request: LookupEventsRequest) -> LookupEventsResponse:
    """The newest first, fifty at a time."""
    if aws.calls is None or request.get("EventCategory"):
        raise ApiError("InvalidEventCategoryException", "local_aws records API calls only: leave EventCategory out")
    query = _query(request)
    limit = request.get("MaxResults", MOST_RESULTS)
    if "NextToken" in request:
        query = replace(query, before_id=_position(request["NextToken"], query))
    found = aws.calls.find(query, limit + 1)
    answer: LookupEventsResponse = {"Events": [_event(call) for call in found[:limit]]}
    if len(found) > limit:
        answer["NextToken"] = _token(found[limit - 1].id, query)
    return answer


def cloudtrail_event(call: Recorded) -> dict[str, Any]:
    """The record as CloudTrail writes it; what it has no field for stands in ``additionalEventData``."""
    event: dict[str, Any] = {
        "eventVersion": EVENT_VERSION,
        "userIdentity": _user_identity(call),
        "eventTime": iso_seconds(utc(call.time)),
        "eventSource": call.source,
        "eventName": call.name,
        "awsRegion": REGION,
        "sourceIPAddress": call.document.get("address", ""),
        "requestParameters": call.document.get("parameters") or None,
        "responseElements": None,
        "additionalEventData": {"durationMs": call.duration_ms},
        "requestID": call.request_id,
        "eventID": call.event_id,
        "readOnly": call.read_only,
        "resources": [
            {"type": kind, "ARN" if name.startswith("arn:") else "name": name} for kind, name in call.resources
        ],
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": ACCOUNT,
        "eventCategory": "Management",
    }
    if call.document.get("source"):
        event["additionalEventData"]["source"] = call.document["source"]
    if call.error:
        event["errorCode"] = call.error
    if call.document.get("message"):
        event["errorMessage"] = call.document["message"]
    return event


def _resource(kind: str, name: str) -> dict[str, str]:
    return {"type": kind, "ARN" if name.startswith("arn:") else "name": name}


def _user_identity(call: Recorded) -> dict[str, Any]:
    """https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html"""
    kind = call.document.get("kind", "Root")
    if kind == "AWSService":
        return {"type": kind, "invokedBy": "AWS Internal"}
    user_id = call.document.get("user_id", ACCOUNT)
    identity = {"type": kind, "principalId": user_id, "arn": call.principal, "accountId": ACCOUNT}
    if call.access_key:
        identity["accessKeyId"] = call.access_key
    if call.role:
        issuer = {"type": "Role", "principalId": user_id.partition(":")[0], "arn": call.role, "accountId": ACCOUNT}
        identity["sessionContext"] = {"sessionIssuer": {**issuer, "userName": role_name(call.role)}}
    return identity


def _event(call: Recorded) -> dict[str, Any]:
    event: dict[str, Any] = {
        "EventId": call.event_id,
        "EventName": call.name,
        "ReadOnly": str(call.read_only).lower(),
        "EventTime": datetime.fromtimestamp(call.time, UTC),
        "EventSource": call.source,
        "Username": call.principal.rpartition("/")[2].rpartition(":")[2],
        "Resources": [{"ResourceType": kind, "ResourceName": name} for kind, name in call.resources],
        "CloudTrailEvent": json.dumps(cloudtrail_event(call), ensure_ascii=False),
    }
    if call.access_key:
        event["AccessKeyId"] = call.access_key
    return event


def _query(request: LookupEventsRequest) -> Query:
    start, end = request.get("StartTime"), request.get("EndTime")
    if start is not None and end is not None and start > end:
        raise ApiError("InvalidTimeRangeException", "StartTime must be before EndTime.")
    attributes = request.get("LookupAttributes", [])
    if len(attributes) > 1:
        raise ApiError("InvalidLookupAttributesException", "Give one lookup attribute at most.")
    query = Query(since=start, until=end)
    for attribute in attributes:
        query = replace(query, **_condition(attribute["AttributeKey"], attribute["AttributeValue"]))
    return query


def _condition(key: str, value: str) -> Mapping[str, Any]:
    if key == "ReadOnly":
        if value not in ("true", "false"):
            raise ApiError("InvalidLookupAttributesException", "ReadOnly is true or false.")
        return {"read_only": value == "true"}
    fields = {
        "EventId": "event_id",
        "EventName": "action",
        "Username": "username",
        "ResourceType": "resource_type",
        "ResourceName": "resource",
        "EventSource": "service",
        "AccessKeyId": "access_key",
    }
    return {fields[key]: value}


def _token(position: int, query: Query) -> str:
    return base64.urlsafe_b64encode(f"{position}:{_digest(query)}".encode()).decode()


def _position(token: str, query: Query) -> int:
    """The place in the record where a page ended. A token is good for the very query that gave it, as at AWS."""
    try:
        text = base64.urlsafe_b64decode(token.encode()).decode()
        position, digest = text.split(":")
        if digest == _digest(query):
            return int(position)
    except ValueError:
        pass
    raise ApiError("InvalidNextTokenException", "The token is not of this query: repeat it without NextToken.")


def _digest(query: Query) -> str:
    return hashlib.sha256(repr(replace(query, before_id=None)).encode()).hexdigest()[:16]
