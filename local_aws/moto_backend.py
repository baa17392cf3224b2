"""The services that stay moto's, made safe for threads and honest about what moto does not implement.

moto is not thread-safe (800 parallel ``ADD`` updates once gave 797), so each request holds the lock of its service
and of every service that moto reaches from it in process. No lock is held while a long poll waits.
"""

from __future__ import annotations

import contextlib
import io
import json
import logging
import re
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qsl, urlencode

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

from local_aws import protocol
from local_aws.api import ApiError
from local_aws.protocol import Response, UnknownOperationError

logger = logging.getLogger(__name__)

#: Services whose state moto changes while it serves a request of the service on the left.
REACHES = {
    "sns": ("sns", "sqs"),
    "events": ("events", "sqs", "sns", "logs"),
    "s3": ("s3", "sqs", "sns"),
    "dynamodbstreams": ("dynamodb",),
    "sts": ("iam", "sts"),
    "logs": ("logs", "s3"),
}
#: Operations that change nothing a snapshot would have to keep.
READ_ONLY = re.compile(
    r"(Get|List|Describe|BatchGet|Query|Scan|Lookup|Verify|Encrypt|Decrypt|ReEncrypt|GenerateDataKey|GenerateMac"
    r"|GenerateRandom|Sign|Filter|Search|TransactGet|Head|Test|Simulate)"
)
WEB_PAGE = (b"<!doctype html", b"<html")
READ_METHODS = ("GET", "HEAD", "OPTIONS")
LONGEST_WAIT_SECONDS = 20.0
POLL_SECONDS = 0.25
KEPT_ITERATORS = 1000


class MotoBackend:
    """Serves requests by moto."""

    def __init__(self) -> None:
        self._application = DomainDispatcherApplication(create_backend_app)
        self._locks: dict[str, threading.RLock] = {}
        self._guard = threading.Lock()
        self._touched: Callable[[str], None] = lambda service: None
        self._sent = threading.Condition()
        self._closing = False
        self._offered: dict[str, bool] = {}

    def on_change(self, touched: Callable[[str], None]) -> None:
        """Have ``touched`` called with each service that a request may have changed."""
        self._touched = touched

    def close(self) -> None:
        """Let waiting long polls end at once."""
        with self._sent:
            self._closing = True
            self._sent.notify_all()

    @contextlib.contextmanager
    def locked(self, *services: str) -> Iterator[None]:
        """Hold the locks of ``services``, always taken in the same order."""
        with contextlib.ExitStack() as held:
            for name in sorted(set(services)):
                with self._guard:
                    lock = self._locks.setdefault(name, threading.RLock())
                held.enter_context(lock)
            yield

    def serve(self, service: str, action: str, environ: dict[str, Any], body: bytes) -> Response:
        """moto's answer; raises ``ApiError`` where moto has none."""
        if service == "sqs" and action == "ReceiveMessage":
            return self._receive(environ, body)
        response = self._ask(service, action, environ, body)
        if _mutates(action, environ):
            reached = REACHES.get(service, (service,))
            for name in reached:
                self._touched(name)
            if "sqs" in reached:
                with self._sent:
                    self._sent.notify_all()
        return response

    def _ask(self, service: str, action: str, environ: dict[str, Any], body: bytes) -> Response:
        if not self._has(service, environ):
            raise UnknownOperationError(service, action)
        answer = _Answer()
        environ["wsgi.input"] = io.BytesIO(body)
        try:
            with self.locked(*REACHES.get(service, (service,))):
                parts = self._application(environ, answer.start)
                content = b"".join(parts)
                if hasattr(parts, "close"):
                    parts.close()
                if (service, action) == ("dynamodbstreams", "GetRecords"):
                    _forget_old_iterators()
        except NotImplementedError as error:
            logger.info("moto does not implement %s.%s: %s", service, action, error)
            raise UnknownOperationError(service, action) from error
        response = Response(answer.status, answer.headers, content)
        _refuse_web_page(service, action, response)
        return response

    def _has(self, service: str, environ: dict[str, Any]) -> bool:
        """Whether moto has the service at all; what is not signed is moto's to decide."""
        if "HTTP_AUTHORIZATION" not in environ:
            return True
        if service not in self._offered:
            host = self._application.infer_service_region_host(environ, environ.get("PATH_INFO", ""))
            self._offered[service] = self._application.get_backend_for_host(host) is not None
        return self._offered[service]

    def _receive(self, environ: dict[str, Any], body: bytes) -> Response:
        """A long poll as a series of short ones, so that others may send in between."""
        wait, body = _without_wait(environ, body)
        deadline = time.monotonic() + min(wait, LONGEST_WAIT_SECONDS)
        while True:
            response = self._ask("sqs", "ReceiveMessage", dict(environ, CONTENT_LENGTH=str(len(body))), body)
            found = response.status != 200 or b"ReceiptHandle" in bytes(response.body)  # type: ignore[arg-type]
            left = deadline - time.monotonic()
            if found or left <= 0 or self._closing:
                # An empty answer changes the queue as well, when it moves a message to the dead-letter queue.
                self._touched("sqs")
                return response
            with self._sent:
                # A message may also become visible by time alone, which nobody announces.
                self._sent.wait(min(left, POLL_SECONDS))


class _Answer:
    """Takes what a WSGI application passes to ``start_response``."""

    status = 500
    headers: dict[str, str]

    def start(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], None]:
        self.status = int(status.split(" ", 1)[0])
        self.headers = dict(headers)
        return lambda data: None


def _mutates(action: str, environ: dict[str, Any]) -> bool:
    if action:
        return READ_ONLY.match(action) is None
    return environ["REQUEST_METHOD"] not in READ_METHODS


def _refuse_web_page(service: str, action: str, response: Response) -> None:
    """moto's server answers some failures with a web page, which no AWS client can read."""
    # moto calls JSON text/html as well, so the body decides. An S3 object may be a web page, but not a failure.
    page = isinstance(response.body, bytes) and response.body[:15].lower().startswith(WEB_PAGE)
    if not page or response.status < 400 or protocol.protocol_of(service) == "rest-xml":
        return
    if response.status in (404, 405):
        raise UnknownOperationError(service, action)
    raise ApiError("InternalFailure", f"moto failed in {service}.{action}; its log has the reason", 500)


def _forget_old_iterators() -> None:
    """moto keeps each shard iterator it ever gave out; a poller would fill the memory within days."""
    from moto.dynamodbstreams.models import dynamodbstreams_backends

    for regions in list(dynamodbstreams_backends.values()):
        for backend in list(regions.values()):
            iterators = backend.shard_iterators
            for arn in list(iterators)[: max(0, len(iterators) - KEPT_ITERATORS)]:
                del iterators[arn]


def _without_wait(environ: dict[str, Any], body: bytes) -> tuple[float, bytes]:
    """How long the caller would wait (seconds), and the same request with no wait."""
    if environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded"):
        form = dict(parse_qsl(body.decode(), keep_blank_values=True))
        wait = form.get("WaitTimeSeconds", _default_wait(form.get("QueueUrl", "")))
        form["WaitTimeSeconds"] = "0"
        return float(wait), urlencode(form).encode()
    try:
        request = json.loads(body)
        wait = request.get("WaitTimeSeconds", _default_wait(request.get("QueueUrl", "")))
    except (ValueError, AttributeError) as error:
        raise ApiError("SerializationException", f"the request's body is not a JSON object: {error}") from error
    request["WaitTimeSeconds"] = 0
    return float(wait), json.dumps(request).encode()


def _default_wait(queue_url: str) -> float:
    """The queue's own ReceiveMessageWaitTimeSeconds; 0 for a queue that does not exist (moto will say so)."""
    from moto.sqs.models import sqs_backends

    name = queue_url.rstrip("/").rpartition("/")[2]
    for regions in list(sqs_backends.values()):
        for backend in list(regions.values()):
            queue = backend.queues.get(name)
            if queue is not None:
                return float(getattr(queue, "receive_message_wait_time_seconds", 0) or 0)
    return 0.0
