"""Temporary credentials of this server: minted for a role's session, found by access key, revoked or expired.

Secrets are never kept: the store holds a digest of the session token, and signatures are not verified, because
nothing here is protected from whoever may call as the operator.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from local_aws.identity.principals import Principal, assumed_role
from local_aws.store import Store

KIND = "credentials"
PREFIX = "ASIA"
KEY_CHARACTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
TOKEN_BYTES = 200
#: Revoked and expired keys are remembered this long, so that their holders are told the truth.
REMEMBERED = timedelta(days=1)
#: While credentials are minted, those that are remembered no more are looked for this often.
PRUNED_EVERY = timedelta(hours=1)


@dataclass(frozen=True)
class Credentials:
    """What a caller is given. Its text form hides the secrets."""

    access_key: str
    secret_key: str = field(repr=False)
    token: str = field(repr=False)
    expires: datetime | None = None


class UnknownKeyError(Exception):
    """The access key is none of this server's."""


class ExpiredTokenError(Exception):
    """The access key was this server's, and is expired or revoked, or its session token is another one."""


class Issuer:
    """All credentials of one server. Safe for threads.

    ``mint`` keeps them in the store, unless they are for this very process, whose end they do not survive.
    """

    def __init__(self, store: Store, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._store = store
        self._now = now
        # Clients revoke their key when they are collected, which may happen on a thread that is in here already.
        self._lock = threading.RLock()
        self._known: dict[str, dict[str, Any]] = dict(store.list(KIND))
        self._pruned = now()
        self._forget_old()

    def mint(
        self,
        role: str,
        session: str,
        *,
        source: str | None = None,
        lifetime: timedelta | None = None,
        internal: bool = False,
    ) -> Credentials:
        """New credentials of the role's session; without ``lifetime`` they are good until they are revoked."""
        if self._now() - self._pruned >= PRUNED_EVERY:
            self._pruned = self._now()
            self._forget_old()
        expires = None if lifetime is None else self._now() + lifetime
        made = _random_credentials(expires)
        document = {
            "role": role,
            "session": session,
            "source": source,
            "internal": internal,
            "token": _digest(made.token),
            "expires": expires,
        }
        if not internal:
            self._store.put(KIND, made.access_key, document)
        with self._lock:
            self._known[made.access_key] = document
        return made

    def revoke(self, access_key: str) -> None:
        """From now on the key is refused. Revoking twice, or what was never minted, is no error."""
        with self._lock:
            document = self._known.get(access_key)
            if document is None:
                return
            if document["internal"]:
                del self._known[access_key]
                return
            document = self._known[access_key] = {**document, "expires": self._now()}
        self._store.put(KIND, access_key, document)

    def revoke_of_processes(self) -> None:
        """Revoke what a killed server's children held; sessions that clients have asked for go on."""
        for access_key, document in list(self._known.items()):
            if document["expires"] is None:
                self.revoke(access_key)

    def principal(self, access_key: str, token: str | None) -> Principal:
        """Whose key it is. Raises ``UnknownKeyError`` or ``ExpiredTokenError``."""
        document = self._known.get(access_key)
        if document is None:
            raise UnknownKeyError(access_key)
        expired = document["expires"] is not None and self._now() >= document["expires"]
        if expired or not hmac.compare_digest(document["token"], _digest(token or "")):
            raise ExpiredTokenError(access_key)
        return _principal(document)

    def holder(self, access_key: str) -> Principal:
        """Whose key it is or was. Raises ``KeyError`` for one that was never minted."""
        return _principal(self._known[access_key])

    def _forget_old(self) -> None:
        limit = self._now() - REMEMBERED
        with self._lock:
            old = [key for key, one in self._known.items() if one["expires"] is not None and one["expires"] < limit]
            for access_key in old:
                del self._known[access_key]
        # Not under the lock: whoever has a transaction open may mint.
        for access_key in old:
            self._store.delete(KIND, access_key)


def _random_credentials(expires: datetime | None) -> Credentials:
    return Credentials(
        access_key=PREFIX + "".join(secrets.choice(KEY_CHARACTERS) for _ in range(16)),
        secret_key=base64.b64encode(secrets.token_bytes(30)).decode(),
        token=base64.b64encode(secrets.token_bytes(TOKEN_BYTES)).decode(),
        expires=expires,
    )


def _principal(document: dict[str, Any]) -> Principal:
    return assumed_role(document["role"], document["session"], document["source"], internal=bool(document["internal"]))


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
