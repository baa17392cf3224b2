"""Which addresses outside may be called."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit


class AddressError(ValueError):
    """An address that is not called. The message says what to write instead."""


def check_address(url: str) -> None:
    """HTTPS as at AWS; plain HTTP only on this machine, where nobody listens in. Raises ``AddressError``."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError as error:
        raise AddressError(f"The endpoint is not a valid URL: {error}") from error
    if not host or parts.username is not None or any(ord(letter) <= ord(" ") for letter in url):
        raise AddressError("The endpoint must be a URL such as https://example.com/path, without spaces or a password")
    if parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(host)):
        return
    raise AddressError("The endpoint must begin with https:// (http:// is for addresses of this machine only)")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
