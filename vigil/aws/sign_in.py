"""Signing in with a password at the stack's Cognito user pool, as the desk and nobody else may.

The app client allows the flow ADMIN_USER_PASSWORD_AUTH only: it takes AWS credentials with that permission, so no
password can be tried beside the desk's counting.
"""

from __future__ import annotations

from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from pydantic import SecretStr

from vigil.approvals.authentication import REFUSED
from vigil.approvals.errors import AuthenticationError, ProviderUnavailableError
from vigil.approvals.sign_in import Identity
from vigil.aws.oidc import OpenIdTokens

FLOW = "ADMIN_USER_PASSWORD_AUTH"
LONGEST_PASSWORD = 256  # of Cognito
NEW_PASSWORD = "NEW_PASSWORD_REQUIRED"  # noqa: S105 -- the name of a challenge
CHOOSE_FIRST = "the account must first choose a password of its own: run `vigil people password {username}`"
REFUSALS = {
    "NotAuthorizedException": REFUSED,  # also "Password attempts exceeded", Cognito's own lock-out
    "UserNotFoundException": REFUSED,
    "PasswordResetRequiredException": CHOOSE_FIRST,
    "UserNotConfirmedException": "the account is not confirmed yet: ask an administrator",
}
#: Cognito did not judge the password.
NO_ANSWER = {"TooManyRequestsException", "LimitExceededException", "InternalErrorException", "ThrottlingException"}


class CognitoSignIn:
    """``PasswordSignIn``. ``client`` is a boto3 ``cognito-idp`` client; ``tokens`` verifies this pool's ID tokens."""

    def __init__(self, client: Any, user_pool: str, app_client: str, tokens: OpenIdTokens) -> None:
        self._client = client
        self._user_pool = user_pool
        self._app_client = app_client
        self._tokens = tokens

    def sign_in(self, username: str, password: SecretStr) -> Identity:
        if not 0 < len(password.get_secret_value()) <= LONGEST_PASSWORD:
            raise AuthenticationError(REFUSED)  # Cognito would answer that the request is malformed
        try:
            answer = self._client.admin_initiate_auth(
                UserPoolId=self._user_pool,
                ClientId=self._app_client,
                AuthFlow=FLOW,
                AuthParameters={"USERNAME": username, "PASSWORD": password.get_secret_value()},
            )
        except ClientError as error:
            raise refusal(error, username) or error from None
        except BotoCoreError:
            raise ProviderUnavailableError("the user pool did not answer: try again") from None
        if "AuthenticationResult" not in answer:
            raise _unfinished(answer.get("ChallengeName"), username)
        return self._tokens.verify_own_sign_in(answer["AuthenticationResult"]["IdToken"])


def pool_issuer(region: str, user_pool: str) -> str:
    return f"https://cognito-idp.{region}.amazonaws.com/{user_pool}"


def pool_jwks_uri(endpoint: str, user_pool: str) -> str:
    """``endpoint``: Cognito's, as boto3 found it."""
    return f"{endpoint.rstrip('/')}/{user_pool}/.well-known/jwks.json"


def refusal(error: ClientError, username: str) -> Exception | None:
    code = error.response["Error"]["Code"]
    if code in NO_ANSWER:
        return ProviderUnavailableError("the user pool is too busy: wait a moment and try again")
    return AuthenticationError(REFUSALS[code].format(username=username)) if code in REFUSALS else None


def _unfinished(challenge: str | None, username: str) -> AuthenticationError:
    if challenge == NEW_PASSWORD:
        return AuthenticationError(CHOOSE_FIRST.format(username=username))
    return AuthenticationError(f"the account must first complete {challenge}: ask an administrator")
