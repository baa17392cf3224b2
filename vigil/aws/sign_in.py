"""Signing in with a password against the stack's Cognito user pool, for one signature."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from vigil.approvals.errors import AuthenticationError
from vigil.approvals.models import Authentication, PasswordProof

REFUSED = "the user name or the password is wrong, or the account may not sign in"
REFUSALS = {
    "NotAuthorizedException": REFUSED,
    "UserNotFoundException": REFUSED,  # the same words: nobody learns which user names exist
    "PasswordResetRequiredException": "the password must be reset first: ask an administrator",
    "UserNotConfirmedException": "the account is not confirmed yet: ask an administrator",
    "TooManyRequestsException": "too many attempts: wait and try again",
    "LimitExceededException": "too many attempts: wait and try again",
}


class CognitoSignIn:
    """``Authenticator`` by the flow USER_PASSWORD_AUTH. ``client`` is a boto3 ``cognito-idp`` client."""

    def __init__(self, client: Any, user_pool: str, app_client: str) -> None:
        self._client = client
        self._user_pool = user_pool
        self._app_client = app_client

    def authenticate(self, proof: PasswordProof) -> Authentication:
        tokens = self._sign_in(proof)
        claims = self._claims(tokens["IdToken"])
        return Authentication(
            subject=claims["sub"],
            username=claims["cognito:username"],
            printed_name=self._printed_name(tokens["AccessToken"]),
            groups=frozenset(claims.get("cognito:groups", ())),
            authenticated_at=datetime.fromtimestamp(int(claims["auth_time"]), UTC),
        )

    def _sign_in(self, proof: PasswordProof) -> dict[str, str]:
        """The tokens, which never leave this module."""
        try:
            answer = self._client.initiate_auth(
                ClientId=self._app_client,
                AuthFlow="USER_PASSWORD_AUTH",
                AuthParameters={"USERNAME": proof.username, "PASSWORD": proof.password.get_secret_value()},
            )
        except ClientError as error:
            reason = REFUSALS.get(error.response["Error"]["Code"])
            if reason is None:
                raise
            raise AuthenticationError(reason) from None
        if "AuthenticationResult" not in answer:
            challenge = answer.get("ChallengeName", "unknown")
            raise AuthenticationError(f"the account must first complete {challenge}: sign in to the user pool once")
        tokens: dict[str, str] = answer["AuthenticationResult"]
        return tokens

    def _claims(self, token: str) -> dict[str, Any]:
        """The token's claims. It came from Cognito itself, over the sign-in's own connection."""
        part = token.split(".")[1]
        claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
        if claims.get("aud") != self._app_client or claims.get("token_use") != "id":
            raise AuthenticationError("the sign-in answered with a token that is not for this application")
        if not str(claims.get("iss", "")).endswith(f"/{self._user_pool}"):
            raise AuthenticationError("the sign-in answered with a token of another user pool")
        return claims

    def _printed_name(self, access_token: str) -> str:
        attributes = self._client.get_user(AccessToken=access_token)["UserAttributes"]
        name = next((str(each["Value"]).strip() for each in attributes if each["Name"] == "name"), "")
        if not name:
            raise AuthenticationError(
                "the account has no name, and a signature prints one: ask an administrator to set the attribute `name`"
            )
        return name
