"""The WSGI application: our own operations first, moto for the rest, AWS's error shape for every failure."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any, Protocol

from local_aws import protocol
from local_aws.api import OPERATIONS, ApiError, Context, NotOursError
from local_aws.calls.compression import plain
from local_aws.calls.current import calling
from local_aws.calls.incoming import Guard, IncomingCall
from local_aws.protocol import Response, UnknownOperationError
from local_aws.routing import action_of, service_of
from local_aws.services import announcements
from local_aws.services.registry import OWNED_SERVICES, SHARED_REST_SERVICES
from local_aws.services.sns import pages as sns_pages
from local_aws.validation import validate

logger = logging.getLogger(__name__)

HEALTH_PATH = "/_local_aws/health"
ANSWERED_HERE = OWNED_SERVICES | SHARED_REST_SERVICES


class Backend(Protocol):
    """Who answers what no service module here owns."""

    def serve(self, service: str, action: str, environ: dict[str, Any], body: bytes) -> Response: ...


class Gateway:
    """One endpoint for every service. Set ``context`` before the first request."""

    def __init__(self, backend: Backend) -> None:
        self.context: Context | None = None
        #: Asked about each call, in this order; about its answer in reverse.
        self.guards: list[Guard] = []
        #: What is no AWS call: the path and what answers (method, body).
        self.controls: dict[str, Callable[[str, bytes], Response]] = {}
        self._backend = backend
        self._active = 0
        self._idle = threading.Condition()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        with self._idle:
            self._active += 1
        try:
            response = self._answered(environ)
        finally:
            with self._idle:
                self._active -= 1
                self._idle.notify_all()
        headers = dict(response.headers)
        body = response.body
        if isinstance(body, bytes):
            # An answer to HEAD has no body and says how long it would be.
            if not (environ["REQUEST_METHOD"] == "HEAD" and "Content-Length" in headers):
                headers["Content-Length"] = str(len(body))
            body = [body]
        start_response(f"{response.status} {_reason(response.status)}", list(headers.items()))
        return body

    def wait_idle(self, timeout: float) -> bool:
        """Whether every request that had begun was answered before ``timeout`` seconds had passed."""
        deadline = time.monotonic() + timeout
        with self._idle:
            return self._idle.wait_for(lambda: self._active == 0, max(0.0, deadline - time.monotonic()))

    def _answered(self, environ: dict[str, Any]) -> Response:
        try:
            with announcements.gathered(self.context):
                return self._respond(environ)
        except ApiError as error:
            return protocol.serialize_error(service_of(environ), None, error)

    def _respond(self, environ: dict[str, Any]) -> Response:
        path = str(environ.get("PATH_INFO", ""))
        if path == HEALTH_PATH:
            return Response(200, {"Content-Type": "text/plain"}, b"ok")
        if path.startswith(sns_pages.PATH):
            return sns_pages.respond(self._ready_context(), environ)
        body = _read_body(environ)
        if path in self.controls:
            return self.controls[path](environ["REQUEST_METHOD"], body)
        service = service_of(environ)
        environ, body = plain(service, environ, body)
        call = IncomingCall(service, action_of(environ, body, service), environ, body)
        response = self._guarded(call)
        if "x-amzn-requestid" not in {name.lower() for name in response.headers}:
            response.headers["x-amzn-RequestId"] = call.request_id
        for guard in reversed(self.guards):
            response = guard.after(call, response)
        if environ["REQUEST_METHOD"] == "HEAD" and response.status >= 400:
            response.body = b""  # an error's text has no place in the answer to HEAD
        return response

    def _guarded(self, call: IncomingCall) -> Response:
        try:
            for guard in self.guards:
                answer = guard.before(call)
                if answer is not None:
                    return answer
            if call.service in ANSWERED_HERE or (call.service, call.action) in OPERATIONS:
                return self._run(call)
            return self._backend.serve(call.service, call.action, call.environ, call.body)
        except ApiError as error:
            call.error = error
            return protocol.serialize_error(call.service, None, error)
        except Exception:
            logger.exception("%s.%s failed", call.service, call.action)
            call.error = _internal_failure(call.service, call.action)
            return protocol.serialize_error(call.service, None, call.error)

    def _run(self, call: IncomingCall) -> Response:
        service, (operation, _) = call.service, call.matched
        function = OPERATIONS.get((service, operation.name))
        try:
            if function is None and service in SHARED_REST_SERVICES:
                raise NotOursError
            if function is None:
                raise UnknownOperationError(service, operation.name)
            parsed = call.parsed
            validate(service, parsed, operation.input_shape)
            with calling(call):
                return protocol.serialize(operation, function(self._ready_context(), parsed))
        except NotOursError:
            return self._backend.serve(service, call.action, call.environ, call.body)
        except ApiError as error:
            call.error = error
            return protocol.serialize_error(service, operation, error)
        except Exception:
            logger.exception("%s.%s failed", service, operation.name)
            call.error = _internal_failure(service, operation.name)
            return protocol.serialize_error(service, operation, call.error)

    def _ready_context(self) -> Context:
        if self.context is None:
            raise ApiError("ServiceUnavailable", "the server is starting: try again", 503)
        return self.context


def _internal_failure(service: str, action: str) -> ApiError:
    # The traceback stays in the server's log: it may quote what the request held.
    return ApiError("InternalFailure", f"{service}.{action} failed inside local_aws; its log has the reason", 500)


def _read_body(environ: dict[str, Any]) -> bytes:
    stream = environ["wsgi.input"]
    if environ.get("wsgi.input_terminated"):
        return bytes(stream.read())
    length = int(environ.get("CONTENT_LENGTH") or 0)
    return bytes(stream.read(length)) if length else b""


def _reason(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"
