"""What the template promises of the ledger: records are only added, checkpoints stay, one function signs them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cloudformation_template import references, resources_of

from local_aws.services.cloudwatch.alarm_evaluation import COMPARISONS, EXTRA_PERIODS, state_of

Template = dict[str, Any]
CHECKPOINT_ROLE = "arn:aws:iam::${AWS::AccountId}:role/vigil-${StackName}-checkpoint-ledger"
TEN_YEARS_DAYS = 3653
CHANGES = {
    "dynamodb:UpdateItem", "dynamodb:DeleteItem", "dynamodb:BatchWriteItem", "dynamodb:DeleteTable",
    "dynamodb:PartiQLUpdate", "dynamodb:PartiQLDelete",
}  # fmt: skip


def statements(template: Template, resource: str, effect: str = "Allow") -> list[tuple[str, dict[str, Any]]]:
    """Statements of managed policies that name a resource."""
    return [
        (name, statement)
        for name, policy in resources_of(template, "AWS::IAM::ManagedPolicy").items()
        for statement in policy["PolicyDocument"]["Statement"]
        if resource in references(statement["Resource"]) and statement["Effect"] == effect
    ]


def who_may(template: Template, action: str, resource: str) -> set[str]:
    return {name for name, statement in statements(template, resource) if action in statement["Action"]}


def test_nobody_may_change_or_delete_a_record(template: Template) -> None:
    for name, statement in statements(template, "LedgerTable"):
        assert not CHANGES & set(statement["Action"]), name
    (denied,) = [each for _, each in statements(template, "LedgerTable", "Deny")]
    assert {"dynamodb:UpdateItem", "dynamodb:DeleteItem"} <= set(denied["Action"])


def test_who_may_append_is_also_forbidden_to_change(template: Template) -> None:
    assert who_may(template, "dynamodb:PutItem", "LedgerTable") == {"LedgerAppendPolicy"}
    assert {name for name, _ in statements(template, "LedgerTable", "Deny")} == {"LedgerAppendPolicy"}


def test_only_functions_append(template: Template) -> None:
    for name, role in resources_of(template, "AWS::IAM::Role").items():
        if "LedgerAppendPolicy" in references(role["ManagedPolicyArns"]):
            (statement,) = role["AssumeRolePolicyDocument"]["Statement"]
            assert statement["Principal"] == {"Service": "lambda.amazonaws.com"}, name


def test_only_the_function_that_seals_signs_with_the_key_of_checkpoints(template: Template) -> None:
    assert who_may(template, "kms:Sign", "CheckpointKey") == {"CheckpointLedgerPolicy"}
    key = resources_of(template, "AWS::KMS::Key")["CheckpointKey"]
    denied = next(each for each in key["KeyPolicy"]["Statement"] if each["Effect"] == "Deny")
    assert (denied["Action"], denied["Principal"]) == (["kms:Sign", "kms:CreateGrant"], {"AWS": "*"})
    assert denied["Condition"] == {"ArnNotEquals": {"aws:PrincipalArn": {"Fn::Sub": CHECKPOINT_ROLE}}}
    assert "kms:Sign" not in json.dumps([each for _, each in statements(template, "SigningKey") if "Checkpoint" in _])


def test_checkpoints_are_locked_for_ten_years_and_nobody_may_shorten_it(template: Template) -> None:
    bucket = resources_of(template, "AWS::S3::Bucket")["AuditBucket"]
    assert bucket["ObjectLockEnabled"] is True
    retention = bucket["ObjectLockConfiguration"]["Rule"]["DefaultRetention"]
    assert retention == {"Mode": "COMPLIANCE", "Days": TEN_YEARS_DAYS}
    assert "LifecycleConfiguration" not in bucket


def test_nothing_in_the_audit_bucket_is_deleted_and_no_checkpoint_put_over(template: Template) -> None:
    policy = resources_of(template, "AWS::S3::BucketPolicy")["AuditBucketPolicy"]["PolicyDocument"]
    by_sid = {each["Sid"]: each for each in policy["Statement"]}
    assert {"s3:DeleteObject", "s3:DeleteObjectVersion"} <= set(by_sid["NothingIsDeleted"]["Action"])
    over = by_sid["NothingIsPutOverACheckpoint"]
    assert (over["Action"], over["Condition"]) == (["s3:PutObject"], {"Null": {"s3:if-none-match": "true"}})
    assert {each["Effect"] for each in policy["Statement"]} == {"Deny"}
    assert {each["Principal"] for each in policy["Statement"]} == {"*"}
    writers = who_may(template, "s3:PutObject", "AuditBucket")
    assert "CheckpointLedgerPolicy" in writers
    checkpoints = [
        name for name, each in statements(template, "AuditBucket")
        if "s3:PutObject" in each["Action"] and "checkpoints" in json.dumps(each["Resource"])
    ]  # fmt: skip
    assert checkpoints == ["CheckpointLedgerPolicy"]


def test_the_ledger_is_sealed_each_minute_and_its_alarm_notifies(template: Template) -> None:
    rule = resources_of(template, "AWS::Events::Rule")["CheckpointSweep"]
    assert rule["ScheduleExpression"] == "rate(1 minute)"
    assert [references(target["Arn"]) for target in rule["Targets"]] == [{"CheckpointLedgerFunction"}]
    permission = resources_of(template, "AWS::Lambda::Permission")["CheckpointSweepPermission"]
    assert references(permission["SourceArn"]) == {"CheckpointSweep"}
    alarm = resources_of(template, "AWS::CloudWatch::Alarm")["LedgerAlarm"]
    from vigil.aws.sealing import METRIC
    from vigil.aws.watchdog import NAMESPACE

    assert (alarm["Namespace"], alarm["MetricName"]) == (NAMESPACE, METRIC)
    assert references(alarm["AlarmActions"]) == {"NotificationsTopic"}


def test_the_table_itself_denies_everybody_to_update_or_delete(template: Template) -> None:
    policy = resources_of(template, "AWS::DynamoDB::Table")["LedgerTable"]["ResourcePolicy"]["PolicyDocument"]
    (statement,) = policy["Statement"]
    assert (statement["Effect"], statement["Principal"]) == ("Deny", "*")
    assert CHANGES - {"dynamodb:DeleteTable"} <= set(statement["Action"])
    assert "dynamodb:PutItem" not in statement["Action"]
    assert "Condition" not in statement


@pytest.mark.parametrize("key", ["SigningKey", "CheckpointKey", "DataKey"])
def test_nobody_puts_a_key_out_of_use_but_root_and_cloudformation(template: Template, key: str) -> None:
    statements = resources_of(template, "AWS::KMS::Key")[key]["KeyPolicy"]["Statement"]
    (denied,) = [each for each in statements if each["Sid"] == "NobodyPutsTheKeyOutOfUse"]
    assert (denied["Effect"], set(denied["Action"])) == ("Deny", {"kms:ScheduleKeyDeletion", "kms:DisableKey"})
    assert set(denied["Condition"]) == {"ArnNotEquals", "ForAllValues:StringNotEquals"}


def test_the_whole_ledger_is_read_again_each_hour_by_a_role_that_writes_none_of_it(template: Template) -> None:
    rule = resources_of(template, "AWS::Events::Rule")["VerifyLedgerSchedule"]
    assert rule["ScheduleExpression"] == "rate(1 hour)"
    assert [references(target["Arn"]) for target in rule["Targets"]] == [{"VerifyLedgerFunction"}]
    role = resources_of(template, "AWS::IAM::Role")["VerifyLedgerRole"]
    assert references(role["ManagedPolicyArns"]) == {"FunctionBasePolicy", "VerifyLedgerPolicy"}
    policy = resources_of(template, "AWS::IAM::ManagedPolicy")["VerifyLedgerPolicy"]["PolicyDocument"]
    actions = {action for statement in policy["Statement"] for action in statement["Action"]}
    assert not actions & {"dynamodb:PutItem", "kms:Sign"}
    assert "dynamodb:Scan" in actions  # chains that somebody took from the index


def test_what_the_hourly_reading_finds_and_sealing_that_stops_raise_alarms(template: Template) -> None:
    from vigil.aws.history_sweep import NOT_ARCHIVED
    from vigil.aws.ledger_recheck import ALTERED
    from vigil.aws.sealing import SEALED
    from vigil.aws.watchdog import NAMESPACE

    alarms = resources_of(template, "AWS::CloudWatch::Alarm")
    altered, unsealed = alarms["LedgerAlteredAlarm"], alarms["LedgerUnsealedAlarm"]
    not_archived = alarms["HistoriesNotArchivedAlarm"]
    assert (altered["Namespace"], altered["MetricName"]) == (NAMESPACE, ALTERED)
    assert (unsealed["Namespace"], unsealed["MetricName"]) == (NAMESPACE, SEALED)
    assert (unsealed["TreatMissingData"], unsealed["Period"] * unsealed["EvaluationPeriods"]) == ("breaching", 600)
    assert (not_archived["Namespace"], not_archived["MetricName"]) == (NAMESPACE, NOT_ARCHIVED)
    for alarm in (altered, unsealed, not_archived):
        assert references(alarm["AlarmActions"]) == {"NotificationsTopic"}


def test_a_reading_or_a_sweep_that_stops_raises_an_alarm(template: Template) -> None:
    from vigil.aws.watchdog import HOURLY, NAMESPACE, NOT_YET

    alarms = {each["MetricName"]: each for each in resources_of(template, "AWS::CloudWatch::Alarm").values()
              if each.get("Namespace") == NAMESPACE}  # fmt: skip
    for metric in NOT_YET:
        alarm = alarms[metric]
        # Of the 0 that sealing says and the 1 of the sweep itself, the greater counts.
        assert (alarm["Statistic"], alarm["TreatMissingData"]) == ("Maximum", "notBreaching")
        assert (alarm["Period"], alarm["EvaluationPeriods"]) == ((3600, 3) if metric in HOURLY else (60, 10))
        assert (alarm["Threshold"], alarm["ComparisonOperator"]) == (1, "LessThanThreshold")
        assert references(alarm["AlarmActions"]) == {"NotificationsTopic"}


@pytest.mark.parametrize(
    ("hours", "state"),
    [
        ([None, None, None, None, None], "OK"),  # just deployed, nothing sealed yet
        ([None, None, None, None, 0], "OK"),
        ([None, None, None, 0, 0], "OK"),
        ([None, None, 0, 0, 0], "ALARM"),  # never read
        ([1, 1, 0, 0, 1], "OK"),
        ([1, 1, 0, 0, 0], "ALARM"),  # a crash, a time-out, a rule that is off, or chains that are always left
    ],
)
def test_the_alarm_of_the_hourly_reading_rings_after_three_hours_and_on_no_new_stack(
    template: Template, hours: list[float | None], state: str
) -> None:
    alarm = resources_of(template, "AWS::CloudWatch::Alarm")["LedgerNotRecheckedAlarm"]
    breaches, _ = COMPARISONS[alarm["ComparisonOperator"]]
    assert len(hours) == alarm["EvaluationPeriods"] + EXTRA_PERIODS
    found = state_of(
        hours,
        lambda point: breaches(point, alarm["Threshold"]),
        periods=alarm["EvaluationPeriods"],
        to_alarm=alarm["EvaluationPeriods"],
        missing=alarm["TreatMissingData"],
        current="INSUFFICIENT_DATA",
    )
    assert found == state


def test_an_auditor_reads_everything_of_the_ledger_and_writes_nothing(template: Template) -> None:
    policy = resources_of(template, "AWS::IAM::ManagedPolicy")["AuditorPolicy"]["PolicyDocument"]
    actions = {action for statement in policy["Statement"] for action in statement["Action"]}
    assert actions == {
        "ssm:GetParametersByPath", "dynamodb:GetItem", "dynamodb:Query", "dynamodb:Scan", "s3:GetObject",
        "s3:GetObjectVersion",
        "s3:ListBucket", "s3:ListBucketVersions", "kms:GetPublicKey", "kms:Decrypt", "lambda:InvokeFunction",
    }  # fmt: skip
