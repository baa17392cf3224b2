"""Asking a running server what is no AWS call."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

#: What the server answers beside AWS calls.
ACCESS_PATH = "/_local_aws/access"
CHAOS_PATH = "/_local_aws/chaos"
STATUS_PATH = "/_local_aws/status"

TIMEOUT_SECONDS = 30.0


class ControlError(Exception):
    """The server refused, or did not answer."""


def ask(url: str, method: str, path: str, body: Any = None) -> Any:
    """The JSON answer of ``path``. Raises ``ControlError`` with the server's own words."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url + path, data=data, method=method)  # noqa: S310 - http, from endpoint.json
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310
            return json.loads(answer.read())
    except urllib.error.HTTPError as error:
        raise ControlError(error.read().decode("utf-8", "replace")) from error
    except OSError as error:
        raise ControlError(f"{url} does not answer: {error}") from error
