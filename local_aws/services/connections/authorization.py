"""What a connection adds to a request: its credentials and its own HTTP parameters.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-target-connection-auth.html
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from local_aws.services.connections import oauth
from local_aws.services.connections.exchange import Request, Response, exchange
from local_aws.services.connections.records import Connection

#: A token that was withdrawn before its time is fetched anew, once.
REFUSED = (401, 407)


@dataclass(frozen=True)
class Additions:
    """Each wins over what the caller has under the same name."""

    headers: dict[str, str] = field(default_factory=dict, repr=False)
    query: dict[str, str] = field(default_factory=dict, repr=False)
    body: dict[str, str] = field(default_factory=dict, repr=False)


NOTHING = Additions()


def authorized(connection: Connection, build: Callable[[Additions], Request], limit_seconds: float) -> Response:
    """Send what ``build`` makes of the connection's additions.

    Raises ``ExchangeError`` without an answer, ``oauth.TokenError`` without a token.
    """
    response = exchange(build(additions(connection)), limit_seconds)
    if response.status in REFUSED and connection.kind == oauth.KIND:
        oauth.forget(connection)
        response = exchange(build(additions(connection)), limit_seconds)
    return response


def additions(connection: Connection) -> Additions:
    own = connection.parameters.get("InvocationHttpParameters") or {}
    return Additions(
        {**named(own.get("HeaderParameters")), **_credentials(connection)},
        named(own.get("QueryStringParameters")),
        named(own.get("BodyParameters")),
    )


def named(parameters: list[dict[str, Any]] | None) -> dict[str, str]:
    return {each["Key"]: each.get("Value", "") for each in parameters or []}


def _credentials(connection: Connection) -> dict[str, str]:
    if connection.kind == oauth.KIND:
        return {"Authorization": oauth.token(connection)}
    if connection.kind == "BASIC":
        basic = connection.parameters["BasicAuthParameters"]
        pair = f"{basic['Username']}:{basic['Password']}".encode()
        return {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}
    key = connection.parameters["ApiKeyAuthParameters"]
    return {key["ApiKeyName"]: key["ApiKeyValue"]}


def with_headers(headers: dict[str, str], added: dict[str, str]) -> tuple[tuple[str, str], ...]:
    """Names of headers are the same in any case."""
    names = {name.lower() for name in added}
    kept = {name: value for name, value in headers.items() if name.lower() not in names}
    return tuple({**kept, **added}.items())
