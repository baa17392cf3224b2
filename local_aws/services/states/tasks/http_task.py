"""``http:invoke``: an HTTP endpoint outside is called with the credentials of an EventBridge connection.

https://docs.aws.amazon.com/step-functions/latest/dg/call-https-apis.html. The history shows what the definition says,
and nothing that the connection adds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from local_aws.services.connections import records
from local_aws.services.connections.authorization import NOTHING, Additions, authorized
from local_aws.services.connections.exchange import ExchangeError, Request, Response
from local_aws.services.connections.oauth import TokenError
from local_aws.services.states.errors import RUNTIME, StateError
from local_aws.services.states.jsontext import dumps, loads
from local_aws.services.states.tasks import http_request
from local_aws.services.states.tasks.shapes import ParametersError

#: https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
SOCKET = "States.Http.Socket"
LIMIT_SECONDS = 60.0
CAUSE_LIMIT = 32_768
SUCCESS = range(200, 300)
#: Content that an HTTP task cannot hold.
BINARY = ("application/octet-stream", "image/", "video/", "audio/")


@dataclass(frozen=True)
class Exchanged:
    """``sent`` holds the connection's secrets; ``plain`` is the same request without what the connection added."""

    sent: Request
    plain: Request
    response: Response | None


Watch = Callable[[Exchanged], None]


def prepare(parameters: Any) -> dict[str, Any]:
    """The parameters, once they are known to make a request. Raises ``StateError`` States.Runtime."""
    try:
        http_request.check(parameters)
    except ParametersError as error:
        raise _unusable(parameters, error) from error
    return dict(parameters)


def invoke(parameters: Mapping[str, Any], region: str, watch: Watch | None = None) -> dict[str, Any]:
    """The task's result: Headers, ResponseBody, StatusCode and StatusText. Raises ``StateError``."""
    given = prepare(parameters)
    sent: list[Request] = []

    def build(added: Additions) -> Request:
        sent.append(http_request.request(given, added, region))
        return sent[-1]

    response: Response | None = None
    try:
        connection = records.usable(http_request.connection_arn(given))
        response = authorized(connection, build, LIMIT_SECONDS)
    except records.NoConnectionError as error:
        raise StateError(f"Events.ConnectionResource.{error.code}", str(error)) from error
    except TokenError as error:
        raise StateError("Events.ConnectionResource.InvalidConnectionState", str(error)) from error
    except ExchangeError as error:
        raise StateError(SOCKET, f"An error occurred while calling the HTTP endpoint: {error}") from error
    except ParametersError as error:
        raise _unusable(parameters, error) from error
    finally:
        if watch is not None and sent:
            watch(Exchanged(sent[-1], http_request.request(given, NOTHING, region), response))
    return _result(response)


def _unusable(parameters: Any, error: ParametersError) -> StateError:
    cause = f"The Parameters '{dumps(parameters)}' could not be used to start the Task: [{error}]"
    return StateError(RUNTIME, cause, terminal=True)


def _result(response: Response) -> dict[str, Any]:
    text = _text(response)
    if response.status not in SUCCESS:
        raise StateError(f"States.Http.StatusCode.{response.status}", (text or response.reason)[:CAUSE_LIMIT])
    headers: dict[str, list[str]] = {}
    for name, value in response.headers:
        headers.setdefault(name.lower(), []).append(value)
    body = _parsed(text) if "json" in response.header("content-type") else text
    return {
        "Headers": headers,
        "ResponseBody": body,
        "StatusCode": response.status,
        "StatusText": response.reason,
    }


def _text(response: Response) -> str:
    kind = response.header("content-type").lower()
    try:
        if kind.startswith(BINARY):
            raise ValueError
        return response.body.decode()
    except ValueError:
        cause = f"The response of the HTTP endpoint is not text (content-type: {kind or 'none'})"
        raise StateError(RUNTIME, cause, terminal=True) from None


def _parsed(text: str) -> Any:
    try:
        return loads(text) if text else text
    except ValueError:
        return text
