"""Pages of long answers, for the services whose token is the number of entries already seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from local_aws.api import ApiError

Item = TypeVar("Item")


def numbered_page(
    items: Sequence[Item], request: Mapping[str, Any], size: int, refusal: ApiError, *, member: str = "NextToken"
) -> tuple[list[Item], dict[str, str]]:
    """At most ``size`` items, and ``{"NextToken": …}`` or ``{}``. Raises ``refusal`` for a token of another origin.

    ``member`` is where the request holds its token.
    """
    text = str(request.get(member) or "0")
    if not text.isdecimal():
        raise refusal
    start = int(text)
    more = {"NextToken": str(start + size)} if start + size < len(items) else {}
    return list(items[start : start + size]), more
