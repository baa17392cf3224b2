"""URL-encoded request bodies and query strings of HTTP tasks.

https://docs.aws.amazon.com/step-functions/latest/dg/call-https-apis.html#url-encode-request-body
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from local_aws.services.states.jsontext import dumps

FORMATS = ("INDICES", "REPEAT", "COMMAS", "BRACKETS")


def form(value: dict[str, Any], arrays: str) -> str:
    """``arrays`` is one of ``FORMATS``. Objects within are written as ``outer[inner]``."""
    return "&".join(
        f"{quote(key, safe='')}={text}" for name in value for key, text in _pairs(name, value[name], arrays)
    )


def query(value: dict[str, Any]) -> str:
    """A list repeats its key."""
    return form(value, "REPEAT")


def plain(value: Any) -> str:
    """The text of a value that stands alone."""
    if value is None:
        return ""
    return value if isinstance(value, str) else dumps(value)


def _pairs(key: str, value: Any, arrays: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, part in value.items():
            yield from _pairs(f"{key}[{name}]", part, arrays)
    elif isinstance(value, list) and arrays == "COMMAS":
        yield key, ",".join(quote(plain(part), safe="") for part in value)
    elif isinstance(value, list):
        for index, part in enumerate(value):
            suffix = {"INDICES": f"[{index}]", "BRACKETS": "[]"}.get(arrays, "")
            yield from _pairs(f"{key}{suffix}", part, arrays)
    else:
        yield key, quote(plain(value), safe="")
