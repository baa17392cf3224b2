"""Who signs, on AWS: the ports of ``vigil.approvals.authentication`` from a stack's parameters."""

from __future__ import annotations

from functools import cache

from vigil.approvals.administration import AdministrationPorts
from vigil.approvals.authentication import AuthenticationPorts
from vigil.approvals.id_tokens import COGNITO, PROVIDER_ASKS_FOR_TWO, ClaimNames
from vigil.approvals.own_password import OwnPasswordPorts
from vigil.aws.accounts import CognitoAccounts
from vigil.aws.clock import server_time
from vigil.aws.environment import StackParameters, aws_client, stack_name
from vigil.aws.jwks import JwksKeys
from vigil.aws.ledger_table import LedgerTable
from vigil.aws.mail import SesMail
from vigil.aws.notifications import Notifications
from vigil.aws.oidc import OpenIdTokens
from vigil.aws.own_passwords import CognitoOwnPasswords
from vigil.aws.people_notices import TopicAndMail
from vigil.aws.people_table import PeopleTable
from vigil.aws.recorded_people import RecordedPeopleTable
from vigil.aws.sign_in import CognitoSignIn, pool_issuer, pool_jwks_uri
from vigil.aws.sign_in_alarms import CountedLedger, SignInAlarms

NONE = "none"  # SSM keeps no empty values


def authentication_ports(parameters: StackParameters) -> AuthenticationPorts:
    return AuthenticationPorts(
        people=PeopleTable(aws_client("dynamodb"), parameters.tables.people),
        passwords=cognito_sign_in(parameters),
        tokens=other_provider(parameters),
        ledger=counted_ledger(parameters),
        alarms=_alarms(parameters),
        clock=server_time,
    )


def counted_ledger(parameters: StackParameters) -> CountedLedger:
    ledger = LedgerTable(aws_client("dynamodb"), parameters.tables.ledger, server_time)
    return CountedLedger(ledger, _alarms(parameters))


def _alarms(parameters: StackParameters) -> SignInAlarms:
    notifications = Notifications(aws_client("sns"), parameters.topics.notifications)
    return SignInAlarms(aws_client("cloudwatch"), notifications, stack_name())


def cognito_sign_in(parameters: StackParameters) -> CognitoSignIn:
    client, cognito = aws_client("cognito-idp"), parameters.cognito
    keys = _keys(pool_jwks_uri(client.meta.endpoint_url, cognito.user_pool))
    issuer = pool_issuer(client.meta.region_name, cognito.user_pool)
    tokens = OpenIdTokens(issuer, cognito.client, keys, server_time, COGNITO)
    return CognitoSignIn(client, cognito.user_pool, cognito.client, tokens)


def other_provider(parameters: StackParameters) -> OpenIdTokens | None:
    """The OpenID provider that signs people in beside the pool, where the stack names one and says how strong its
    sign-ins are: each is signed as one with two components."""
    signing = parameters.signing
    if NONE in (signing.issuer, signing.audience, signing.jwks_uri, signing.required_acr):
        return None
    names = ClaimNames(assurance=None if signing.required_acr == PROVIDER_ASKS_FOR_TWO else signing.required_acr)
    return OpenIdTokens(signing.issuer, signing.audience, _keys(signing.jwks_uri), server_time, names)


@cache
def _keys(uri: str) -> JwksKeys:
    """One for each provider and process, so that a warm function does not fetch keys for each signature."""
    return JwksKeys(uri)


def own_password_ports(parameters: StackParameters) -> OwnPasswordPorts:
    """For the function with which a person chooses a password."""
    ports = authentication_ports(parameters)
    cognito = parameters.cognito
    passwords = CognitoOwnPasswords(aws_client("cognito-idp"), cognito.user_pool, cognito.client)
    return OwnPasswordPorts(ports.people, passwords, ports.ledger, ports.alarms, ports.clock)


def administration_ports(parameters: StackParameters) -> AdministrationPorts:
    """For the function that administers people."""
    client, dynamodb = aws_client("cognito-idp"), aws_client("dynamodb")
    ledger = LedgerTable(dynamodb, parameters.tables.ledger, server_time)
    sender = parameters.people.mail_sender
    return AdministrationPorts(
        people=RecordedPeopleTable(dynamodb, parameters.tables.people, ledger),
        accounts=CognitoAccounts(client, parameters.cognito.user_pool),
        notices=TopicAndMail(
            Notifications(aws_client("sns"), parameters.topics.notifications),
            None if sender == NONE else SesMail(aws_client("ses"), sender),
        ),
        issuer=pool_issuer(client.meta.region_name, parameters.cognito.user_pool),
        clock=server_time,
    )
