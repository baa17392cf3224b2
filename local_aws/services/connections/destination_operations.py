"""EventBridge's operations on API destinations: checked and shown here, kept by moto (``NotOursError``).

https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_CreateApiDestination.html
"""

from __future__ import annotations

from typing import Any

from moto.events.models import Destination, events_backends

from local_aws.api import ApiError, Context, NotOursError, operation
from local_aws.services.connections.addresses import AddressError, check_address
from local_aws.services.connections.records import AUTHORIZED, kept_connection

#: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-api-destinations.html
DEFAULT_RATE = 300


@operation("events", "CreateApiDestination")
def create_api_destination(aws: Context, request: dict[str, Any]) -> Any:
    if request["Name"] in events_backends[aws.account][aws.region].destinations:
        raise ApiError("ResourceAlreadyExistsException", f"An api-destination '{request['Name']}' already exists.")
    _check(request)
    raise NotOursError


@operation("events", "UpdateApiDestination")
def update_api_destination(aws: Context, request: dict[str, Any]) -> Any:
    _check(request)
    raise NotOursError


@operation("events", "DescribeApiDestination")
def describe_api_destination(aws: Context, request: dict[str, Any]) -> dict[str, Any]:
    kept = events_backends[aws.account][aws.region].destinations.get(request["Name"])
    if kept is None:
        raise ApiError("ResourceNotFoundException", f"An api-destination '{request['Name']}' does not exist.")
    return {**_shown(kept), **({"Description": kept.description} if kept.description else {})}


@operation("events", "ListApiDestinations")
def list_api_destinations(aws: Context, request: dict[str, Any]) -> dict[str, Any]:
    destinations = list(events_backends[aws.account][aws.region].destinations.values())
    prefix, connection = request.get("NamePrefix", ""), request.get("ConnectionArn")
    found = [
        each for each in destinations if each.name.startswith(prefix) and connection in (None, each.connection_arn)
    ]
    return {"ApiDestinations": [_shown(each) for each in sorted(found, key=lambda each: str(each.name))]}


def rate_of(kept: Destination) -> int:
    """Invocations per second."""
    return int(kept.invocation_rate_limit_per_second or DEFAULT_RATE)


def _shown(kept: Destination) -> dict[str, Any]:
    """An API destination is ACTIVE while its connection is authorised."""
    connection = kept_connection(kept.connection_arn)
    active = connection is not None and connection.state == AUTHORIZED
    return {
        "ApiDestinationArn": kept.arn,
        "Name": kept.name,
        "ApiDestinationState": "ACTIVE" if active else "INACTIVE",
        "ConnectionArn": kept.connection_arn,
        "InvocationEndpoint": kept.invocation_endpoint,
        "HttpMethod": kept.http_method,
        "InvocationRateLimitPerSecond": rate_of(kept),
        "CreationTime": kept.creation_time,
        "LastModifiedTime": kept.creation_time,
    }


def _check(request: dict[str, Any]) -> None:
    if "ConnectionArn" in request and kept_connection(request["ConnectionArn"]) is None:
        raise ApiError("ResourceNotFoundException", f"Connection {request['ConnectionArn']} does not exist.")
    if "InvocationEndpoint" in request:
        try:
            check_address(request["InvocationEndpoint"].replace("*", "x"))
        except AddressError as error:
            raise ApiError("ValidationException", f"Parameter InvocationEndpoint is not valid. {error}") from error
