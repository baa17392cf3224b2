"""Who may sign, write what was signed, and try a password (21 CFR 11.10(d) and (g)): these tests read the policies."""

from __future__ import annotations

from typing import Any

from cloudformation_template import references, resources_of, statements, who_may

Template = dict[str, Any]


def test_only_the_desk_may_sign_with_the_signing_key_whatever_iam_says(template: Template) -> None:
    signers = {
        name
        for name, statement in statements(template)
        if "kms:Sign" in statement["Action"] and "SigningKey" in references(statement["Resource"])
    }
    assert signers == {"ApprovalDeskPolicy"}
    (denied,) = [
        each
        for each in template["Resources"]["SigningKey"]["Properties"]["KeyPolicy"]["Statement"]
        if each["Effect"] == "Deny" and "kms:Sign" in each["Action"]
    ]
    assert denied["Principal"] == "*"
    assert {"kms:Sign", "kms:CreateGrant"} <= set(denied["Action"]), "a grant would let somebody else sign"
    role = {"Fn::Sub": "arn:aws:iam::${AWS::AccountId}:role/vigil-${StackName}-approval-desk"}
    assert denied["Condition"] == {"ArnNotEquals": {"aws:PrincipalArn": role}}
    assert template["Resources"]["ApprovalDeskRole"]["Properties"]["RoleName"] == {
        "Fn::Sub": "vigil-${StackName}-approval-desk"
    }


def test_those_who_sign_may_only_ask_the_desk_and_check_signatures(template: Template) -> None:
    """Not sign, not read or write a row, not try a password at the user pool."""
    allowed = {
        (action, str(statement["Resource"]))
        for name, statement in statements(template)
        if name == "ApproverPolicy"
        for action in statement["Action"]
    }
    assert {action for action, _ in allowed} == {
        "ssm:GetParametersByPath", "lambda:InvokeFunction", "kms:GetPublicKey",
    }  # fmt: skip


def test_airflow_may_ask_the_desk_and_not_sign(template: Template) -> None:
    assert any(
        "ApprovalDeskFunction" in references(statement["Resource"])
        for name, statement in statements(template)
        if name == "AirflowPolicy" and "lambda:InvokeFunction" in statement["Action"]
    )
    assert "AirflowPolicy" not in who_may(template, "kms:Sign")


def test_only_the_desk_writes_signatures_and_only_the_functions_that_mark_rows_write_any(template: Template) -> None:
    writers = {
        name
        for name, statement in statements(template)
        if {"dynamodb:PutItem", "dynamodb:UpdateItem"} & set(statement["Action"])
        and "ApprovalsTable" in str(statement["Resource"])
    }
    assert writers == {
        "ApprovalDeskPolicy", "OpenApprovalPolicy", "DeliverDecisionPolicy", "VerifyApprovalPolicy",
        "RemindApproversPolicy",
    }  # fmt: skip
    deleters = [(name, each) for name, each in statements(template) if "dynamodb:DeleteItem" in each["Action"]]
    allowed = {name: each for name, each in deleters if each["Effect"] == "Allow"}
    assert set(allowed) == {"AwaitDeploymentPolicy", "DeploymentEndedPolicy"}, (
        "a wait that has ended takes its token along"
    )
    for each in allowed.values():
        assert references(each["Resource"]) == {"MonitoringTable"}
        assert each["Condition"] == {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["waits:*"]}}


def test_nobody_may_try_a_password_but_the_functions_that_count(template: Template) -> None:
    assert who_may(template, "cognito-idp:AdminInitiateAuth") == {"SignInPolicy"}
    (client,) = resources_of(template, "AWS::Cognito::UserPoolClient").values()
    assert client["ExplicitAuthFlows"] == ["ALLOW_ADMIN_USER_PASSWORD_AUTH"]
    holders = {
        name
        for name, role in resources_of(template, "AWS::IAM::Role").items()
        if {"Ref": "SignInPolicy"} in role["ManagedPolicyArns"]
    }
    assert holders == {"ApprovalDeskRole", "ChoosePasswordRole", "OverrideDriftRole", "RequestRollbackRole"}
