"""An OpenID provider's ID tokens, verified by the keys that it publishes. Cognito is one such provider."""

from __future__ import annotations

from typing import Any, Protocol

import jwt
from pydantic import SecretStr

from vigil.approvals.errors import AuthenticationError
from vigil.approvals.id_tokens import REQUIRED, ClaimNames, identity_of
from vigil.approvals.sign_in import Identity
from vigil.moments import Clock

#: Signed with a private key that only the provider has. Never ``none``, never an HMAC, whose key would be a public one.
ALGORITHMS = ("RS256", "ES256")


class Keys(Protocol):
    def key(self, kid: str) -> jwt.PyJWK: ...


class OpenIdTokens:
    """``TokenVerifier``. ``audience`` is our client id at the provider."""

    def __init__(self, issuer: str, audience: str, keys: Keys, clock: Clock, names: ClaimNames | None = None) -> None:
        self.issuer = issuer
        self._audience = audience
        self._keys = keys
        self._clock = clock
        self._names = names or ClaimNames()

    def verify(self, id_token: SecretStr, nonce: str) -> Identity:
        return identity_of(self._claims(id_token.get_secret_value()), nonce, self._names, self._clock())

    def verify_own_sign_in(self, id_token: str) -> Identity:
        """A token that a sign-in by us, in this call, has brought: Cognito's has no nonce, and needs none."""
        return identity_of(self._claims(id_token), None, self._names, self._clock())

    def _claims(self, token: str) -> dict[str, Any]:
        try:
            header = jwt.get_unverified_header(token)
            if header.get("alg") not in ALGORITHMS or not isinstance(header.get("kid"), str):
                raise AuthenticationError(
                    "the token is not signed as an ID token must be (RS256 or ES256, by a named key)"
                )
            claims: dict[str, Any] = jwt.decode(
                token,
                self._keys.key(header["kid"]),
                algorithms=list(ALGORITHMS),
                audience=self._audience,
                issuer=self.issuer,
                options={
                    "require": list(REQUIRED),
                    "strict_aud": True,  # for us and for nobody else
                    "verify_exp": False, "verify_iat": False, "verify_nbf": False,  # by our own clock: identity_of
                },
            )  # fmt: skip
        except (jwt.InvalidAudienceError, jwt.InvalidIssuerError):
            raise AuthenticationError("the token is of another provider or for another application") from None
        except jwt.PyJWTError:
            raise AuthenticationError("the token does not verify: sign in again") from None
        return claims
