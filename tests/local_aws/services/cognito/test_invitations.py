"""An account that an administrator makes: how its owner gets in, and nobody else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError

pytestmark = pytest.mark.stack
TEMPORARY, OWN = "Temporary-Horse-1!", "Correct-Horse-42!"
MAIL = [{"Name": "email", "Value": "ann@example.org"}]


@dataclass
class Pool:
    cognito: Any
    id: str
    client: str

    def invite(self, username: str, password: str, **more: Any) -> Any:
        return self.cognito.admin_create_user(
            UserPoolId=self.id, Username=username, TemporaryPassword=password, **more
        )["User"]  # fmt: skip

    def sign_in(self, username: str, password: str) -> Any:
        return self.cognito.admin_initiate_auth(
            UserPoolId=self.id, ClientId=self.client, AuthFlow="ADMIN_USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": username, "PASSWORD": password},
        )  # fmt: skip

    def choose(self, session: str, username: str, password: str) -> Any:
        return self.cognito.admin_respond_to_auth_challenge(
            UserPoolId=self.id, ClientId=self.client, ChallengeName="NEW_PASSWORD_REQUIRED", Session=session,
            ChallengeResponses={"USERNAME": username, "NEW_PASSWORD": password},
        )  # fmt: skip

    def subject(self, username: str) -> str:
        found = self.cognito.admin_get_user(UserPoolId=self.id, Username=username)["UserAttributes"]
        return str(next(each["Value"] for each in found if each["Name"] == "sub"))


@pytest.fixture
def pool(local_aws_server: Any) -> Pool:
    cognito = local_aws_server.client("cognito-idp")
    made = cognito.create_user_pool(PoolName="pool")["UserPool"]["Id"]
    flows = ["ALLOW_ADMIN_USER_PASSWORD_AUTH"]
    client = cognito.create_user_pool_client(UserPoolId=made, ClientName="client", ExplicitAuthFlows=flows)
    return Pool(cognito, made, client["UserPoolClient"]["ClientId"])


def code_of(error: pytest.ExceptionInfo[ClientError]) -> str:
    return str(error.value.response["Error"]["Code"])


def mails(server: Any) -> list[str]:
    return [file.read_text() for file in sorted((server.state_dir / "mail").glob("*.eml"))]


def test_an_invitation_sent_again_keeps_the_user_and_takes_the_new_password(local_aws_server: Any, pool: Pool) -> None:
    pool.invite("ann", TEMPORARY, UserAttributes=MAIL)
    before = pool.subject("ann")
    pool.invite("ann", "Another-Horse-2!", MessageAction="RESEND")
    assert pool.subject("ann") == before
    assert pool.sign_in("ann", "Another-Horse-2!")["ChallengeName"] == "NEW_PASSWORD_REQUIRED"
    with pytest.raises(ClientError):
        pool.sign_in("ann", TEMPORARY)
    sent = [text for text in mails(local_aws_server) if "ann@example.org" in text]
    assert [TEMPORARY in sent[-2], "Another-Horse-2!" in sent[-1]] == [True, True]


def test_nothing_is_mailed_where_the_message_is_suppressed(local_aws_server: Any, pool: Pool) -> None:
    pool.invite("quiet", "Quiet-Horse-77!", UserAttributes=MAIL, MessageAction="SUPPRESS")
    assert not [text for text in mails(local_aws_server) if "Quiet-Horse-77!" in text]


def test_who_has_chosen_a_password_is_not_invited_again(pool: Pool) -> None:
    pool.invite("bob", TEMPORARY)
    pool.choose(pool.sign_in("bob", TEMPORARY)["Session"], "bob", OWN)
    with pytest.raises(ClientError) as refused:
        pool.invite("bob", TEMPORARY, MessageAction="RESEND")
    assert code_of(refused) == "UnsupportedUserStateException"


def test_the_challenge_of_one_user_does_not_change_anothers_password(pool: Pool) -> None:
    pool.invite("cat", TEMPORARY)
    pool.invite("dan", TEMPORARY)
    with pytest.raises(ClientError) as refused:
        pool.choose(pool.sign_in("cat", TEMPORARY)["Session"], "dan", OWN)
    assert code_of(refused) == "NotAuthorizedException"
    assert pool.sign_in("dan", TEMPORARY)["ChallengeName"] == "NEW_PASSWORD_REQUIRED"


def test_nobody_signs_in_by_a_flow_that_the_client_does_not_allow(pool: Pool) -> None:
    pool.invite("eve", TEMPORARY)
    given = {"USERNAME": "eve", "PASSWORD": TEMPORARY}
    with pytest.raises(ClientError) as refused:
        pool.cognito.initiate_auth(ClientId=pool.client, AuthFlow="USER_PASSWORD_AUTH", AuthParameters=given)
    assert code_of(refused) == "InvalidParameterException"
    assert "USER_PASSWORD_AUTH flow not enabled for this client" in str(refused.value)
