"""21 CFR 11.10(d): limiting system access to authorized individuals.

Each named role of the stack, asked with the evaluator of ``local_aws``: what it may do, and what it must not.
"""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from cloudformation_template import load_template

from local_aws.access.decision import Policies, decide
from local_aws.access.policies import AccessRequest, statements

TEMPLATE = load_template()["Resources"]
FIXED = {"AWS::Region": "us-east-1", "AWS::AccountId": "123456789012", "StackName": "unit"}
#: What people attach to their own roles; every other policy belongs to a function, a job or a machine.
PEOPLE = ("ApproverPolicy", "AdministratorPolicy", "AuditorPolicy", "AirflowPolicy")
ACCOUNTS = (
    "AdminCreateUser", "AdminSetUserPassword", "AdminAddUserToGroup", "AdminRemoveUserFromGroup", "AdminDisableUser",
    "AdminEnableUser", "AdminUpdateUserAttributes", "AdminDeleteUser", "AdminConfirmSignUp",
)  # fmt: skip


def arn(name: str) -> str:
    return f"arn:aws:stack:us-east-1:123456789012:{name}"


def resolved(value: Any) -> Any:
    """The policy as it is deployed, with an ARN made of its logical id for each resource."""
    if isinstance(value, list):
        return [resolved(each) for each in value]
    if not isinstance(value, dict):
        return value
    if "Ref" in value:
        return arn(value["Ref"])
    if "Fn::GetAtt" in value:
        return arn(value["Fn::GetAtt"][0])
    if "Fn::Sub" in value:
        return re.sub(r"\$\{([^}]+)\}", lambda found: _name(found[1]), value["Fn::Sub"])
    return {key: resolved(each) for key, each in value.items()}


def _name(reference: str) -> str:
    return FIXED.get(reference) or arn(reference.removesuffix(".Arn"))


def policies_of(name: str) -> list[str]:
    """The managed policies of a role, or the one policy that is attached to people's roles."""
    if name in PEOPLE:
        return [name]
    return [each["Ref"] for each in TEMPLATE[name]["Properties"]["ManagedPolicyArns"] if "Ref" in each]


def may(name: str, action: str, resource: str, **context: str) -> bool:
    listed = [
        statement
        for policy in policies_of(name)
        for statement in statements(
            json.dumps(resolved(TEMPLATE[policy]["Properties"]["PolicyDocument"])), policy
        )
    ]  # fmt: skip
    request = AccessRequest(action, arn(resource), context={key: [value] for key, value in context.items()})
    return decide(request, Policies(identity=listed)).allowed


ROLES = sorted(name for name, each in TEMPLATE.items() if each["Type"] == "AWS::IAM::Role")
EVERYBODY = [*ROLES, *PEOPLE]


def who_may(action: str, resource: str, **context: str) -> set[str]:
    return {name for name in EVERYBODY if may(name, action, resource, **context)}


def test_only_the_desk_signs() -> None:
    assert who_may("kms:Sign", "SigningKey") == {"ApprovalDeskRole"}


def test_only_the_four_functions_that_count_a_failure_may_try_a_password() -> None:
    trying = {"ApprovalDeskRole", "ChoosePasswordRole", "OverrideDriftRole", "RequestRollbackRole"}
    assert who_may("cognito-idp:AdminInitiateAuth", "UserPool") == trying
    assert who_may("cognito-idp:AdminRespondToAuthChallenge", "UserPool") == {"ChoosePasswordRole"}


@pytest.mark.parametrize("action", ACCOUNTS)
def test_only_the_administration_of_people_changes_accounts(action: str) -> None:
    never = {"AdminDeleteUser", "AdminConfirmSignUp"}
    assert who_may(f"cognito-idp:{action}", "UserPool") == (set() if action in never else {"ManagePeopleRole"})


def test_administrators_have_that_function_and_nothing_else_of_signing() -> None:
    assert may("AdministratorPolicy", "lambda:InvokeFunction", "ManagePeopleFunction")
    for function in ("ApprovalDeskFunction", "ChoosePasswordFunction", "DeliverDecisionFunction"):
        assert not may("AdministratorPolicy", "lambda:InvokeFunction", function)
    for action, resource in (
        ("dynamodb:PutItem", "PeopleTable"), ("dynamodb:GetItem", "ApprovalsTable"), ("kms:Sign", "SigningKey"),
        ("dynamodb:PutItem", "LedgerTable"),
    ):  # fmt: skip
        assert not may("AdministratorPolicy", action, resource)


def test_approvers_sign_and_choose_passwords_and_administer_nobody() -> None:
    assert may("ApproverPolicy", "lambda:InvokeFunction", "ApprovalDeskFunction")
    assert may("ApproverPolicy", "lambda:InvokeFunction", "ChoosePasswordFunction")
    assert not may("ApproverPolicy", "lambda:InvokeFunction", "ManagePeopleFunction")
    for table in ("ApprovalsTable", "PeopleTable", "LedgerTable"):
        for action in ("PutItem", "UpdateItem", "DeleteItem", "Scan"):
            assert not may("ApproverPolicy", f"dynamodb:{action}", table)


def test_auditors_write_nothing() -> None:
    for table in ("ApprovalsTable", "PeopleTable", "LedgerTable"):
        for action in ("PutItem", "UpdateItem", "DeleteItem"):
            assert not may("AuditorPolicy", f"dynamodb:{action}", table)


@pytest.mark.parametrize("table", ["PeopleTable", "LedgerTable", "ApprovalsTable"])
def test_nobody_deletes_people_records_or_requests(table: str) -> None:
    assert who_may("dynamodb:DeleteItem", table) == set()


def test_people_are_written_only_where_they_sign_in_or_are_administered() -> None:
    writers = {"ApprovalDeskRole", "ChoosePasswordRole", "OverrideDriftRole", "RequestRollbackRole", "ManagePeopleRole"}
    assert who_may("dynamodb:PutItem", "PeopleTable") == writers
    assert who_may("dynamodb:UpdateItem", "PeopleTable") == set()


def test_nobody_changes_a_record_of_the_ledger() -> None:
    assert who_may("dynamodb:UpdateItem", "LedgerTable") == set()


def test_alarms_are_counted_only_by_who_tries_passwords_and_in_their_own_namespace() -> None:
    mine = {"cloudwatch:namespace": "Vigil/Approvals"}
    for name in ("ApprovalDeskRole", "ChoosePasswordRole"):
        assert may(name, "cloudwatch:PutMetricData", "any", **mine)
        assert not may(name, "cloudwatch:PutMetricData", "any", **{"cloudwatch:namespace": "AWS/Lambda"})


@pytest.mark.parametrize("name", PEOPLE)
def test_no_policy_of_people_lets_them_take_on_a_functions_role(name: str) -> None:
    assert not may(name, "sts:AssumeRole", "ApprovalDeskRole")
    assert not may(name, "iam:PassRole", "ApprovalDeskRole")
    assert not may(name, "lambda:UpdateFunctionCode", "ApprovalDeskFunction")


def test_the_pool_takes_passwords_from_no_one_without_aws_credentials() -> None:
    client = TEMPLATE["UserPoolClient"]["Properties"]
    assert client["ExplicitAuthFlows"] == ["ALLOW_ADMIN_USER_PASSWORD_AUTH"]
    assert client["PreventUserExistenceErrors"] == "ENABLED"
    assert TEMPLATE["UserPool"]["Properties"]["AdminCreateUserConfig"] == {"AllowAdminCreateUserOnly": True}
