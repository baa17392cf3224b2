"""``InvokeRestApi``: a call of the local Airflow's REST API, answered as MWAA answers.

https://docs.aws.amazon.com/mwaa/latest/API/API_InvokeRestApi.html. ``Path`` counts from Airflow's ``/api/v2``. The
token comes from ``POST /auth/token`` (Airflow 3) and is asked for again when Airflow no longer takes it.
"""

from __future__ import annotations

import http.client
import json
import threading
import urllib.error
import urllib.request
from typing import Any, TypedDict
from urllib.parse import urlencode

from local_aws.api import ApiError, Context, operation
from local_aws.services.mwaa.environments import Airflow, EnvironmentFileError
from local_aws.services.mwaa.operations import find
from local_aws.settings import ServerSettings

BASE = "/api/v2"
TOKEN_PATH = "/auth/token"  # noqa: S105 - where a token is asked for
UNAUTHORIZED = 401
CLIENT_ERROR, SERVER_ERROR = 400, 500

#: By the environment's name and URL.
_tokens: dict[tuple[str, str], str] = {}
_guard = threading.Lock()


class InvokeRestApiRequest(TypedDict, total=False):
    Name: str
    Path: str
    Method: str
    QueryParameters: dict[str, Any]
    Body: Any


class InvokeRestApiResponse(TypedDict):
    RestApiStatusCode: int
    RestApiResponse: Any


class RestApiError(ApiError):
    """Airflow's own answer, as a client error (4xx) or a server error (5xx)."""

    def __init__(self, status: int, answer: Any) -> None:
        server = status >= SERVER_ERROR
        super().__init__(
            "RestApiServerException" if server else "RestApiClientException",
            f"the Apache Airflow REST API answered with status {status}",
        )
        self.RestApiStatusCode = status
        self.RestApiResponse = answer


@operation("mwaa", "InvokeRestApi")
def invoke_rest_api(aws: Context, request: InvokeRestApiRequest) -> InvokeRestApiResponse:
    airflow = find(aws, request["Name"])
    path = request["Path"]
    if not path.startswith("/") or any(part in ("..", ".") for part in path.split("/")) or set(path) & set("?#"):
        raise ApiError(
            "ValidationException", "Path must begin with a slash, without dots as parts and without a query."
        )
    query = urlencode(_plain(request.get("QueryParameters") or {}), doseq=True)
    url = f"{airflow.url}{BASE}{path}" + (f"?{query}" if query else "")
    body = json.dumps(request["Body"]).encode() if "Body" in request else None
    status, answer = _call(airflow, request["Method"], url, body, _token(airflow))
    if status == UNAUTHORIZED:
        _forget(airflow)
        status, answer = _call(airflow, request["Method"], url, body, _token(airflow))
    if status >= CLIENT_ERROR:
        raise RestApiError(status, answer)
    return {"RestApiStatusCode": status, "RestApiResponse": answer}


def _plain(parameters: dict[str, Any]) -> dict[str, Any]:
    """Airflow reads ``true`` and ``false``."""
    return {name: str(value).lower() if isinstance(value, bool) else value for name, value in parameters.items()}


def _token(airflow: Airflow) -> str:
    """The last token, or a new one. Two callers may each ask for one: the later one is kept."""
    key = (airflow.name, airflow.url)
    with _guard:
        if key in _tokens:
            return _tokens[key]
    try:
        credentials = {"username": airflow.username, "password": airflow.password()}
    except EnvironmentFileError as error:
        raise ApiError("InternalServerException", str(error), 500) from error
    status, answer = _call(airflow, "POST", airflow.url + TOKEN_PATH, json.dumps(credentials).encode(), None)
    if status >= CLIENT_ERROR or not isinstance(answer, dict) or "access_token" not in answer:
        raise ApiError(
            "AccessDeniedException",
            f"the Airflow of {airflow.name} gives user {airflow.username} no token (status {status}): "
            "correct the environment file",
            403,
        )
    with _guard:
        _tokens[key] = str(answer["access_token"])
        return _tokens[key]


def _forget(airflow: Airflow) -> None:
    with _guard:
        _tokens.pop((airflow.name, airflow.url), None)


def _call(airflow: Airflow, method: str, url: str, body: bytes | None, token: str | None) -> tuple[int, Any]:
    """Status and document. Raises ``ApiError`` when Airflow does not answer."""
    headers = {"Accept": "application/json"}
    if body is not None:
        headers["Content-Type"] = "application/json"
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    request = urllib.request.Request(url, body, headers, method=method)  # noqa: S310 - http(s) by the file's check
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect)
    try:
        with opener.open(request, timeout=ServerSettings.from_environment().mwaa_seconds) as answer:
            return answer.status, _document(answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return error.code, _document(error.read())
    except (OSError, http.client.HTTPException) as error:
        raise ApiError(
            "InternalServerException",
            f"the Airflow of {airflow.name} at {airflow.url} does not answer ({type(error).__name__}): start it",
            500,
        ) from error


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A token must not follow to another address."""

    def redirect_request(self, *arguments: Any) -> None:
        return None


def _document(content: bytes) -> Any:
    """What is no JSON is given as text; nothing at all as an empty document."""
    if not content:
        return {}
    try:
        return json.loads(content)
    except ValueError:
        return {"text": content.decode("utf-8", "replace")}
