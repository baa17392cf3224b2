"""Signing in at the stack's own pool, by the ports that the desk uses."""

from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from candidate_evidence import ROLE
from moto_stack import strong
from people_fakes import PASSWORD, challenge, proof_of
from pydantic import SecretStr

from vigil.approvals.authentication import REFUSED, authenticate
from vigil.approvals.errors import AuthenticationError, LockedOutError, ProviderUnavailableError
from vigil.approvals.lockout import MOST_FAILURES
from vigil.aws.audit_ports import ledger_table
from vigil.aws.authentication_ports import authentication_ports, other_provider
from vigil.aws.sign_in import CognitoSignIn


@pytest.fixture
def ports(stack):
    stack.add_people()
    return authentication_ports(stack.parameters)


def sign_in(ports, user, password):
    return authenticate(proof_of(user, password), challenge(datetime.now(UTC)), ports, 0)


def test_a_sign_in_says_who_signs_with_which_roles_and_when(ports, stack):
    found = sign_in(ports, "Ana", strong(PASSWORD)).authentication
    assert (found.username, found.printed_name, found.groups) == ("ana", "Ana Approver", {ROLE})
    assert found.issuer == f"https://cognito-idp.us-east-1.amazonaws.com/{stack.parameters.cognito.user_pool}"
    assert abs(datetime.now(UTC) - found.authenticated_at) < timedelta(seconds=30)
    assert len(found.subject) == 36
    assert ports.people.get("ana").subject == found.subject


def test_somebody_without_a_role_signs_in_without_one(ports):
    assert sign_in(ports, "olga", strong(PASSWORD)).authentication.groups == frozenset()


def test_a_role_counts_only_where_record_and_pool_both_give_it(ports, stack):
    stack.client("cognito-idp").admin_add_user_to_group(
        UserPoolId=stack.parameters.cognito.user_pool, Username="olga", GroupName=ROLE
    )
    assert sign_in(ports, "olga", strong(PASSWORD)).authentication.groups == frozenset()


@pytest.mark.parametrize(("user", "password"), [("ana", "guess"), ("nobody", strong(PASSWORD)), ("", "x" * 9)])
def test_a_wrong_password_and_an_unknown_user_get_the_same_answer(ports, user, password):
    with pytest.raises(AuthenticationError) as caught:
        authenticate(
            proof_of("ana", password).model_copy(update={"username": user}), challenge(datetime.now(UTC)), ports, 0
        )
    assert (str(caught.value), caught.value.__cause__) == (REFUSED, None)


@pytest.mark.parametrize("password", ["", "x" * 257])
def test_what_can_be_no_password_is_a_wrong_one(ports, password):
    with pytest.raises(AuthenticationError, match="is wrong"):
        sign_in(ports, "ana", password)
    assert ports.people.get("ana").failures == 1


def test_an_account_made_anew_in_the_pool_under_an_old_name_cannot_sign(ports, stack):
    sign_in(ports, "ana", strong(PASSWORD))
    cognito, pool = stack.client("cognito-idp"), stack.parameters.cognito.user_pool
    cognito.admin_delete_user(UserPoolId=pool, Username="ana")
    cognito.admin_create_user(UserPoolId=pool, Username="ana")
    cognito.admin_set_user_password(UserPoolId=pool, Username="ana", Password=strong("other"), Permanent=True)
    with pytest.raises(AuthenticationError, match="another account"):
        sign_in(ports, "ana", strong("other"))


def test_failures_are_counted_in_the_table_metrics_ledger_and_a_notice(ports, stack):
    for _ in range(MOST_FAILURES):
        with pytest.raises(AuthenticationError):
            sign_in(ports, "ana", "guess")
    with pytest.raises(LockedOutError):
        sign_in(ports, "ana", strong(PASSWORD))
    notices = [each for each in stack.notices() if each.get("event") == "account-locked"]
    assert [each["username"] for each in notices] == ["ana"]
    metrics = stack.client("cloudwatch").list_metrics(Namespace="Vigil/Approvals")["Metrics"]
    assert {each["MetricName"] for each in metrics} == {"SignInFailures", "AccountsLocked"}
    events = [record.event.value for record in ledger_table(stack.parameters).read("stack")]
    assert events.count("sign-in.failed") == MOST_FAILURES + 1
    assert events.count("account.locked") == 1


def test_an_account_with_a_temporary_password_is_told_to_choose_its_own(ports, stack):
    stack.client("cognito-idp").admin_set_user_password(
        UserPoolId=stack.parameters.cognito.user_pool, Username="ana", Password=strong("first"), Permanent=False
    )
    with pytest.raises(AuthenticationError, match="vigil people password ana"):
        sign_in(ports, "ana", strong("first"))


def test_a_disabled_account_is_refused(ports, stack):
    stack.client("cognito-idp").admin_disable_user(UserPoolId=stack.parameters.cognito.user_pool, Username="ana")
    with pytest.raises(AuthenticationError, match="wrong"):
        sign_in(ports, "ana", strong(PASSWORD))


class Silent:
    def __init__(self, error):
        self.error = error

    def admin_initiate_auth(self, **request):
        raise self.error


@pytest.mark.parametrize(
    "error",
    [
        EndpointConnectionError(endpoint_url="https://cognito"),
        ClientError({"Error": {"Code": "TooManyRequestsException"}}, "AdminInitiateAuth"),
    ],
)
def test_a_pool_that_does_not_judge_the_password_is_no_wrong_password(error):
    with pytest.raises(ProviderUnavailableError):
        CognitoSignIn(Silent(error), "pool", "client", None).sign_in("ana", SecretStr("x"))


def test_a_token_of_another_application_is_refused(ports, stack):
    other = stack.client("cognito-idp").create_user_pool_client(
        UserPoolId=stack.parameters.cognito.user_pool, ClientName="other"
    )["UserPoolClient"]["ClientId"]
    ports.passwords._app_client = other  # the pool signs for it, but it is not ours
    with pytest.raises(AuthenticationError, match="another application"):
        sign_in(ports, "ana", strong(PASSWORD))


@pytest.mark.parametrize(("acr", "checked"), [("mfa", "mfa"), ("provider-asks-for-two", None)])
def test_another_provider_is_there_only_where_the_stack_names_it_and_how_strong_it_is(stack, acr, checked):
    assert other_provider(stack.parameters) is None
    named = {"issuer": "https://id.example", "audience": "vigil", "jwks_uri": "https://id.example/keys"}
    provider = lambda **acr: other_provider(  # noqa: E731
        stack.parameters.model_copy(update={"signing": stack.parameters.signing.model_copy(update=named | acr)})
    )
    assert provider() is None, "a sign-in of one factor would be signed as one of two"
    found = provider(required_acr=acr)
    assert (found.issuer, found._names.assurance) == ("https://id.example", checked)
