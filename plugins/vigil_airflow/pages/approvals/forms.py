"""Forms that only our own page can send, and only for whom it was made (CSRF).

Three things must hold, each by itself enough against one kind of attack: the browser says that the form comes from this
very origin; a cookie that another site cannot send (``SameSite=Strict``) is there; and the form carries a token that is
bound by HMAC to that cookie, to Airflow's user, to one act on one request, and to a time. Nothing is stored.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from fastapi import Request, Response

COOKIE = "vigil_form"
COOKIE_VALUE = re.compile(r"[A-Za-z0-9_-]{43}")
# Evidence is read for an hour or two before the form at its end is sent; a day later it should be read again.
VALID_SECONDS = 4 * 3600
PURPOSE = b"vigil approvals: forms"


class ForeignFormError(Exception):
    """The form was not made by this page for this user and this act."""


class StaleFormError(Exception):
    """The form is this page's own, but was open for too long."""


@dataclass(frozen=True)
class FormGuard:
    """``secret``: Airflow's own ``[api] secret_key``, the same in each of its servers. ``now``: seconds since 1970."""

    secret: str
    now: Callable[[], float]

    def token(self, cookie: str, user: str, act: str) -> str:
        """What the form for ``act`` carries. ``act`` names the request and whatever else is fixed already."""
        until = int(self.now()) + VALID_SECONDS
        return f"{until}.{self._seal(cookie, user, act, until)}"

    def check(self, token: str, cookie: str | None, user: str, act: str) -> None:
        """Raises ``ForeignFormError`` or ``StaleFormError``."""
        until, _, seal = token.partition(".")
        if cookie is None or not (until.isascii() and until.isdigit() and len(until) < 12):
            raise ForeignFormError
        if not hmac.compare_digest(seal.encode(), self._seal(cookie, user, act, int(until)).encode()):
            raise ForeignFormError
        if self.now() >= int(until):
            raise StaleFormError

    def bind(self, value: str, user: str) -> str:
        """``value`` for a cookie that counts for ``user`` only: another who signs in at this browser cannot use it."""
        return f"{self._seal('', user, 'session ' + value, 0)}.{value}"

    def unbind(self, bound: str | None, user: str) -> str | None:
        value = (bound or "").partition(".")[2]
        return value if value and hmac.compare_digest(self.bind(value, user).encode(), (bound or "").encode()) else None

    def _seal(self, *parts: str | int) -> str:
        key = hmac.digest(self.secret.encode(), PURPOSE, hashlib.sha256)
        # Each part with its length, so that no two lists of parts give the same text.
        text = "".join(f"{len(str(part))}:{part}" for part in parts)
        return hmac.digest(key, text.encode(), hashlib.sha256).hex()


def browser_cookie(request: Request) -> str | None:
    found = request.cookies.get(COOKIE, "")
    return found if COOKIE_VALUE.fullmatch(found) else None


def new_cookie() -> str:
    return secrets.token_urlsafe(32)


def keep_cookie(response: Response, name: str, value: str, path: str, *, secure: bool, seconds: int | None) -> None:
    """For this page's paths only, out of reach of scripts, never sent along from another site."""
    response.set_cookie(name, value, max_age=seconds, path=path, secure=secure, httponly=True, samesite="strict")


def refuse_other_origins(request: Request, own_address: str) -> None:
    """Raises ``ForeignFormError`` unless the browser says that the form comes from this origin.

    Every browser of the last years sends ``Origin`` with a POST, and ``Sec-Fetch-Site`` over HTTPS and to one's own
    machine. ``own_address``: Airflow's ``[api] base_url``, for where a proxy changes the host.
    """
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site is None and origin is None:
        raise ForeignFormError
    if site is not None and site != "same-origin":
        raise ForeignFormError
    own = {request.headers.get("host", "").lower(), _place(own_address)} - {""}
    if origin is not None and _place(origin) not in own:
        raise ForeignFormError


def _place(address: str) -> str:
    """Host and port, else nothing. Without the scheme: behind a proxy that ends TLS, the server does not know it."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    return parts.netloc.lower() if parts.scheme in {"http", "https"} else ""
