"""An HTTP API on this machine for what calls out: it answers as told and remembers what came."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from moto.events.models import events_backends

JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True)
class Seen:
    """``headers`` by their names in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


Reply = tuple[int, dict[str, str], bytes]


class Endpoint:
    """``answer`` makes the reply to a request."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.seen: list[Seen] = []
        self.answer: Callable[[Seen], Reply] = lambda seen: (200, JSON, b'{"ok": true}')

    def last(self) -> Seen:
        return self.seen[-1]


@contextmanager
def http_endpoint() -> Iterator[Endpoint]:
    class Handler(BaseHTTPRequestHandler):
        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            headers = {name.lower(): value for name, value in self.headers.items()}
            seen = Seen(self.command, self.path, headers, body)
            endpoint.seen.append(seen)
            status, answered, content = endpoint.answer(seen)
            self.send_response(status)
            for name, value in answered.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = do_OPTIONS = handle_any  # noqa: N815

        def log_message(self, format: str, *args: Any) -> None:
            """The test speaks for itself."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    endpoint = Endpoint(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield endpoint
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()


def connection(name: str, kind: str, **parameters: Any) -> str:
    """The ARN of a connection in this process."""
    backend = events_backends["123456789012"]["us-east-1"]
    return str(backend.create_connection(name, "", kind, parameters).arn)
