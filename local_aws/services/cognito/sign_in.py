"""Who may not sign in, in AWS's words.

A wrong password is "Incorrect username or password."; so is an unknown user when the app client prevents user
existence errors
(https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pool-managing-errors.html). A disabled user
gets no token, neither by password nor by a refresh token.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from moto.cognitoidp.exceptions import NotAuthorizedError, UserNotFoundError
from moto.cognitoidp.models import CognitoIdpBackend, CognitoIdpUserPool

from local_aws.seams import around

WRONG = "Incorrect username or password."
DISABLED = "User is disabled."
PREVENT = "PreventUserExistenceErrors"


@around(CognitoIdpBackend, "admin_initiate_auth")
def admin_initiate_auth(
    original: Callable[..., Any],
    backend: CognitoIdpBackend,
    user_pool_id: str,
    client_id: str,
    auth_flow: str,
    auth_parameters: dict[str, str],
) -> Any:
    pool: CognitoIdpUserPool = backend.describe_user_pool(user_pool_id)
    call = partial(original, backend, user_pool_id, client_id, auth_flow, auth_parameters)
    return _in_awss_words(call, pool, client_id, auth_parameters)


@around(CognitoIdpBackend, "initiate_auth")
def initiate_auth(
    original: Callable[..., Any],
    backend: CognitoIdpBackend,
    client_id: str,
    auth_flow: str,
    auth_parameters: dict[str, str],
) -> Any:
    pool = next((pool for pool in backend.user_pools.values() if client_id in pool.clients), None)
    call = partial(original, backend, client_id, auth_flow, auth_parameters)
    return call() if pool is None else _in_awss_words(call, pool, client_id, auth_parameters)


@around(CognitoIdpUserPool, "create_tokens_from_refresh_token")
def create_tokens_from_refresh_token(original: Callable[..., Any], pool: CognitoIdpUserPool, refresh_token: str) -> Any:
    """Every way to tokens but the plain password leads through here."""
    if refresh_token not in pool.refresh_tokens:
        raise NotAuthorizedError("Invalid Refresh Token")
    known = pool.refresh_tokens[refresh_token]
    if known is None:
        raise NotAuthorizedError("Refresh Token has been revoked")
    user = pool._get_user(known[1])
    if user is None or not user.enabled:
        raise NotAuthorizedError(DISABLED)
    return original(pool, refresh_token)


@around(CognitoIdpBackend, "get_user")
def get_user(original: Callable[..., Any], backend: CognitoIdpBackend, access_token: str) -> Any:
    try:
        return original(backend, access_token)
    except NotAuthorizedError as error:
        if error.message != "username":
            raise
        raise NotAuthorizedError(DISABLED) from error


def _in_awss_words(
    call: Callable[[], Any], pool: CognitoIdpUserPool, client_id: str, parameters: dict[str, str]
) -> Any:
    username = parameters.get("USERNAME", "")
    try:
        return call()
    except UserNotFoundError as error:
        client = pool.clients.get(client_id)
        if client is not None and client.extended_config.get(PREVENT) == "ENABLED":
            raise NotAuthorizedError(WRONG) from error
        raise
    except NotAuthorizedError as error:
        # moto gives the user's name, or a wrong secret hash, as its whole message.
        if error.message == username:
            raise NotAuthorizedError(WRONG) from error
        if error.message == parameters.get("SECRET_HASH"):
            raise NotAuthorizedError(f"Unable to verify secret hash for client {client_id}") from error
        raise
