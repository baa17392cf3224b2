"""One request to a model's server, for callers and for shadows alike."""

from __future__ import annotations

import http.client
from collections.abc import Mapping
from dataclasses import dataclass

from local_aws.services.sagemaker.serving import HOST, ModelServer


@dataclass(frozen=True)
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def content_type(self) -> str:
        return self.headers.get("Content-Type", "application/octet-stream")


def forward(server: ModelServer, body: bytes, headers: Mapping[str, str], limit_seconds: float) -> Answer:
    """On a connection of its own: a kept one could be closed by the server just as it is used again.

    Raises ``OSError`` (``ConnectionRefusedError``, ``TimeoutError``) and ``http.client.HTTPException``.
    """
    connection = http.client.HTTPConnection(HOST, server.port, timeout=limit_seconds)
    try:
        connection.request("POST", "/invocations", body, {**headers, "Connection": "close"})
        response = connection.getresponse()
        return Answer(response.status, response.headers, response.read())
    finally:
        connection.close()
