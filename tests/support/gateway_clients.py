"""boto3 clients that call a gateway in the test's own process: no server, no sockets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from werkzeug.test import Client


class _Raw:
    """What botocore reads an answer's body from."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self, *_: object, **__: object) -> Iterator[bytes]:
        yield self._content

    def read(self, *_: object) -> bytes:
        content, self._content = self._content, b""
        return content


def client_of(gateway: Any, service: str) -> Any:
    """A client without retries whose requests are answered by the WSGI application ``gateway``."""
    web = Client(gateway)
    client = boto3.client(
        service,
        region_name="us-east-1",
        endpoint_url="http://localhost",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1}, inject_host_prefix=False),
    )

    def send(request: Any, **_: object) -> AWSResponse:
        headers = {key: value.decode() if isinstance(value, bytes) else value for key, value in request.headers.items()}
        path = request.url.removeprefix("http://localhost")
        answer = web.open(path, method=request.method, headers=headers, data=request.body)
        return AWSResponse(request.url, answer.status_code, dict(answer.headers), _Raw(answer.data))

    client.meta.events.register("before-send.*.*", send)
    return client
