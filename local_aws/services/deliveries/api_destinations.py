"""API destinations of EventBridge: an event is sent to an HTTP endpoint with the credentials of a connection.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-api-destinations.html
"""

from __future__ import annotations

import json
import threading
import time
from typing import Any
from urllib.parse import quote, urlencode, urlsplit, urlunsplit

from moto.events.models import Destination

from local_aws.api import Context
from local_aws.services.connections import records
from local_aws.services.connections.authorization import Additions, authorized, with_headers
from local_aws.services.connections.destination_operations import rate_of
from local_aws.services.connections.exchange import ExchangeError, Request, Response
from local_aws.services.connections.oauth import TokenError
from local_aws.services.deliveries.failures import DeliveryError, PostponedError
from local_aws.services.deliveries.orders import Order

LIMIT_SECONDS = 5.0
DONE = range(200, 300)
RETRIED = frozenset({409, 429, *range(500, 600)})
WILDCARD = "*"
HEADERS = {
    "Content-Type": "application/json; charset=utf-8",
    "User-Agent": "Amazon/EventBridge/ApiDestinations",
    "Range": "bytes=0-1048575",
}


class Pace:
    """Gives each order a moment of its own, no closer together than the destination's rate allows."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._free: dict[str, float] = {}
        self._given: dict[str, float] = {}

    def keep(self, arn: str, key: str, rate: int) -> None:
        """Raises ``PostponedError`` when the order's moment is yet to come."""
        with self._lock:
            now = time.time()
            due = self._given.pop(key, None)
            if due is None:
                due = max(now, self._free.get(arn, now))
                self._free[arn] = due + 1 / rate
            if due > now:
                self._given[key] = due
                raise PostponedError(due)


_pace = Pace()


def invoke(aws: Context, order: Order, key: str) -> None:
    """Deliver once; raises ``DeliveryError``."""
    destination = records.kept_destination(order["arn"])
    if destination is None:
        raise DeliveryError("ResourceNotFoundException", f"{order['arn']} does not exist", lasting=True)
    _pace.keep(order["arn"], key, rate_of(destination))
    try:
        connection = records.usable(destination.connection_arn)
        response = authorized(connection, lambda added: request(destination, order, added), LIMIT_SECONDS)
    except records.NoConnectionError as error:
        raise DeliveryError(error.code, str(error), lasting=True) from error
    except (ExchangeError, TokenError) as error:
        raise DeliveryError("SDK_CLIENT_ERROR", str(error)) from error
    if response.status not in DONE:
        lasting = response.status not in RETRIED
        message = f"the endpoint answered {response.status}"
        raise DeliveryError(str(response.status), message, lasting=lasting, retry_after=_retry_after(response))


def request(destination: Destination, order: Order, added: Additions) -> Request:
    """``HttpParameters`` of the target, then what the connection adds, which wins."""
    given = order["parameters"]
    url = urlsplit(filled(destination.invocation_endpoint, given.get("PathParameterValues", [])))
    queries = {**given.get("QueryStringParameters", {}), **added.query}
    query = "&".join(part for part in (url.query, urlencode(queries, quote_via=quote)) if part)
    headers = dict(with_headers(HEADERS, given.get("HeaderParameters", {})))
    full = urlunsplit(url._replace(query=query))
    return Request(
        destination.http_method, full, with_headers(headers, added.headers), _body(order["payload"], added.body)
    )


def filled(endpoint: str, values: list[str]) -> str:
    """The endpoint with a value in place of each ``*``; what is left over stays."""
    for value in values:
        endpoint = endpoint.replace(WILDCARD, quote(value, safe="").replace(WILDCARD, "%2A"), 1)
    return endpoint


def _body(payload: str, added: dict[str, str]) -> bytes:
    if not added:
        return payload.encode()
    try:
        value: Any = json.loads(payload)
    except ValueError:
        value = None
    return (json.dumps({**value, **added}) if isinstance(value, dict) else payload).encode()


def _retry_after(response: Response) -> float:
    """Seconds; EventBridge waits so long where its own pause would be shorter."""
    text = response.header("retry-after")
    return float(text) if text.isdecimal() else 0.0
