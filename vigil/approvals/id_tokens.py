"""What the claims of an ID token must say before it proves anything (OpenID Connect Core 1.0, section 3.1.3.7).

The signature, the issuer and the audience are checked where the keys are (``vigil.aws.oidc``); times are checked here,
against the server's clock and with the difference that two clocks may have.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pydantic import ValidationError

from vigil.approvals.errors import AuthenticationError
from vigil.approvals.sign_in import Identity
from vigil.approvals.timing import CLOCK_SKEW

#: In place of what a token must say of the sign-in's strength: whoever deploys vouches that the provider asks for two
#: components each time, of everybody. Nothing is checked then.
PROVIDER_ASKS_FOR_TWO = "provider-asks-for-two"


@dataclass(frozen=True)
class ClaimNames:
    """What a provider calls the user name and the roles. ``purpose``: a claim that must have a value, if one does.

    ``assurance``: what ``acr`` must be, or ``amr`` must hold, so that the sign-in counts as one of two components
    (21 CFR 11.200(a)(1)). Where it is None, asking for two is the provider's duty.
    """

    username: str = "preferred_username"
    groups: str = "groups"
    purpose: tuple[str, str] | None = None
    assurance: str | None = None


#: https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-the-id-token.html
COGNITO = ClaimNames("cognito:username", "cognito:groups", ("token_use", "id"))
REQUIRED = ("iss", "aud", "sub", "exp", "iat", "auth_time")


def identity_of(claims: Mapping[str, Any], nonce: str | None, names: ClaimNames, now: datetime) -> Identity:
    """Raises ``AuthenticationError``. ``nonce`` None is for a token that a sign-in of our own has just brought."""
    if nonce is not None and not _equal(claims.get("nonce"), nonce):
        raise AuthenticationError("the ID token was issued for something else than this signature: sign in again")
    if names.purpose is not None and claims.get(names.purpose[0]) != names.purpose[1]:
        raise AuthenticationError("the token is not an ID token")
    if names.assurance is not None and names.assurance not in _assurances(claims):
        raise AuthenticationError(f"the provider does not say that the sign-in was as strong as {names.assurance}")
    if now >= _moment(claims, "exp") + CLOCK_SKEW:
        raise AuthenticationError("the ID token has expired: sign in again")
    if any(_moment(claims, name) > now + CLOCK_SKEW for name in ("iat", "nbf") if name in claims):
        raise AuthenticationError("the ID token is of the future: compare the provider's clock with ours")
    groups = claims.get(names.groups, [])
    try:
        return Identity(
            issuer=claims["iss"],
            subject=claims["sub"],
            username=claims.get(names.username, ""),
            groups=frozenset(groups) if isinstance(groups, list) else frozenset(),
            authenticated_at=_moment(claims, "auth_time"),
        )
    except (ValidationError, TypeError):
        raise AuthenticationError(f"the ID token does not say who signed in: it needs {names.username}") from None


def _assurances(claims: Mapping[str, Any]) -> list[object]:
    """The sign-in's class, and its methods (RFC 8176 names them; ``mfa`` is one)."""
    methods = claims.get("amr")
    return [claims.get("acr"), *(methods if isinstance(methods, list) else [])]


def _equal(given: object, wanted: str) -> bool:
    return isinstance(given, str) and hmac.compare_digest(given.encode(), wanted.encode())


def _moment(claims: Mapping[str, Any], name: str) -> datetime:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise AuthenticationError(f"the ID token has no usable {name}")
    try:
        return datetime.fromtimestamp(value, UTC)
    except (OverflowError, ValueError, OSError):
        raise AuthenticationError(f"the ID token has no usable {name}") from None
