"""The call that the present thread serves, for the few operations that need to know who asks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from local_aws.calls.incoming import IncomingCall
from local_aws.identity.principals import SERVER, Principal

_CALL: ContextVar[IncomingCall | None] = ContextVar("call", default=None)


@contextmanager
def calling(call: IncomingCall) -> Iterator[None]:
    token = _CALL.set(call)
    try:
        yield
    finally:
        _CALL.reset(token)


def concerns(kind: str, arn: str) -> None:
    """Record that the call is about a resource which its request does not name, the execution behind a token, say."""
    call = _CALL.get()
    if call is not None:
        call.about.append((kind, arn))


def caller() -> Principal:
    """Who asked for what this thread does; the server itself outside of a request."""
    call = _CALL.get()
    return SERVER if call is None else call.principal
