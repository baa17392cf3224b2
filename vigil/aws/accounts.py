"""Accounts in the stack's Cognito user pool: made, put into groups, reset, disabled. For ``manage_people`` only."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError
from pydantic import SecretStr

from vigil.approvals.administration import NotPossibleError


class CognitoAccounts:
    """``Accounts``. ``client`` is a boto3 ``cognito-idp`` client."""

    def __init__(self, client: Any, user_pool: str) -> None:
        self._client = client
        self._user_pool = user_pool

    def create(self, username: str, printed_name: str, email: str, temporary: SecretStr) -> str:
        """An account of this name that no person has was left by an addition that did not end, or made by hand: it gets
        the temporary password too, so that nobody who knows another one can use it."""
        attributes = [
            {"Name": "name", "Value": printed_name},
            {"Name": "email", "Value": email},
            {"Name": "email_verified", "Value": "true"},
        ]
        try:
            user = self._call(
                "admin_create_user", username, UserAttributes=attributes, **_invitation(temporary)
            )["User"]  # fmt: skip
            return _subject(user["Attributes"])
        except ClientError as error:
            if error.response["Error"]["Code"] != "UsernameExistsException":
                raise
        self._call("admin_update_user_attributes", username, UserAttributes=attributes)
        self._call("admin_enable_user", username)
        self._set_temporary(username, temporary)
        return _subject(self._call("admin_get_user", username)["UserAttributes"])

    def add_role(self, username: str, role: str) -> None:
        try:
            self._call("admin_add_user_to_group", username, GroupName=role)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ResourceNotFoundException":
                raise
            raise NotPossibleError(f"this stack has no role {role}: see change_control/plan.yaml") from None

    def remove_role(self, username: str, role: str) -> None:
        self._call("admin_remove_user_from_group", username, GroupName=role)

    def reset(self, username: str, temporary: SecretStr) -> None:
        self._set_temporary(username, temporary)

    def disable(self, username: str) -> None:
        self._call("admin_disable_user", username)

    def _set_temporary(self, username: str, temporary: SecretStr) -> None:
        """The account is then in FORCE_CHANGE_PASSWORD, the one state in which an invitation can be sent again."""
        self._call("admin_set_user_password", username, Password=temporary.get_secret_value(), Permanent=False)
        self._call("admin_create_user", username, **_invitation(temporary), MessageAction="RESEND")

    def _call(self, operation: str, username: str, **request: Any) -> dict[str, Any]:
        try:
            answer: dict[str, Any] = getattr(self._client, operation)(
                UserPoolId=self._user_pool, Username=username, **request
            )
        except ClientError as error:
            if error.response["Error"]["Code"] == "InvalidPasswordException":
                raise NotPossibleError("the temporary password is too weak for this stack's accounts") from None
            raise
        return answer


def _invitation(temporary: SecretStr) -> dict[str, Any]:
    return {"TemporaryPassword": temporary.get_secret_value(), "DesiredDeliveryMediums": ["EMAIL"]}


def _subject(attributes: list[dict[str, str]]) -> str:
    return next(each["Value"] for each in attributes if each["Name"] == "sub")
