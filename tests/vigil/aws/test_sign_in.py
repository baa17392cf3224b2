from datetime import UTC, datetime, timedelta

import pytest
from approval_fakes import PASSWORD, proof_of
from candidate_evidence import ROLE
from moto_stack import strong

from vigil.approvals.errors import AuthenticationError
from vigil.aws.sign_in import CognitoSignIn


@pytest.fixture
def sign_in(stack):
    stack.add_people()
    return CognitoSignIn(
        stack.client("cognito-idp"), stack.parameters.cognito.user_pool, stack.parameters.cognito.client
    )


def test_a_sign_in_says_who_signs_with_which_roles_and_when(sign_in):
    found = sign_in.authenticate(proof_of("ana", strong(PASSWORD)))
    assert (found.username, found.printed_name, found.groups) == ("ana", "Ana Approver", {ROLE})
    assert abs(datetime.now(UTC) - found.authenticated_at) < timedelta(seconds=30)
    assert len(found.subject) == 36


def test_somebody_without_a_role_signs_in_without_one(sign_in):
    assert sign_in.authenticate(proof_of("olga", strong(PASSWORD))).groups == frozenset()


@pytest.mark.parametrize(("user", "password"), [("ana", "guess"), ("nobody", strong(PASSWORD))])
def test_a_wrong_password_and_an_unknown_user_get_the_same_answer(sign_in, user, password):
    with pytest.raises(AuthenticationError) as caught:
        sign_in.authenticate(proof_of(user, password))
    assert str(caught.value) == "the user name or the password is wrong, or the account may not sign in"
    assert caught.value.__cause__ is None


def test_an_account_without_a_name_cannot_sign(sign_in):
    with pytest.raises(AuthenticationError, match="attribute `name`"):
        sign_in.authenticate(proof_of("nemo", strong(PASSWORD)))


def test_an_account_that_must_change_its_password_is_told_so(sign_in, stack):
    stack.client("cognito-idp").admin_create_user(
        UserPoolId=stack.parameters.cognito.user_pool, Username="newcomer", TemporaryPassword=strong("first")
    )
    with pytest.raises(AuthenticationError, match="NEW_PASSWORD_REQUIRED"):
        sign_in.authenticate(proof_of("newcomer", strong("first")))


def test_a_token_of_another_application_is_refused(sign_in, stack):
    class Elsewhere:
        """Answers with a token that another application's sign-in would give."""

        def initiate_auth(self, **request):
            other = stack.client("cognito-idp").create_user_pool_client(
                UserPoolId=stack.parameters.cognito.user_pool,
                ClientName="other",
                ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"],
            )["UserPoolClient"]["ClientId"]
            return stack.client("cognito-idp").initiate_auth(**request | {"ClientId": other})

    deceived = CognitoSignIn(Elsewhere(), stack.parameters.cognito.user_pool, stack.parameters.cognito.client)
    with pytest.raises(AuthenticationError, match="not for this application"):
        deceived.authenticate(proof_of("ana", strong(PASSWORD)))
