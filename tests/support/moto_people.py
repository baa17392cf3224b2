"""Those who sign, in moto's Cognito and in our record: Ana owns the model, Quinn reviews it, Olga signs nothing."""

from __future__ import annotations

import gzip
import io
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import moto.cognitoidp
import pytest
from approval_fakes import PASSWORD
from candidate_evidence import real_plan

from vigil.approvals.people import Person
from vigil.aws import authentication_ports
from vigil.aws.environment import StackParameters, aws_client
from vigil.aws.people_table import PeopleTable

ROLES = {"ana": ["model-owner"], "quinn": ["quality-assurance"], "dana": ["model-owner"], "olga": []}
#: The key set of moto's user pools; Cognito publishes it beside each pool.
KEYS = Path(moto.cognitoidp.__file__).parent / "resources" / "jwks-public.json.gz"


def strong(password: str) -> str:
    """The same with what Cognito's usual policy wants."""
    return f"{password}-A1!"


def publish_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """moto answers calls of boto3 only: the keys are read as if they came over https."""

    class Published:
        def open(self, uri: str, timeout: float) -> Any:
            assert uri.startswith("https://cognito-idp.us-east-1.amazonaws.com/us-east-1_")
            return io.BytesIO(gzip.decompress(KEYS.read_bytes()))

    monkeypatch.setattr("vigil.aws.jwks._opener", Published)
    authentication_ports._keys.cache_clear()


def add_pool() -> tuple[str, str]:
    """The ids of a user pool and of its application, as the template makes them."""
    cognito = aws_client("cognito-idp")
    pool = cognito.create_user_pool(PoolName="people")["UserPool"]["Id"]
    client = cognito.create_user_pool_client(
        UserPoolId=pool, ClientName="vigil", ExplicitAuthFlows=["ALLOW_ADMIN_USER_PASSWORD_AUTH"]
    )["UserPoolClient"]["ClientId"]
    for role in real_plan().protocol.approval.groups:
        cognito.create_group(UserPoolId=pool, GroupName=role)
    for user, roles in ROLES.items():
        attributes = [{"Name": "name", "Value": user.title()}]
        cognito.admin_create_user(UserPoolId=pool, Username=user, UserAttributes=attributes)
        cognito.admin_set_user_password(UserPoolId=pool, Username=user, Password=strong(PASSWORD), Permanent=True)
        for role in roles:
            cognito.admin_add_user_to_group(UserPoolId=pool, Username=user, GroupName=role)
    return pool, client


def add_records(parameters: StackParameters) -> None:
    """All trained today."""
    people = PeopleTable(aws_client("dynamodb"), parameters.tables.people)
    for user, roles in ROLES.items():
        trained = dict.fromkeys(roles, datetime.now(UTC))
        people.insert(Person(username=user, printed_name=user.title(), roles=trained))
