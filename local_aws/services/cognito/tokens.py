"""The claims of ID and access tokens, their signature and their lifetime.

https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-the-id-token.html and
.../amazon-cognito-user-pools-using-the-access-token.html. ``auth_time`` is when the user proved who they are: tokens
that come of a refresh keep it.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from typing import Any

from joserfc import jwt
from moto.cognitoidp.models import CognitoIdpUserPool

from local_aws.seams import around
from local_aws.services.cognito import pool_keys

ACCESS = pool_keys.USES[1]
SIGN_INS = "local_aws_sign_ins"
UNIT_SECONDS = {"seconds": 1, "minutes": 60, "hours": 3600, "days": 86400}
DEFAULT_SECONDS = 3600
BOOLEANS = ("email_verified", "phone_number_verified")


@around(CognitoIdpUserPool, "create_refresh_token")
def create_refresh_token(
    original: Callable[..., tuple[str, str]], pool: CognitoIdpUserPool, client_id: str, username: str
) -> tuple[str, str]:
    """Each sign-in begins with one: remember when, and give the sign-in the id that all its tokens carry."""
    token, origin = original(pool, client_id, username)
    sign_ins = pool.__dict__.setdefault(SIGN_INS, {})
    sign_ins[origin] = {"auth_time": int(time.time()), "event_id": str(uuid.uuid4())}
    return token, origin


@around(CognitoIdpUserPool, "create_jwt")
def create_jwt(
    original: Callable[..., tuple[str, int]],
    pool: CognitoIdpUserPool,
    client_id: str,
    username: str,
    token_use: str,
    expires_in: int = DEFAULT_SECONDS,
    extra_data: dict[str, Any] | None = None,
) -> tuple[str, int]:
    now = int(time.time())
    user = pool._get_user(username)
    extra = {**({} if token_use == ACCESS else _readable(pool, client_id, user)), **(extra_data or {})}
    sign_in = pool.__dict__.get(SIGN_INS, {}).get(extra.get("origin_jti"), {"auth_time": now})
    lifetime = _lifetime(pool, client_id, token_use)
    claims = {
        **{name: value == "true" if name in BOOLEANS else value for name, value in extra.items()},
        "sub": user.id,
        "iss": f"https://cognito-idp.{pool.region}.amazonaws.com/{pool.id}",
        "client_id" if token_use == ACCESS else "aud": client_id,
        "username" if token_use == ACCESS else "cognito:username": _public_name(pool, user),
        "token_use": token_use,
        "iat": now,
        "exp": now + lifetime,
        "jti": str(uuid.uuid4()),
        **sign_in,
    }
    if "cognito:groups" in claims:
        claims["cognito:groups"] = sorted(claims["cognito:groups"])
    kid, key = pool_keys.key(pool, token_use)
    return jwt.encode({"kid": kid, "alg": "RS256"}, claims, key), lifetime


def _readable(pool: CognitoIdpUserPool, client_id: str, user: Any) -> dict[str, str]:
    """An app client that names no attributes may read all standard ones; moto then gives it none."""
    client = pool.clients.get(client_id)
    if client is not None and client.get_readable_fields():
        return {}
    return {each["Name"]: each["Value"] for each in user.attributes if ":" not in each["Name"]}


def _public_name(pool: CognitoIdpUserPool, user: Any) -> str:
    """A pool whose users sign in by e-mail address names them by their ``sub``."""
    return str(user.id if pool.extended_config.get("UsernameAttributes") else user.username)


def _lifetime(pool: CognitoIdpUserPool, client_id: str, token_use: str) -> int:
    """Seconds, as the app client has them: hours unless it names another unit."""
    client = pool.clients.get(client_id)
    settings: dict[str, Any] = client.extended_config if client else {}
    name = "AccessToken" if token_use == ACCESS else "IdToken"
    value = settings.get(f"{name}Validity")
    if not value:
        return DEFAULT_SECONDS
    return int(value) * UNIT_SECONDS[(settings.get("TokenValidityUnits") or {}).get(name, "hours")]
