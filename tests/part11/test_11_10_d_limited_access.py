"""21 CFR 11.10(d): limiting system access to authorized individuals.

Each named role of the stack, asked with the evaluator of ``local_aws``: what it may do, and what it must not.
"""

from __future__ import annotations

import pytest
from named_roles import PEOPLE, TEMPLATE, allowed_actions, may, who_may

ACCOUNTS = (
    "AdminCreateUser", "AdminSetUserPassword", "AdminAddUserToGroup", "AdminRemoveUserFromGroup", "AdminDisableUser",
    "AdminEnableUser", "AdminUpdateUserAttributes", "AdminDeleteUser", "AdminConfirmSignUp",
)  # fmt: skip
READING = ("Get", "List", "Describe", "Query", "Scan", "BatchGet")


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


def test_auditors_read_what_they_are_to_verify() -> None:
    for action, resource in (
        ("dynamodb:GetItem", "LedgerTable"), ("dynamodb:Query", "LedgerTable"), ("dynamodb:Scan", "LedgerTable"),
        ("s3:GetObjectVersion", "AuditBucket/checkpoints/000000000001.json"), ("s3:ListBucketVersions", "AuditBucket"),
        ("kms:GetPublicKey", "CheckpointKey"), ("kms:GetPublicKey", "SigningKey"),
    ):  # fmt: skip
        assert may("AuditorPolicy", action, resource), action


def test_auditors_can_do_nothing_but_read_and_have_an_export_recorded() -> None:
    assert allowed_actions("AuditorPolicy") == {
        "ssm:GetParametersByPath", "dynamodb:GetItem", "dynamodb:Query", "dynamodb:Scan", "s3:GetObject",
        "s3:GetObjectVersion", "s3:ListBucket", "s3:ListBucketVersions", "kms:GetPublicKey", "kms:Decrypt",
        "lambda:InvokeFunction",
    }  # fmt: skip


def test_airflow_asks_functions_and_starts_jobs_and_writes_only_data() -> None:
    """Whoever can write a DAG has this policy: it signs nothing, records nothing and changes no endpoint."""
    changing = {each for each in allowed_actions("AirflowPolicy") if not each.partition(":")[2].startswith(READING)}
    assert changing == {
        "s3:PutObject", "kms:Decrypt", "kms:GenerateDataKey", "lambda:InvokeFunction", "states:StartExecution",
        "states:StopExecution", "sagemaker:StopProcessingJob", "glue:StartJobRun", "glue:BatchStopJobRun",
        "glue:CreateTable", "glue:UpdateTable", "glue:BatchCreatePartition",
    }  # fmt: skip
    for bucket, written in (
        ("RawBucket", True), ("DatasetsBucket", True), ("ModelsBucket", False), ("CodeBucket", False),
        ("AuditBucket", False),
    ):  # fmt: skip
        assert may("AirflowPolicy", "s3:PutObject", f"{bucket}/any") is written, bucket
    for function in (
        "ManagePeopleFunction",
        "ChoosePasswordFunction",
        "DeliverDecisionFunction",
        "OpenApprovalFunction",
    ):
        assert not may("AirflowPolicy", "lambda:InvokeFunction", function), function
    assert may("AirflowPolicy", "states:StartExecution", "TrainAndPromoteStateMachine")
    assert not may("AirflowPolicy", "states:StartExecution", "UpdateEndpointStateMachine")


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
