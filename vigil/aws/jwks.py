"""The public keys that a provider publishes, fetched with a time-out and kept for some minutes.

A key that is not known makes them be fetched anew, so that a provider may change its keys at any time, but not at each
token: whoever makes up key names must not make us call the provider each time.
"""

from __future__ import annotations

import json
import threading
import time
import urllib.request
from http.client import HTTPMessage
from typing import IO, Any
from urllib.error import URLError
from urllib.parse import urlparse

import jwt

from vigil.approvals.errors import AuthenticationError, ProviderUnavailableError
from vigil.aws.environment import ConfigurationError

TIMEOUT_SECONDS = 5
KEPT_SECONDS = 300  # a key that a provider withdrew is believed no longer than this
FETCH_PAUSE_SECONDS = 5
MOST_BYTES = 1_000_000  # a key set is a few kilobytes
LOOPBACK = {"127.0.0.1", "::1", "localhost"}


class JwksKeys:
    """``uri``: the provider's ``jwks_uri``; https, but for a provider on this machine."""

    def __init__(self, uri: str) -> None:
        parts = urlparse(uri)
        if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK):
            raise ConfigurationError(f"keys are fetched over https only, not from {uri}: see signing/jwks-uri")
        self._uri = uri
        self._keys: dict[str, jwt.PyJWK] = {}
        self._fetched = float("-inf")
        self._lock = threading.Lock()

    def key(self, kid: str) -> jwt.PyJWK:
        """Raises ``AuthenticationError`` where the provider has no such key."""
        with self._lock:
            age = time.monotonic() - self._fetched
            if age > KEPT_SECONDS or (kid not in self._keys and age > FETCH_PAUSE_SECONDS):
                self._keys = self._fetch()
                self._fetched = time.monotonic()
            if kid not in self._keys:
                raise AuthenticationError("the token is signed with a key that its provider does not publish")
            return self._keys[kid]

    def _fetch(self) -> dict[str, jwt.PyJWK]:
        try:
            with _opener().open(self._uri, timeout=TIMEOUT_SECONDS) as answer:
                document: Any = json.loads(answer.read(MOST_BYTES))
            keys = jwt.PyJWKSet.from_dict(document).keys
        except (URLError, OSError, ValueError, AttributeError, jwt.PyJWTError):
            raise ProviderUnavailableError("the identity provider's keys cannot be read now: try again") from None
        return {each.key_id: each for each in keys if each.key_id and each.public_key_use in (None, "sig")}


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Keys come from where the stack says, and from nowhere that an answer points to."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> None:
        return None


def _opener() -> urllib.request.OpenerDirector:
    return urllib.request.build_opener(_NoRedirect())
