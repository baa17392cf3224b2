"""EventBridge's operations on connections: checked and shown here, kept by moto (``NotOursError``).

https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_CreateConnection.html
"""

from __future__ import annotations

from typing import Any

from moto.events.models import Connection as Kept
from moto.events.models import events_backends

from local_aws.api import ApiError, Context, NotOursError, operation
from local_aws.services.connections.addresses import AddressError, check_address
from local_aws.services.connections.records import public

#: What AuthParameters must hold for each type of authorization.
HOLDS = {
    "API_KEY": "ApiKeyAuthParameters",
    "BASIC": "BasicAuthParameters",
    "OAUTH_CLIENT_CREDENTIALS": "OAuthParameters",
}


@operation("events", "CreateConnection")
def create_connection(aws: Context, request: dict[str, Any]) -> Any:
    _refuse_private(request)
    if request["Name"] in events_backends[aws.account][aws.region].connections:
        raise ApiError("ResourceAlreadyExistsException", f"Connection {request['Name']} already exists.")
    given = request["AuthParameters"]
    if HOLDS[request["AuthorizationType"]] not in given:
        raise _invalid(f"{request['AuthorizationType']} needs AuthParameters.{HOLDS[request['AuthorizationType']]}")
    _check_endpoint(given)
    raise NotOursError


@operation("events", "UpdateConnection")
def update_connection(aws: Context, request: dict[str, Any]) -> Any:
    """New credentials authorise a connection again that was deauthorised."""
    _refuse_private(request)
    kept = _found(aws, request["Name"])
    given = request.get("AuthParameters", {})
    wanted = HOLDS[request.get("AuthorizationType", kept.authorization_type)]
    if wanted not in {**kept.auth_parameters, **given}:
        raise _invalid(f"{request['AuthorizationType']} needs AuthParameters.{wanted}")
    _check_endpoint(given)
    raise NotOursError


@operation("events", "DescribeConnection")
def describe_connection(aws: Context, request: dict[str, Any]) -> dict[str, Any]:
    """Without passwords, keys and the values that are marked as secret."""
    kept = _found(aws, request["Name"])
    described = {
        **shown(kept),
        "AuthParameters": public(kept.auth_parameters),
        "SecretArn": kept.secret_arn,
        "LastAuthorizedTime": kept.creation_time,
    }
    return {**described, "Description": kept.description} if kept.description else described


@operation("events", "ListConnections")
def list_connections(aws: Context, request: dict[str, Any]) -> dict[str, Any]:
    connections = list(events_backends[aws.account][aws.region].connections.values())
    prefix, state = request.get("NamePrefix", ""), request.get("ConnectionState")
    found = [each for each in connections if each.name.startswith(prefix) and state in (None, each.state)]
    return {"Connections": [shown(each) for each in sorted(found, key=lambda each: str(each.name))]}


def shown(kept: Kept) -> dict[str, Any]:
    return {
        "ConnectionArn": kept.arn,
        "Name": kept.name,
        "ConnectionState": kept.state,
        "AuthorizationType": kept.authorization_type,
        "CreationTime": kept.creation_time,
        "LastModifiedTime": getattr(kept, "last_modified_time", kept.creation_time),
    }


def _found(aws: Context, name: str) -> Kept:
    kept: Kept | None = events_backends[aws.account][aws.region].connections.get(name)
    if kept is None:
        raise ApiError("ResourceNotFoundException", f"Connection '{name}' does not exist.")
    return kept


def _refuse_private(request: dict[str, Any]) -> None:
    private = "InvocationConnectivityParameters" in request
    if private or "ConnectivityParameters" in request.get("AuthParameters", {}):
        raise _invalid("local_aws has no private networks: leave the connectivity parameters out")


def _check_endpoint(given: dict[str, Any]) -> None:
    endpoint = given.get("OAuthParameters", {}).get("AuthorizationEndpoint")
    if endpoint is not None:
        try:
            check_address(endpoint)
        except AddressError as error:
            raise _invalid(f"Parameter AuthorizationEndpoint is not valid. {error}") from error


def _invalid(message: str) -> ApiError:
    return ApiError("ValidationException", message)
