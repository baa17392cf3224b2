"""Choosing a password in Cognito: with a temporary one by answering its challenge, else by changing the own one."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from pydantic import SecretStr

from vigil.approvals.administration import NotPossibleError
from vigil.approvals.authentication import REFUSED
from vigil.approvals.errors import AuthenticationError, ProviderUnavailableError
from vigil.aws.sign_in import FLOW, NEW_PASSWORD, refusal

WEAK = {
    "InvalidPasswordException": "the new password is too weak: 14 characters or more, of both cases, digits and signs",
    "PasswordHistoryPolicyViolationException": "the new password was used before: choose another one",
}


class CognitoOwnPasswords:
    """``OwnPasswords``. ``client`` is a boto3 ``cognito-idp`` client."""

    def __init__(self, client: Any, user_pool: str, app_client: str) -> None:
        self._client = client
        self._app = {"UserPoolId": user_pool, "ClientId": app_client}

    def choose(self, username: str, current: SecretStr, new: SecretStr) -> None:
        try:
            self._choose(username, current.get_secret_value(), new.get_secret_value())
        except ClientError as error:
            code = error.response["Error"]["Code"]
            raise (NotPossibleError(WEAK[code]) if code in WEAK else refusal(error, username) or error) from None
        except BotoCoreError:
            raise ProviderUnavailableError("the user pool did not answer: try again") from None

    def _choose(self, username: str, current: str, new: str) -> None:
        given = {"USERNAME": username, "PASSWORD": current}
        answer = self._client.admin_initiate_auth(**self._app, AuthFlow=FLOW, AuthParameters=given)
        if "AuthenticationResult" in answer:
            token = answer["AuthenticationResult"]["AccessToken"]
            self._client.change_password(PreviousPassword=current, ProposedPassword=new, AccessToken=token)
        elif answer.get("ChallengeName") == NEW_PASSWORD:
            self._client.admin_respond_to_auth_challenge(
                **self._app,
                ChallengeName=NEW_PASSWORD,
                ChallengeResponses={"USERNAME": username, "NEW_PASSWORD": new},
                Session=answer["Session"],
            )
        else:
            raise AuthenticationError(REFUSED)
