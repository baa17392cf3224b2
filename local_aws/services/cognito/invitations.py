"""Invitations: an account that an administrator makes gets a temporary password by mail, and may get it again.

https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AdminCreateUser.html: RESEND is only for
a user who has not chosen a password yet, and keeps the user; moto makes another one, with another ``sub``.
"""

from __future__ import annotations

from collections.abc import Callable

from moto.cognitoidp.models import CognitoIdpBackend, CognitoIdpUser
from moto.cognitoidp.utils import flatten_attrs
from moto.core.exceptions import JsonRESTError

from local_aws.api import Context
from local_aws.seams import around
from local_aws.services import mail
from local_aws.services.announcements import announce

SENDER = "no-reply@verificationemail.com"
INVITED = "FORCE_CHANGE_PASSWORD"


@around(CognitoIdpBackend, "admin_create_user")
def admin_create_user(
    original: Callable[..., CognitoIdpUser],
    backend: CognitoIdpBackend,
    user_pool_id: str,
    username: str,
    message_action: str | None,
    temporary_password: str | None,
    attributes: list[dict[str, str]],
) -> CognitoIdpUser:
    if message_action == "RESEND":
        user = backend.admin_get_user(user_pool_id, username)
        if str(getattr(user.status, "value", user.status)) != INVITED:
            said = f"Resend not possible. User status is not {INVITED}"
            raise JsonRESTError("UnsupportedUserStateException", said)
        if temporary_password:
            backend._validate_password(user_pool_id, temporary_password)
            user.password = temporary_password
    else:
        user = original(backend, user_pool_id, username, message_action, temporary_password, attributes)
    address = flatten_attrs(user.attributes).get("email")
    if message_action != "SUPPRESS" and address and user.password:
        text = f"Your username is {user.username} and temporary password is {user.password}."
        announce(lambda aws: _send(aws, str(address), text))
    return user


def _send(aws: Context, address: str, text: str) -> None:
    content = mail.compose(sender=SENDER, subject="Your temporary password", text=text, to=[address])
    mail.keep(aws, content, [address], mail.new_message_id())
