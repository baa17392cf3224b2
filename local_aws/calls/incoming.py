"""One call on its way through the gateway: read once, for whoever asks what it is."""

from __future__ import annotations

import io
import json
import time
import uuid
from collections.abc import Mapping
from functools import cached_property
from typing import Any, Protocol
from urllib.parse import parse_qsl

from moto.core.model import OperationModel
from moto.core.request import Request

from local_aws import protocol
from local_aws.api import ApiError
from local_aws.calls.form_uploads import FormUpload, form_upload
from local_aws.identity.principals import OPERATOR, Principal
from local_aws.protocol import Response

#: A longer body is not read for the names in it; S3's longest lists (DeleteObjects) are shorter.
LARGEST_READ_BYTES = 1024 * 1024
FORM = "application/x-www-form-urlencoded"


class IncomingCall:
    """``service`` is botocore's name; ``action`` the operation's name where the request says it outright."""

    def __init__(self, service: str, action: str, environ: dict[str, Any], body: bytes) -> None:
        self.service = service
        self.action = action
        self.environ = environ
        self.body = body
        self.principal: Principal = OPERATOR
        self.access_key: str | None = None
        self.request_id = str(uuid.uuid4())
        self.began = time.time()
        self._clock = time.perf_counter()
        #: Resources that the request does not name: ``(type, ARN)``.
        self.about: list[tuple[str, str]] = []
        #: Why the call was refused or failed, once it is known.
        self.error: ApiError | None = None

    @property
    def duration_ms(self) -> float:
        return (time.perf_counter() - self._clock) * 1000

    @property
    def name(self) -> str:
        """The operation's name; method and path of a request that means none."""
        if self.action:
            return self.action
        if self.upload is not None:
            return "PutObject"
        operation = self.operation
        return f"{self.environ['REQUEST_METHOD']} request" if operation is None else str(operation.name)

    @property
    def operation(self) -> OperationModel | None:
        """The operation in botocore's model; None when there is no such thing."""
        try:
            return self.matched[0]
        except (ApiError, ValueError, TypeError, AttributeError):
            return None

    @cached_property
    def matched(self) -> tuple[OperationModel, dict[str, Any]]:
        """The operation and the parameters in its path. Raises ``UnknownOperationError``."""
        return protocol.match_operation(self.service, self.request)

    @cached_property
    def request(self) -> Request:
        size = str(len(self.body))
        return Request({**self.environ, "wsgi.input": io.BytesIO(self.body), "CONTENT_LENGTH": size})

    @cached_property
    def parsed(self) -> dict[str, Any]:
        """The operation's input. Raises ``ApiError`` for what cannot be read as such."""
        operation, path_parameters = self.matched
        return protocol.parse(operation, self.request, path_parameters)

    @cached_property
    def upload(self) -> FormUpload | None:
        """S3's upload by a web form, which is no operation of botocore's model."""
        return form_upload(self.request) if self.service == "s3" else None

    @cached_property
    def parameters(self) -> Mapping[str, Any]:
        """The input as far as it can be had cheaply, unchecked; empty for what cannot be read."""
        if self.upload is not None:
            return self.upload.parameters
        try:
            if self.environ.get("HTTP_X_AMZ_TARGET"):
                found = json.loads(self.body or b"{}")
                return found if isinstance(found, dict) else {}
            if self.action and self.environ.get("CONTENT_TYPE", "").startswith(FORM):
                return dict(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))
            if len(self.body) > LARGEST_READ_BYTES:
                # An object, or a payload: what names it is in the path, the query and the headers.
                return IncomingCall(self.service, self.action, self.environ, b"").parsed
            return self.parsed
        except (ApiError, ValueError, TypeError, AttributeError, KeyError):
            return {}


class Guard(Protocol):
    """Looks at each call before it is served, and at its answer."""

    def before(self, call: IncomingCall) -> Response | None:
        """None lets the call go on; an answer ends it. Raises ``ApiError`` to refuse it."""

    def after(self, call: IncomingCall, response: Response) -> Response:
        """The answer that the caller gets."""
