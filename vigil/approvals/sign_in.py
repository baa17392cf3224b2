"""What authentication needs from outside, as Protocols: identity providers and whoever is told of misuse."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from vigil.moments import Moment


class Identity(BaseModel):
    """Who signed in, as a provider says. ``issuer`` and ``subject`` together are one account for good; a name may
    change. ``authenticated_at`` is the provider's time."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    issuer: str = Field(min_length=1)
    subject: str = Field(min_length=1)
    username: str = Field(min_length=1)
    groups: frozenset[str]
    authenticated_at: Moment


class Asked(Protocol):
    """What somebody signs in for: it was fixed, and shown, before the sign-in. A desk's ``Challenge`` is one.

    ``nonce``: the digest of what is asked; a provider's ID token must carry it.
    """

    @property
    def challenge_id(self) -> str: ...

    @property
    def request_id(self) -> str: ...

    @property
    def nonce(self) -> str: ...

    @property
    def shown_at(self) -> datetime: ...


class PasswordSignIn(Protocol):
    """The stack's own provider, whose passwords only the desk may try."""

    def sign_in(self, username: str, password: SecretStr) -> Identity:
        """Raises ``AuthenticationError`` where the provider refuses, ``ProviderUnavailableError`` if it is silent."""


class TokenVerifier(Protocol):
    """An OpenID provider's ID tokens."""

    def verify(self, id_token: SecretStr, nonce: str) -> Identity:
        """Raises ``AuthenticationError`` for a token that this provider did not issue to us, now, for ``nonce``."""


class SignInAlarms(Protocol):
    """Urgent report of attempts at unauthorised use (21 CFR 11.300(d)). Neither call may raise."""

    def sign_in_failed(self) -> None: ...

    def account_locked(self, username: str, until: datetime) -> None: ...
