"""Pages of long answers: ``maxResults`` and ``nextToken``."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import TypeVar

from local_aws.api import ApiError

Item = TypeVar("Item")
LARGEST_PAGE = 1000
DEFAULT_PAGE = 100


def page(items: Sequence[Item], subject: str, size: int | None, token: str | None) -> tuple[list[Item], str | None]:
    """One page and the token of the next. ``subject`` binds a token to what is listed."""
    start = 0 if token is None else _start(token, subject)
    end = start + min(size or DEFAULT_PAGE, LARGEST_PAGE)
    following = base64.urlsafe_b64encode(f"{end} {subject}".encode()).decode() if end < len(items) else None
    return list(items[start:end]), following


def _start(token: str, subject: str) -> int:
    try:
        start, _, of = base64.urlsafe_b64decode(token.encode()).decode().partition(" ")
        if of == subject:
            return int(start)
    except (ValueError, binascii.Error):
        pass
    raise ApiError("InvalidToken", f"Invalid Token: '{token}'")
