"""Cognito's tokens verify by the keys that their own pool publishes, and only those get any who may sign in."""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError
from joserfc import jwk, jwt
from joserfc.errors import BadSignatureError, JoseError

pytestmark = pytest.mark.stack
PASSWORD = "Correct-Horse-42!"
FLOWS = ["ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]


@dataclass
class Pool:
    """A user pool with one confirmed user ``ann``."""

    server: Any
    id: str
    client: str

    @property
    def cognito(self) -> Any:
        return self.server.client("cognito-idp")

    def login(self, username: str = "ann", password: str = PASSWORD) -> dict[str, str]:
        answer = self.cognito.initiate_auth(
            ClientId=self.client,
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": username, "PASSWORD": password},
        )
        return dict(answer["AuthenticationResult"])

    def admin_login(self, username: str = "ann", password: str = PASSWORD) -> dict[str, str]:
        answer = self.cognito.admin_initiate_auth(
            UserPoolId=self.id,
            ClientId=self.client,
            AuthFlow="ADMIN_USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": username, "PASSWORD": password},
        )
        return dict(answer["AuthenticationResult"])

    def refresh(self, token: str) -> dict[str, str]:
        answer = self.cognito.initiate_auth(
            ClientId=self.client, AuthFlow="REFRESH_TOKEN_AUTH", AuthParameters={"REFRESH_TOKEN": token}
        )
        return dict(answer["AuthenticationResult"])

    def keys(self) -> jwk.KeySet:
        with urllib.request.urlopen(f"{self.server.url}/{self.id}/.well-known/jwks.json") as answer:
            return jwk.KeySet.import_key_set(json.load(answer))

    def claims(self, token: str) -> dict[str, Any]:
        return dict(jwt.decode(token, self.keys(), algorithms=["RS256"]).claims)


def new_pool(server: Any, **settings: Any) -> Pool:
    cognito = server.client("cognito-idp")
    pool = cognito.create_user_pool(PoolName="pool")["UserPool"]["Id"]
    client = cognito.create_user_pool_client(UserPoolId=pool, ClientName="client", ExplicitAuthFlows=FLOWS, **settings)[
        "UserPoolClient"
    ]["ClientId"]
    attributes = [{"Name": "email", "Value": "ann@example.org"}, {"Name": "email_verified", "Value": "true"}]
    cognito.admin_create_user(UserPoolId=pool, Username="ann", UserAttributes=attributes, MessageAction="SUPPRESS")
    cognito.admin_set_user_password(UserPoolId=pool, Username="ann", Password=PASSWORD, Permanent=True)
    return Pool(server, pool, client)


@pytest.fixture(scope="module")
def pool(local_aws_server: Any) -> Pool:
    return new_pool(local_aws_server)


def refusal(call: Callable[..., Any], *arguments: str) -> tuple[str, str]:
    with pytest.raises(ClientError) as raised:
        call(*arguments)
    error = raised.value.response["Error"]
    return error["Code"], error["Message"]


# https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-tokens-verifying-a-jwt.html
def test_tokens_verify_by_their_own_pools_keys_and_no_others(local_aws_server: Any, pool: Pool) -> None:
    other, tokens = new_pool(local_aws_server), pool.login()
    kids = [{key.kid for key in each.keys().keys} for each in (pool, other)]
    assert [len(each) for each in kids] == [2, 2]
    assert not kids[0] & kids[1]
    for name in ("IdToken", "AccessToken"):
        assert pool.claims(tokens[name])["iss"].endswith(f"/{pool.id}")
        with pytest.raises((JoseError, ValueError)):
            other.claims(tokens[name])
    head, payload, signature = tokens["IdToken"].split(".")
    with pytest.raises((BadSignatureError, ValueError)):
        pool.claims(f"{head}.{payload}.{signature[:-8]}AAAAAAAA")


# https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-the-id-token.html
def test_claims_say_who_signed_in_when_and_for_whom(pool: Pool) -> None:
    before = int(time.time())
    pool.cognito.create_group(UserPoolId=pool.id, GroupName="approvers")
    pool.cognito.admin_add_user_to_group(UserPoolId=pool.id, Username="ann", GroupName="approvers")
    tokens = pool.login()
    identity, access = pool.claims(tokens["IdToken"]), pool.claims(tokens["AccessToken"])
    assert (identity["token_use"], access["token_use"]) == ("id", "access")
    assert identity["aud"] == access["client_id"] == pool.client
    assert identity["cognito:username"] == access["username"] == "ann"
    assert identity["cognito:groups"] == access["cognito:groups"] == ["approvers"]
    assert (identity["email"], identity["email_verified"]) == ("ann@example.org", True)
    assert "email" not in access
    assert before <= identity["auth_time"] == access["auth_time"] <= time.time()
    assert identity["sub"] == access["sub"]
    assert identity["event_id"] == access["event_id"]
    assert identity["jti"] != access["jti"]
    assert identity["exp"] - identity["iat"] == 3600


def test_a_refreshed_token_keeps_the_time_of_the_sign_in(pool: Pool) -> None:
    tokens = pool.login()
    first = pool.claims(tokens["IdToken"])
    while int(time.time()) == first["iat"]:
        time.sleep(0.05)  # the claim counts whole seconds
    later = pool.claims(pool.refresh(tokens["RefreshToken"])["IdToken"])
    assert later["iat"] > first["iat"]
    assert (later["auth_time"], later["origin_jti"]) == (first["auth_time"], first["origin_jti"])


def test_the_app_client_sets_how_long_tokens_live(local_aws_server: Any) -> None:
    pool = new_pool(
        local_aws_server, AccessTokenValidity=5, IdTokenValidity=2, TokenValidityUnits={"AccessToken": "minutes"}
    )
    tokens = pool.admin_login()
    for name, seconds in (("AccessToken", 300), ("IdToken", 7200)):
        claims = pool.claims(tokens[name])
        assert claims["exp"] - claims["iat"] == seconds


# https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pool-managing-errors.html
def test_wrong_passwords_and_unknown_users_are_refused_in_awss_words(local_aws_server: Any, pool: Pool) -> None:
    wrong = ("NotAuthorizedException", "Incorrect username or password.")
    for login in (pool.login, pool.admin_login):
        assert refusal(login, "ann", "Wrong-Horse-42!") == wrong
        assert refusal(login, "nobody", PASSWORD) == ("UserNotFoundException", "User does not exist.")
    quiet = new_pool(local_aws_server, PreventUserExistenceErrors="ENABLED")
    for login in (quiet.login, quiet.admin_login):
        assert refusal(login, "nobody", PASSWORD) == wrong


def test_a_disabled_user_gets_no_token_until_enabled_again(local_aws_server: Any) -> None:
    pool = new_pool(local_aws_server)
    tokens = pool.login()
    pool.cognito.admin_disable_user(UserPoolId=pool.id, Username="ann")
    disabled = ("NotAuthorizedException", "User is disabled.")
    assert refusal(pool.login) == disabled
    assert refusal(pool.admin_login) == disabled
    assert refusal(pool.refresh, tokens["RefreshToken"]) == disabled
    assert refusal(lambda: pool.cognito.get_user(AccessToken=tokens["AccessToken"])) == disabled
    pool.cognito.admin_enable_user(UserPoolId=pool.id, Username="ann")
    pool.claims(pool.refresh(tokens["RefreshToken"])["AccessToken"])
    pool.cognito.admin_user_global_sign_out(UserPoolId=pool.id, Username="ann")
    revoked = ("NotAuthorizedException", "Refresh Token has been revoked")
    assert refusal(pool.refresh, tokens["RefreshToken"]) == revoked


def test_keys_are_the_same_after_a_kill(own_server: Callable[..., Any]) -> None:
    server = own_server()
    pool = new_pool(server)
    tokens = pool.login()
    server.kill()
    server.start()
    assert pool.claims(tokens["IdToken"])["cognito:username"] == "ann"
    assert pool.claims(pool.refresh(tokens["RefreshToken"])["IdToken"])["cognito:username"] == "ann"
