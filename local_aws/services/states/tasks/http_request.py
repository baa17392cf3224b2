"""The request of an HTTP task: its fields, and how they are put together with what the connection adds.

https://docs.aws.amazon.com/step-functions/latest/dg/call-https-apis.html#connect-http-task-fields
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from local_aws.services.connections.addresses import AddressError, check_address
from local_aws.services.connections.authorization import Additions, with_headers
from local_aws.services.connections.exchange import Request
from local_aws.services.states.jsontext import dumps
from local_aws.services.states.tasks.form_encoding import FORMATS, form, plain, query
from local_aws.services.states.tasks.shapes import ParametersError

METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD")
ENCODINGS = ("NONE", "URL_ENCODED")
REQUIRED = ("ApiEndpoint", "Method")
#: Where the connection is named: the console writes the second.
CONNECTIONS = ("Authentication", "InvocationConfig")
FIELDS = frozenset({*REQUIRED, *CONNECTIONS, "Headers", "QueryParameters", "RequestBody", "Transform"})
RESTRICTED = frozenset(
    {
        *("a-im", "accept-charset", "accept-datetime", "accept-encoding", "authorization", "cache-control"),
        *("connection", "content-encoding", "content-md5", "date", "expect", "forwarded", "from", "host"),
        *("http2-settings", "if-match", "if-modified-since", "if-none-match", "if-range", "if-unmodified-since"),
        *("max-forwards", "origin", "pragma", "proxy-authorization", "referer", "server", "te", "trailer"),
        *("transfer-encoding", "upgrade", "via", "warning"),
    }
)
RESTRICTED_PREFIXES = ("x-forwarded-", "x-amz-", "x-amzn-")
HEADER_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9a-zA-Z]+")
HEADER_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
CONTENT_TYPE = "application/json; charset=UTF-8"
RANGE = "bytes=0-262144"


def check(parameters: Any) -> None:
    """Raises ``ParametersError`` for fields that no request can be made of."""
    if not isinstance(parameters, dict):
        raise ParametersError(["The Parameters of an HTTP task must be an object"])
    unknown = sorted(set(parameters) - FIELDS)
    if unknown:
        raise ParametersError([f'The field "{unknown[0]}" is not supported by Step Functions'])
    for name in REQUIRED:
        if not isinstance(parameters.get(name), str):
            raise ParametersError([f'The field "{name}" is required and must be a string'])
    if parameters["Method"] not in METHODS:
        raise ParametersError([f"The Method must be one of {', '.join(METHODS)}"])
    try:
        check_address(parameters["ApiEndpoint"])
    except AddressError as error:
        raise ParametersError([str(error)]) from error
    connection_arn(parameters)
    _check_headers(parameters.get("Headers", {}))
    if not isinstance(parameters.get("QueryParameters", {}), dict):
        raise ParametersError(["The QueryParameters must be an object"])
    _check_transform(parameters)


def connection_arn(parameters: Mapping[str, Any]) -> str:
    given = [parameters[name] for name in CONNECTIONS if name in parameters]
    arn = given[0].get("ConnectionArn") if len(given) == 1 and isinstance(given[0], dict) else None
    if not isinstance(arn, str):
        raise ParametersError(["An HTTP task needs one ConnectionArn, in InvocationConfig or in Authentication"])
    return arn


def request(parameters: Mapping[str, Any], added: Additions, region: str) -> Request:
    """The whole request. Raises ``ParametersError`` for a text body that the connection would add fields to."""
    headers = {
        "Content-Type": CONTENT_TYPE,
        "Range": RANGE,
        "User-Agent": f"Amazon|StepFunctions|HttpInvoke|{region}",
    }
    given = {name: _header_text(value) for name, value in parameters.get("Headers", {}).items()}
    merged = with_headers(dict(with_headers(headers, given)), added.headers)
    url = urlsplit(parameters["ApiEndpoint"])
    queries = [url.query, query({**parameters.get("QueryParameters", {}), **added.query})]
    full = urlunsplit(url._replace(query="&".join(filter(None, queries)), fragment=""))
    return Request(parameters["Method"], full, merged, _body(parameters, added.body))


def _body(parameters: Mapping[str, Any], added: Mapping[str, str]) -> bytes | None:
    body = parameters.get("RequestBody")
    if added:
        if not isinstance(body, dict | None):
            raise ParametersError(["The RequestBody is no object, and the connection has body parameters to add to it"])
        body = {**(body or {}), **added}
    if body is None:
        return None
    transform = parameters.get("Transform", {})
    if transform.get("RequestBodyEncoding", "NONE") == "URL_ENCODED" and isinstance(body, dict):
        return form(body, transform.get("RequestEncodingOptions", {}).get("ArrayFormat", "INDICES")).encode()
    return (body if isinstance(body, str) else dumps(body)).encode()


def _header_text(value: Any) -> str:
    return ", ".join(map(plain, value)) if isinstance(value, list) else plain(value)


def _check_headers(headers: Any) -> None:
    if not isinstance(headers, dict):
        raise ParametersError(["The Headers must be an object"])
    for name, value in headers.items():
        if name.lower() in RESTRICTED or name.lower().startswith(RESTRICTED_PREFIXES):
            raise ParametersError([f"The header {name} can't be set by an HTTP task: leave it out"])
        if not HEADER_NAME.fullmatch(name) or not HEADER_VALUE.fullmatch(_header_text(value)):
            raise ParametersError([f"The header {name!r} has characters that no header may have"])


def _check_transform(parameters: Mapping[str, Any]) -> None:
    transform = parameters.get("Transform", {})
    options = transform.get("RequestEncodingOptions", {}) if isinstance(transform, dict) else None
    if not isinstance(options, dict):
        raise ParametersError(["Transform and its RequestEncodingOptions must be objects"])
    encoding, arrays = transform.get("RequestBodyEncoding", "NONE"), options.get("ArrayFormat", "INDICES")
    if encoding not in ENCODINGS or arrays not in FORMATS:
        raise ParametersError(
            [f"RequestBodyEncoding must be one of {', '.join(ENCODINGS)}, ArrayFormat one of {', '.join(FORMATS)}"]
        )
    if encoding == "URL_ENCODED" and not isinstance(parameters.get("RequestBody", {}), dict):
        raise ParametersError(["A RequestBody that is URL_ENCODED must be an object"])
