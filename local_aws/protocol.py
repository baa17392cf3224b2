"""AWS's wire protocols, both directions: request bytes to a typed request, an answer or error to response bytes.

Parsing, routing and serialising are moto's (``moto.core``), which derive them from botocore's service models for
the protocols ``json``, ``rest-json``, ``query`` and ``rest-xml``. This module adds what moto's own services never
need: strict shapes, the status a result asks for, and raw or streamed bodies.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any

from botocore.utils import parse_timestamp
from moto.core.errors import COMMON_ERROR_CODES
from moto.core.model import OperationModel, ServiceModel
from moto.core.parse import PROTOCOL_PARSERS, BaseJSONParser, JSONParser, RequestParserError, RestJSONParser
from moto.core.request import Request
from moto.core.routing import get_service_router
from moto.core.serialize import AttributePickerContext, SerializationContext, get_serializer_class
from moto.core.utils import get_service_model
from werkzeug.exceptions import HTTPException

from local_aws.api import ApiError

JSON_TYPE = "application/x-amz-json-1.1"
DEFAULT_ERROR_STATUS = 400


@dataclass
class Response:
    """``body`` is bytes, or an iterable of bytes that is sent as it comes."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | Iterable[bytes] = b""


class UnknownOperationError(ApiError):
    """The service has no such operation, or nobody here provides it."""

    def __init__(self, service: str, name: str) -> None:
        # The query protocol has an error of its own for this.
        # https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/CommonErrors.html
        query = protocol_of(service) == "query"
        code = "InvalidAction" if query else "UnknownOperationException"
        status = 404 if protocol_of(service).startswith("rest") else 400
        super().__init__(code, f"{service} has no operation {name or '(none named)'} on this server", status)


def protocol_of(service: str) -> str:
    """The service's protocol; ``json`` for a service that botocore does not know."""
    model = model_of(service)
    return "json" if model is None else _spoken(model)


def _spoken(model: ServiceModel) -> str:
    """The model's protocol, or the first of its others that is spoken here: CloudWatch's CBOR is not, its JSON is."""
    wanted: list[str] = [str(model.protocol), *model.metadata.get("protocols", [])]
    return next((name for name in wanted if name in PARSERS), wanted[0])


@cache
def model_of(service: str) -> ServiceModel | None:
    try:
        return get_service_model(service)
    except Exception:  # moto and botocore raise different errors for a service they do not know
        return None


def match_operation(service: str, request: Request) -> tuple[OperationModel, dict[str, Any]]:
    """The operation that a request of ``service`` asks for, and the parameters in its path."""
    try:
        operation, parameters = get_service_router(service).match(request)
    except (HTTPException, NotImplementedError) as error:
        target = request.headers.get("X-Amz-Target", "").rpartition(".")[2]
        name = target or request.values.get("Action") or f"{request.method} {request.path}"
        raise UnknownOperationError(service, name) from error
    return operation, parameters


class _Strict(BaseJSONParser):
    """moto's parser takes any JSON value for a list or structure, and any text for JSON; AWS refuses both."""

    def _parse_structure(self, shape: Any, value: Any) -> Any:
        if value is not None and not shape.is_document_type:
            _require(shape, value, Mapping)
        return super()._parse_structure(shape, value)  # type: ignore[no-untyped-call]

    def _parse_list(self, shape: Any, value: Any) -> Any:
        if shape.serialization.get("location") is None:
            _require(shape, value, list)
        return super()._parse_list(shape, value)  # type: ignore[no-untyped-call]

    def _parse_map(self, shape: Any, value: Any) -> Any:
        _require(shape, value, Mapping)
        return super()._parse_map(shape, value)  # type: ignore[no-untyped-call]

    def _parse_body_as_json(self, body_contents: bytes) -> Any:
        try:
            return json.loads(body_contents or b"{}")
        except ValueError as error:
            raise ApiError("SerializationException", f"the request's body is not JSON: {error}") from error


def _require(shape: Any, value: Any, kind: type) -> None:
    if not isinstance(value, kind):
        raise ApiError("SerializationException", f"{shape.name} must be a {shape.type_name}")


class _StrictJson(_Strict, JSONParser):
    pass


class _StrictRestJson(_Strict, RestJSONParser):
    pass


PARSERS = {**PROTOCOL_PARSERS, "json": _StrictJson, "rest-json": _StrictRestJson}


def parse(operation: OperationModel, request: Request, path_parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The operation's input: blobs as bytes, timestamps as aware datetimes in UTC.

    Raises ``ApiError`` (``SerializationException``) for what cannot be read as the operation's input shape.
    """
    parser = PARSERS[_spoken(operation.service_model)](operation, timestamp_parser=_aware_time)
    try:
        parsed = parser.parse(
            {
                "method": request.method,
                "values": request.values,
                "headers": request.headers,
                "body": request.data,
                "url_path": request.path,
                "url_params": dict(path_parameters),
            }
        )
    except (ValueError, TypeError, AttributeError, RequestParserError) as error:
        raise ApiError("SerializationException", f"the request cannot be read: {error}") from error
    # Absent path and query parameters are absent, not null, for the operation's function.
    return {name: value for name, value in parsed.items() if value is not None}


def _aware_time(value: Any) -> datetime:
    moment: datetime = parse_timestamp(value)
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def serialize(operation: OperationModel, result: Mapping[str, Any] | None) -> Response:
    """A result by the operation's output shape. A blob payload may be bytes or an iterable of bytes (a stream)."""
    result = dict(result or {})
    shape = operation.output_shape
    members = {} if shape is None else shape.members
    payload = None if shape is None else shape.serialization.get("payload")
    stream = None
    if payload is not None and members[payload].type_name == "blob":
        stream = result.pop(payload, b"")
    response = _serialized(operation, result)
    if stream is not None:
        response.body = stream.encode() if isinstance(stream, str) else stream
    for name, member in members.items():
        location = member.serialization.get("location")
        if location == "statusCode" and name in result:
            response.status = int(result[name])
        elif location == "header" and member.serialization.get("name", "").lower() == "content-type":
            # moto's serialiser puts its own content type over the one the result names.
            response.headers["Content-Type"] = str(result.get(name, "application/octet-stream"))
    return response


def serialize_error(service: str, operation: OperationModel | None, error: ApiError) -> Response:
    """An error in the shape of the service's protocol. ``operation`` is None when it is not known."""
    model = model_of(service)
    if model is None:
        body = json.dumps({"__type": error.code, "message": error.message}).encode()
        return Response(error.status, {"Content-Type": JSON_TYPE, "X-Amzn-Errortype": error.code}, body)
    if error.code not in COMMON_ERROR_CODES:
        # moto warns about each code that neither the service's model nor this list of common ones names.
        COMMON_ERROR_CODES.append(error.code)
    response = _serialized(operation or OperationModel({}, model), error)
    if error.status != DEFAULT_ERROR_STATUS:
        response.status = error.status
    return response


def _serialized(operation: OperationModel, result: Mapping[str, Any] | ApiError) -> Response:
    model = operation.service_model
    serializer = get_serializer_class(str(model.service_name), _spoken(model))(
        operation_model=operation, context=SerializationContext(str(uuid.uuid4())), value_picker=_pick
    )
    made = serializer.serialize(result)
    body = made["body"]
    headers = {name: str(value) for name, value in made["headers"].items()}
    return Response(int(made["status_code"]), headers, body.encode() if isinstance(body, str) else body)


def _pick(context: AttributePickerContext) -> Any:
    """A member's value: an item of a result, an attribute of an error (some error shapes have members)."""
    if isinstance(context.obj, Mapping):
        return context.obj.get(context.key)
    return getattr(context.obj, context.key, None)
