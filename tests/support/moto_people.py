"""People of a stack inside moto: a pool with accounts, their records, and the keys with which the pool signs."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import jwt
import requests
from approval_fakes import PASSWORD
from candidate_evidence import REVIEWER, ROLE

from vigil.approvals.errors import AuthenticationError
from vigil.approvals.people import Person
from vigil.aws.environment import aws_client
from vigil.aws.people_table import PeopleTable

GROUPS = ("quality-assurance", "quality-assurance-deputy", "model-owner", "model-owner-deputy")


class MotoKeys:
    """``JwksKeys`` through moto, which answers `requests` inside this process and no real connection."""

    def __init__(self, uri: str) -> None:
        self._uri = uri

    def key(self, kid: str) -> jwt.PyJWK:
        keys = jwt.PyJWKSet.from_dict(requests.get(self._uri, timeout=5).json()).keys
        found = next((key for key in keys if key.key_id == kid), None)
        if found is None:
            raise AuthenticationError("the token is signed with a key that its provider does not publish")
        return found


def create_pool() -> tuple[str, str]:
    """A user pool as the template makes it, without people; its id and its client's."""
    cognito = aws_client("cognito-idp")
    pool = cognito.create_user_pool(PoolName="people")["UserPool"]["Id"]
    flows = ["ALLOW_ADMIN_USER_PASSWORD_AUTH"]
    client = cognito.create_user_pool_client(UserPoolId=pool, ClientName="vigil", ExplicitAuthFlows=flows)
    for group in GROUPS:
        cognito.create_group(UserPoolId=pool, GroupName=group)
    return pool, client["UserPoolClient"]["ClientId"]


def add_person(pool: str, table: str, user: str, printed_name: str, *roles: str) -> None:
    """Somebody who has chosen a password and was trained today."""
    cognito, now = aws_client("cognito-idp"), datetime.now(UTC)
    cognito.admin_create_user(UserPoolId=pool, Username=user, UserAttributes=[{"Name": "name", "Value": printed_name}])
    cognito.admin_set_user_password(UserPoolId=pool, Username=user, Password=strong(PASSWORD), Permanent=True)
    for role in roles:
        cognito.admin_add_user_to_group(UserPoolId=pool, Username=user, GroupName=role)
    person: dict[str, Any] = {"username": user, "printed_name": printed_name, "roles": dict.fromkeys(roles, now)}
    assert PeopleTable(aws_client("dynamodb"), table).insert(Person.model_validate(person))


def add_people(table: str) -> tuple[str, str]:
    """Ana may sign; Olga has no role; Ben reviews. The pool and its client."""
    pool, client = create_pool()
    add_person(pool, table, "ana", "Ana Approver", ROLE)
    add_person(pool, table, "olga", "Olga Operator")
    add_person(pool, table, "ben", "Ben Reviewer", REVIEWER)
    return pool, client


def strong(password: str) -> str:
    """The same with what Cognito's usual policy wants."""
    return f"{password}-A1!"
