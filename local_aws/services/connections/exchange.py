"""One HTTP request and its response, within a time limit. Redirects are not followed: credentials go nowhere else."""

from __future__ import annotations

import contextlib
import http.client
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

#: More than a state may hold (256 KiB) or anybody here reads.
LARGEST_BODY_BYTES = 1024 * 1024
CHUNK_BYTES = 65_536


class ExchangeError(Exception):
    """No whole response came. The message holds no part of the request."""


@dataclass(frozen=True)
class Request:
    """``headers`` in the order in which they are sent; Host and Content-Length are added."""

    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    body: bytes | None


@dataclass(frozen=True)
class Response:
    """The body is cut off after ``LARGEST_BODY_BYTES``."""

    status: int
    reason: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str:
        return next((value for key, value in self.headers if key.lower() == name.lower()), "")


def exchange(request: Request, limit_seconds: float) -> Response:
    """Send the request. Raises ``ExchangeError`` without a whole response in time."""
    deadline = time.monotonic() + limit_seconds
    url = urlsplit(request.url)
    made = http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
    path = (url.path or "/") + (f"?{url.query}" if url.query else "")
    try:
        with contextlib.closing(made(url.hostname or "", url.port, timeout=limit_seconds)) as connection:
            connection.putrequest(request.method, path)
            for name, value in _with_length(request):
                connection.putheader(name, value)
            connection.endheaders(request.body)
            return _read(connection, deadline)
    except TimeoutError as error:
        raise ExchangeError(f"the endpoint did not answer within {limit_seconds:g} seconds") from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise ExchangeError(f"the endpoint could not be reached ({type(error).__name__})") from error


def _with_length(request: Request) -> tuple[tuple[str, str], ...]:
    if request.body is None:
        return request.headers
    return (*request.headers, ("Content-Length", str(len(request.body))))


def _read(connection: http.client.HTTPConnection, deadline: float) -> Response:
    # The socket is the connection's until the response takes it over.
    socket = connection.sock
    socket.settimeout(_left(deadline))
    response = connection.getresponse()
    parts: list[bytes] = []
    while sum(map(len, parts)) < LARGEST_BODY_BYTES:
        with contextlib.suppress(OSError):  # closed once all is read
            socket.settimeout(_left(deadline))
        part = response.read1(CHUNK_BYTES)
        if not part:
            break
        parts.append(part)
    return Response(response.status, response.reason, tuple(response.getheaders()), b"".join(parts))


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left
