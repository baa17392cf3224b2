"""The services that stay moto's, made safe for threads and honest about what moto does not implement.

moto is not thread-safe (800 parallel ``ADD`` updates once gave 797), so each request holds the lock of its service
and of every service that moto reaches from it in process. No lock is held while a long poll waits.
"""

from __future__ import annotations

import contextlib
import io
import json
import logging
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any, Protocol
from urllib.parse import parse_qs, parse_qsl, urlencode

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

from local_aws import determinism, moto_speed, protocol
from local_aws.api import ApiError
from local_aws.protocol import Response, UnknownOperationError
from local_aws.read_only import is_read_only

logger = logging.getLogger(__name__)

#: Services whose state moto changes while it serves a request of the service on the left.
REACHES = {
    "sns": ("sns", "sqs"),
    "events": ("events", "sqs", "sns", "logs", "secretsmanager"),
    "s3": ("s3", "sqs", "sns"),
    "dynamodbstreams": ("dynamodb",),
    "sts": ("iam", "sts"),
    "logs": ("firehose", "logs", "s3"),
    "firehose": ("firehose", "s3"),
    "ses": ("ses", "sns", "sqs"),
    "sesv2": ("ses", "sesv2", "sns", "sqs"),
    "athena": ("athena", "s3"),
    "s3control": ("s3", "s3control"),
}
WEB_PAGE = (b"<!doctype html", b"<html")
READ_METHODS = ("GET", "HEAD", "OPTIONS")
LONGEST_WAIT_SECONDS = 20.0
POLL_SECONDS = 0.25
KEPT_ITERATORS = 1000
#: In the environment of a change that no client asked for: the name of the function in ``CALLS`` that makes it.
CALL = "local_aws.call"
#: Changes of moto's state by the server itself; each gets its arguments as JSON and gives its answer as JSON.
CALLS: dict[str, Callable[[Any], Any]] = {}
PLAIN_ENVIRON = {
    "wsgi.version": (1, 0),
    "wsgi.url_scheme": "http",
    "wsgi.multithread": True,
    "wsgi.multiprocess": False,
    "wsgi.run_once": False,
}
Answered = Callable[[Response | None], None]


class Keeper(Protocol):
    """Keeps a change: entered before moto runs it at ``at`` (ns since 1970) with ``seed``, left after the answer."""

    def __call__(
        self, service: str, action: str, environ: dict[str, Any], body: bytes, at: int, seed: int
    ) -> AbstractContextManager[Answered]: ...


def reached(service: str) -> tuple[str, ...]:
    """The services whose state a request of ``service`` may change."""
    return REACHES.get(service, (service,))


class MotoBackend:
    """Serves requests by moto."""

    def __init__(self) -> None:
        moto_speed.quicken()
        self._application = DomainDispatcherApplication(create_backend_app)
        self._locks: dict[str, threading.RLock] = {}
        self._guard = threading.Lock()
        self._keep: Keeper = _keep_nothing
        self._sent = threading.Condition()
        self._closing = False
        self._offered: dict[str, bool] = {}

    def keep_changes(self, keep: Keeper) -> None:
        """Have every change kept from here on."""
        self._keep = keep

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
        if "sqs" in reached(service) and _mutates(service, action, environ):
            with self._sent:
                self._sent.notify_all()
        return response

    def call(self, service: str, name: str, arguments: Any) -> Any:
        """Change moto's state by the function ``CALLS[name]``, kept like a client's request."""
        environ = {"REQUEST_METHOD": "POST", CALL: name}
        return json.loads(bytes(self._ask(service, name, environ, json.dumps(arguments).encode()).body))  # type: ignore[arg-type]

    def run(self, service: str, action: str, environ: dict[str, Any], body: bytes) -> Response | None:
        """moto's own answer, with nothing kept; None when moto does not implement the operation."""
        if CALL in environ:
            return Response(200, {}, json.dumps(CALLS[environ[CALL]](json.loads(body))).encode())
        answer = _Answer()
        environ = {**PLAIN_ENVIRON, "wsgi.errors": sys.stderr, **environ, "wsgi.input": io.BytesIO(body)}
        try:
            parts = self._application(environ, answer.start)
            content = b"".join(parts)
            if hasattr(parts, "close"):
                parts.close()
        except NotImplementedError as error:
            logger.info("moto does not implement %s.%s: %s", service, action, error)
            return None
        return Response(answer.status, answer.headers, content)

    def _ask(self, service: str, action: str, environ: dict[str, Any], body: bytes) -> Response:
        if not self._has(service, environ):
            raise UnknownOperationError(service, action)
        names = reached(service)
        for name in names:
            determinism.cover(name)
        with self.locked(*names):
            if _mutates(service, action, environ):
                response = self._change(service, action, environ, body)
            else:
                response = self.run(service, action, environ, body)
            if (service, action) == ("dynamodbstreams", "GetRecords"):
                _forget_old_iterators()
        if response is None:
            raise UnknownOperationError(service, action)
        _refuse_web_page(service, action, response)
        return response

    def _change(self, service: str, action: str, environ: dict[str, Any], body: bytes) -> Response | None:
        at, seed = time.time_ns(), determinism.fresh_seed()
        with determinism.fixed(at, seed) if service in determinism.DETERMINISTIC else contextlib.nullcontext():
            # The same moment decides whether there is a message and which one it is.
            if action == "ReceiveMessage" and not _may_receive(body):
                return self.run(service, action, environ, body)
            try:
                with self._keep(service, action, environ, body, at, seed) as answered:
                    response = self.run(service, action, environ, body)
                    answered(response)
            except OSError as error:
                raise unkept(error) from error
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
                return response
            with self._sent:
                # A message may also become visible by time alone, which nobody announces.
                self._sent.wait(min(left, POLL_SECONDS))


def unkept(error: OSError) -> ApiError:
    """What a client is told when a change finds no room on the disk: it did not happen, and may be tried again."""
    logger.error("the state could not be written (%s): free some room on its disk", error.strerror)
    message = f"The state folder cannot be written ({error.strerror}): free some room on its disk, then try again."
    return ApiError("ServiceUnavailable", message, 503)


@contextlib.contextmanager
def _keep_nothing(
    service: str, action: str, environ: dict[str, Any], body: bytes, at: int, seed: int
) -> Iterator[Answered]:
    yield lambda response: None


class _Answer:
    """Takes what a WSGI application passes to ``start_response``."""

    status = 500
    headers: dict[str, str]

    def start(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], None]:
        self.status = int(status.split(" ", 1)[0])
        self.headers = dict(headers)
        return lambda data: None


def _mutates(service: str, action: str, environ: dict[str, Any]) -> bool:
    # A signed URL of the query protocol says in its query what it does.
    action = action or parse_qs(environ.get("QUERY_STRING", "")).get("Action", [""])[0]
    if action:
        return not is_read_only(service, action)
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
    return max(
        (float(getattr(queue, "receive_message_wait_time_seconds", 0) or 0) for queue in _queues(queue_url)),
        default=0.0,
    )


def _may_receive(body: bytes) -> bool:
    """Whether some message is visible now, so that a receive changes the queue."""
    try:
        url = json.loads(body).get("QueueUrl", "")
    except ValueError:
        url = dict(parse_qsl(body.decode("utf-8", "replace"))).get("QueueUrl", "")
    return any(message.visible and not message.delayed for queue in _queues(url) for message in queue._messages)


def _queues(url: str) -> list[Any]:
    """moto's queues of that name, whatever their region."""
    from moto.sqs.models import sqs_backends

    name = url.rstrip("/").rpartition("/")[2]
    found = [backend.queues.get(name) for regions in list(sqs_backends.values()) for backend in list(regions.values())]
    return [queue for queue in found if queue is not None]
