"""Polling from the triggerer: intervals that grow with the wait, and patience with a service that restarts."""

from __future__ import annotations

import time
from collections.abc import Callable

from botocore import exceptions

# Growing by a quarter, an interval is about a fifth of the time already waited: quick jobs end promptly, and long
# waits cost little.
FIRST_SECONDS = 2.0
GROWTH = 1.25
TRANSIENT_STATUS = {429, 500, 502, 503, 504}
TRANSIENT_CODES = {"ThrottlingException", "Throttling", "TooManyRequestsException", "RequestLimitExceeded"}
TRANSIENT_ERRORS = (
    exceptions.HTTPClientError,
    exceptions.ConnectionError,
    exceptions.IncompleteReadError,
    exceptions.ResponseStreamingError,
    OSError,  # includes the built-in ConnectionError and TimeoutError
)


class Backoff:
    """Intervals in seconds: ``FIRST_SECONDS``, then growing to ``longest``; ``reset`` when something happened."""

    def __init__(self, longest: float) -> None:
        self._longest = longest
        self._next = FIRST_SECONDS

    def interval(self) -> float:
        current = min(self._longest, self._next)
        self._next = current * GROWTH
        return current

    def reset(self) -> None:
        self._next = FIRST_SECONDS


class Patience:
    """How long a service may go on being unreachable before the wait is given up."""

    def __init__(self, limit_seconds: float, now: Callable[[], float] = time.monotonic) -> None:
        self._limit = limit_seconds
        self._now = now
        self._since: float | None = None

    def answered(self) -> None:
        self._since = None

    def is_over(self) -> bool:
        """Note one more failure. True once failures have gone on for the limit without an answer between them."""
        self._since = self._now() if self._since is None else self._since
        return self._now() - self._since >= self._limit


def is_transient(error: Exception) -> bool:
    """Whether the same request may succeed later: no connection, a time-out, throttling, a fault of the service."""
    if isinstance(error, exceptions.ClientError):
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
        return status in TRANSIENT_STATUS or error.response.get("Error", {}).get("Code") in TRANSIENT_CODES
    return isinstance(error, TRANSIENT_ERRORS)
