"""Tokens of OAuth client credentials: asked for when they are first needed, and again when they have expired.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-target-connection-auth.html
"""

from __future__ import annotations

import json
import threading
import time
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

from local_aws.services.connections.addresses import AddressError, check_address
from local_aws.services.connections.exchange import ExchangeError, Request, exchange
from local_aws.services.connections.records import PARAMETERS, Connection

KIND = "OAUTH_CLIENT_CREDENTIALS"
LIMIT_SECONDS = 5.0
#: Of a token whose answer does not say how long it lasts.
DEFAULT_SECONDS = 3600.0
#: A token is not used in its last moments.
MARGIN_SECONDS = 10.0
OK = 200

_tokens: dict[str, tuple[str, str, float]] = {}
_lock = threading.Lock()


class TokenError(Exception):
    """The authorization endpoint gave no token. The message holds no credentials."""


def token(connection: Connection) -> str:
    """The value for the Authorization header. Raises ``TokenError``."""
    given = json.dumps(connection.parameters["OAuthParameters"], sort_keys=True)
    with _lock:
        kept = _tokens.get(connection.arn)
        if kept is not None and kept[0] == given and time.monotonic() < kept[2]:
            return kept[1]
    value, seconds = _fetch(connection.parameters["OAuthParameters"])
    with _lock:
        _tokens[connection.arn] = given, value, time.monotonic() + max(seconds - MARGIN_SECONDS, 0)
    return value


def forget(connection: Connection) -> None:
    with _lock:
        _tokens.pop(connection.arn, None)


def _fetch(oauth: dict[str, Any]) -> tuple[str, float]:
    try:
        check_address(oauth["AuthorizationEndpoint"])
        response = exchange(_request(oauth), LIMIT_SECONDS)
    except (AddressError, ExchangeError) as error:
        raise TokenError(f"The authorization endpoint gave no token: {error}") from error
    if response.status != OK:
        raise TokenError(f"The authorization endpoint answered {response.status}: check the connection's credentials")
    try:
        answer = json.loads(response.body)
        kind = str(answer.get("token_type", "Bearer"))
        value = f"{'Bearer' if kind.lower() == 'bearer' else kind} {answer['access_token']}"
        return value, float(answer.get("expires_in", DEFAULT_SECONDS))
    except (ValueError, KeyError, TypeError, AttributeError):
        # The answer may hold a token: it goes into no message and no chain of exceptions.
        raise TokenError("The authorization endpoint's answer holds no access_token in JSON") from None


def _request(oauth: dict[str, Any]) -> Request:
    client, own = oauth["ClientParameters"], oauth.get("OAuthHttpParameters") or {}
    headers, query, body = ({each["Key"]: each.get("Value", "") for each in own.get(name) or []} for name in PARAMETERS)
    form = {
        "grant_type": "client_credentials",
        "client_id": client["ClientID"],
        "client_secret": client["ClientSecret"],
        **body,
    }
    if oauth["HttpMethod"] == "GET":
        query, content = {**form, **query}, None
    else:
        headers = {"Content-Type": "application/x-www-form-urlencoded", **headers}
        content = urlencode(form).encode()
    url = urlsplit(oauth["AuthorizationEndpoint"])
    queries = "&".join(part for part in (url.query, urlencode(query)) if part)
    return Request(oauth["HttpMethod"], urlunsplit(url._replace(query=queries)), tuple(headers.items()), content)
