"""STS: sessions of roles, and who one is. moto has the other operations.

https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NotRequired, TypedDict

from local_aws.api import ApiError, Context, operation
from local_aws.calls.current import caller
from local_aws.identity.principals import ROLE_ARN, assumed_role

DEFAULT_SECONDS = 3600
#: Parts of the request that would narrow a session, which is not done here.
NARROWING = ("Policy", "PolicyArns")


class AssumeRoleRequest(TypedDict):
    RoleArn: str
    RoleSessionName: str
    DurationSeconds: NotRequired[int]


class SessionCredentials(TypedDict):
    AccessKeyId: str
    SecretAccessKey: str
    SessionToken: str
    Expiration: datetime | None


class AssumeRoleResponse(TypedDict):
    Credentials: SessionCredentials
    AssumedRoleUser: dict[str, str]


class GetCallerIdentityResponse(TypedDict):
    UserId: str
    Account: str
    Arn: str


@operation("sts", "AssumeRole")
def assume_role(aws: Context, request: AssumeRoleRequest) -> AssumeRoleResponse:
    """Credentials that this server knows for ``DurationSeconds``; a restart does not end them."""
    refused = [name for name in NARROWING if name in request]
    if refused or aws.issuer is None:
        raise ApiError("ValidationError", f"local_aws does not narrow sessions: leave {' and '.join(refused)} out")
    role, session = request["RoleArn"], request["RoleSessionName"]
    if ROLE_ARN.fullmatch(role) is None:
        raise ApiError("ValidationError", f"{role} is invalid")
    made = aws.issuer.mint(role, session, lifetime=timedelta(seconds=request.get("DurationSeconds", DEFAULT_SECONDS)))
    principal = assumed_role(role, session)
    return {
        "Credentials": {
            "AccessKeyId": made.access_key,
            "SecretAccessKey": made.secret_key,
            "SessionToken": made.token,
            "Expiration": made.expires,
        },
        "AssumedRoleUser": {"AssumedRoleId": principal.user_id, "Arn": principal.arn},
    }


@operation("sts", "GetCallerIdentity")
def get_caller_identity(aws: Context, request: dict[str, Any]) -> GetCallerIdentityResponse:
    principal = caller()
    return {"UserId": principal.user_id, "Account": aws.account, "Arn": principal.arn}
