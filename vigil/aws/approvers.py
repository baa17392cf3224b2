"""People who may decide: users of the stack's Cognito pool in the group ``approvers``."""

from __future__ import annotations

from vigil.aws.environment import aws_client, load_parameters

GROUP = "approvers"


def add_approver(username: str, printed_name: str, password: str) -> bool:
    """Make the user an approver with this permanent password and printed name; false if the user was there already.

    Repeating it changes nothing but the password and the printed name.
    """
    pool = load_parameters().cognito.user_pool
    client = aws_client("cognito-idp")
    attributes = [{"Name": "name", "Value": printed_name}]
    try:
        # SUPPRESS: the password is handed over here, not by mail.
        client.admin_create_user(
            UserPoolId=pool, Username=username, UserAttributes=attributes, MessageAction="SUPPRESS"
        )
        created = True
    except client.exceptions.UsernameExistsException:
        client.admin_update_user_attributes(UserPoolId=pool, Username=username, UserAttributes=attributes)
        created = False
    client.admin_set_user_password(UserPoolId=pool, Username=username, Password=password, Permanent=True)
    client.admin_add_user_to_group(UserPoolId=pool, Username=username, GroupName=GROUP)
    return created
