"""People who may decide: users of the stack's Cognito pool, in a group for each role of theirs."""

from __future__ import annotations

from vigil.aws.environment import aws_client, load_parameters


def add_approver(username: str, printed_name: str, password: str, role: str) -> bool:
    """Give the user this permanent password, printed name and role; false if the user was there already.

    ``role`` is one that the change control plan lets sign; Cognito refuses a group that the stack does not have.

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
    client.admin_add_user_to_group(UserPoolId=pool, Username=username, GroupName=role)
    return created
