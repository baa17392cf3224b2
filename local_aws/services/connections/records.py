"""The connections and API destinations that moto keeps, and who may read what of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from moto.events.models import Connection as Kept
from moto.events.models import Destination, EventsBackend, events_backends

AUTHORIZED, DEAUTHORIZED = "AUTHORIZED", "DEAUTHORIZED"
#: The fields of AuthParameters that never come back.
SECRETS = frozenset({"Password", "ApiKeyValue", "ClientSecret"})
PARAMETERS = ("HeaderParameters", "QueryStringParameters", "BodyParameters")


class NoConnectionError(LookupError):
    """``code`` is the error's name after ``Events.ConnectionResource.`` (call-https-apis.html)."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Connection:
    """``parameters`` are AuthParameters with all secrets: for requests, never for an answer or a log."""

    arn: str
    kind: str
    parameters: dict[str, Any]

    def __repr__(self) -> str:
        return f"Connection({self.arn!r}, {self.kind!r})"


def backend_of(arn: str) -> EventsBackend:
    """Of the region and account in an ARN of EventBridge."""
    parts = arn.split(":")
    backend: EventsBackend = events_backends[parts[4]][parts[3]]
    return backend


def usable(arn: str) -> Connection:
    """The connection to call with. Raises ``NoConnectionError`` unless it is there and authorised."""
    kept = kept_connection(arn)
    if kept is None:
        raise NoConnectionError("ResourceNotFound", f"Connection {arn} does not exist")
    if kept.state != AUTHORIZED:
        message = f"Connection {arn} is {kept.state}: give its credentials again with UpdateConnection"
        raise NoConnectionError("InvalidConnectionState", message)
    return Connection(arn, kept.authorization_type, kept.auth_parameters)


def kept_connection(arn: str) -> Kept | None:
    parts = arn.split(":")
    if len(parts) != 6 or parts[2] != "events" or not parts[5].startswith("connection/"):
        return None
    found = backend_of(arn).connections.get(parts[5].split("/")[1])
    return found if found is not None and found.arn == arn else None


def kept_destination(arn: str) -> Destination | None:
    found = backend_of(arn).destinations.get(arn.split(":")[5].split("/")[1])
    return found if found is not None and found.arn == arn else None


def public(value: Any) -> Any:
    """AuthParameters without passwords, keys and secret values."""
    if isinstance(value, list):
        return [public(part) for part in value]
    if not isinstance(value, dict):
        return value
    hidden = {"Value"} if value.get("IsValueSecret") else set()
    return {key: public(part) for key, part in value.items() if key not in SECRETS | hidden}


def merged(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """What UpdateConnection leaves: objects are merged, all else is replaced."""
    both = dict(old)
    for key, value in new.items():
        before = old.get(key)
        both[key] = merged(before, value) if isinstance(before, dict) and isinstance(value, dict) else value
    return both
