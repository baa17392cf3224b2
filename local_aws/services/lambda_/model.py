"""A function as it is stored, and how requests name one."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from local_aws.api import ApiError, Context
from local_aws.times import iso_milliseconds

KIND = "lambda_function"
#: Settings of asynchronous invocation, by the function's name.
ASYNC_KIND = "lambda_async"
#: ``ReservedConcurrentExecutions``, by the function's name.
CONCURRENCY_KIND = "lambda_concurrency"
#: A name, a partial ARN or a full one, each perhaps with a qualifier
#: (https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html).
REFERENCE = re.compile(
    r"(?:arn:aws[\w-]*:lambda:[\w-]+:\d{12}:function:|\d{12}:function:|function:)?(?P<name>[\w-]{1,64})(?::(?P<qualifier>[\w$-]+))?"
)
LATEST = "$LATEST"
DEFAULT_TIMEOUT_SECONDS = 3
DEFAULT_MEMORY_MB = 128


def name_of(reference: str, qualifier: str | None = None) -> str:
    """The plain name, for what is about ``$LATEST`` alone; ``versions.resolve`` knows versions and aliases."""
    match = REFERENCE.fullmatch(reference)
    if match is None:
        raise ApiError("InvalidParameterValueException", f"{reference!r} names no function")
    if (match["qualifier"] or qualifier or LATEST) != LATEST:
        raise ApiError("ResourceNotFoundException", f"Function not found: {reference}: here only {LATEST} will do", 404)
    return str(match["name"])


def arn_of(aws: Context, name: str) -> str:
    return aws.arn("lambda", f"function:{name}")


def find(aws: Context, reference: str, qualifier: str | None = None) -> dict[str, Any]:
    """The stored function; ``ResourceNotFoundException`` when there is none."""
    name = name_of(reference, qualifier)
    function = aws.store.get(KIND, name)
    if function is None:
        raise ApiError("ResourceNotFoundException", f"Function not found: {arn_of(aws, name)}", 404)
    return function


def now_text() -> str:
    """Lambda writes times as text, with its own offset."""
    return iso_milliseconds(datetime.now(UTC), "+0000")


def configuration(function: dict[str, Any]) -> dict[str, Any]:
    """What the API tells of a function; the environment as the caller gave it."""
    return {"Version": LATEST, **function["configuration"], "State": "Active", "LastUpdateStatus": "Successful"}
