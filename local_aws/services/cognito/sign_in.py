"""Who may not sign in, in AWS's words.

A wrong password is "Incorrect username or password."; so is an unknown user when the app client prevents user
existence errors
(https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pool-managing-errors.html). A disabled user
gets no token, neither by password nor by a refresh token. Nobody signs in by a flow that the app client does not allow
(https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_CreateUserPoolClient.html), nor answers
the challenge of somebody else.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from moto.cognitoidp.exceptions import InvalidParameterException, NotAuthorizedError, UserNotFoundError
from moto.cognitoidp.models import CognitoIdpBackend, CognitoIdpUserPool

from local_aws.seams import around

WRONG = "Incorrect username or password."
DISABLED = "User is disabled."
FLOWS = "ExplicitAuthFlows"
#: Older names of flows.
SAME_FLOW = {"ADMIN_NO_SRP_AUTH": "ADMIN_USER_PASSWORD_AUTH", "REFRESH_TOKEN": "REFRESH_TOKEN_AUTH"}
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
    _require_flow(pool, client_id, auth_flow)
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
    if pool is None:
        return call()
    _require_flow(pool, client_id, auth_flow)
    return _in_awss_words(call, pool, client_id, auth_parameters)


@around(CognitoIdpBackend, "respond_to_auth_challenge")
def respond_to_auth_challenge(
    original: Callable[..., Any],
    backend: CognitoIdpBackend,
    session: str,
    client_id: str,
    challenge_name: str,
    challenge_responses: dict[str, str],
) -> Any:
    """moto believes whatever user name comes with a session, and would change that user's password."""
    known = backend.sessions.get(session)
    if challenge_name == "NEW_PASSWORD_REQUIRED" and known and known[0] != challenge_responses.get("USERNAME"):
        raise NotAuthorizedError("Invalid session for the user.")
    return original(backend, session, client_id, challenge_name, challenge_responses)


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


def _require_flow(pool: CognitoIdpUserPool, client_id: str, auth_flow: str) -> None:
    """A client that names no flows is left to moto."""
    client = pool.clients.get(client_id)
    allowed = {flow.removeprefix("ALLOW_") for flow in (client.extended_config.get(FLOWS) or [])} if client else set()
    if allowed and SAME_FLOW.get(auth_flow, auth_flow) not in {SAME_FLOW.get(each, each) for each in allowed}:
        raise InvalidParameterException(f"{auth_flow} flow not enabled for this client")


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
