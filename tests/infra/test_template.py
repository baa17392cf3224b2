"""What the template promises: encryption, versions, dead letters, retention. No AWS is asked."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from cloudformation_template import references, resources_of

Template = dict[str, Any]
DATA_KEY = {"Fn::GetAtt": ["DataKey", "Arn"]}


def test_cfn_lint_finds_nothing(repository: Path) -> None:
    linter = Path(sys.executable).parent / "cfn-lint"
    result = subprocess.run(
        [str(linter), "infra/template.yaml"],
        cwd=repository, capture_output=True, text=True, timeout=180, check=False,
    )  # fmt: skip
    assert (result.returncode, result.stdout) == (0, ""), result.stdout


def test_every_bucket_is_versioned_encrypted_and_closed(template: Template) -> None:
    for name, bucket in resources_of(template, "AWS::S3::Bucket").items():
        assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}, name
        (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        by_default = rule["ServerSideEncryptionByDefault"]
        assert by_default == {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": DATA_KEY}, name
        assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}, name
        assert len(bucket["PublicAccessBlockConfiguration"]) == 4, name
        assert bucket["OwnershipControls"] == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}, name


def test_no_lifecycle_rule_expires_noncurrent_versions(template: Template) -> None:
    """Dataset versions are pinned by S3 version id: an expired one could not be got again."""
    for name, bucket in resources_of(template, "AWS::S3::Bucket").items():
        for rule in bucket.get("LifecycleConfiguration", {}).get("Rules", []):
            assert not {key for key in rule if key.startswith("NoncurrentVersion")}, name


def test_every_bucket_and_queue_refuses_plain_http(template: Template) -> None:
    policies = resources_of(template, "AWS::S3::BucketPolicy")
    covered = {policy["Bucket"]["Ref"] for policy in policies.values()}
    assert covered == set(resources_of(template, "AWS::S3::Bucket"))
    queues = list(resources_of(template, "AWS::SQS::QueuePolicy").values())
    named = [queue["Ref"] for policy in queues for queue in policy["Queues"]]
    assert sorted(named) == sorted(resources_of(template, "AWS::SQS::Queue"))
    for policy in [*policies.values(), *queues]:
        statement, *others = policy["PolicyDocument"]["Statement"]
        assert statement["Effect"] == "Deny"
        for other in others:  # only EventBridge is let in, for what one of our own rules could not deliver
            assert other["Effect"] == "Deny" or (
                other["Principal"] == {"Service": "events.amazonaws.com"} and "ArnEquals" in other["Condition"]
            )
        assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_both_dead_letter_queues_raise_an_alarm_on_the_topic(template: Template) -> None:
    alarms = resources_of(template, "AWS::CloudWatch::Alarm")
    for queue in ("TrainModelDeadLetters", "TrainingResultsDeadLetters"):
        (alarm,) = [each for each in alarms.values() if queue in references(each)]
        assert alarm["AlarmActions"] == [{"Ref": "NotificationsTopic"}], queue
        assert (alarm["Threshold"], alarm["ComparisonOperator"]) == (0, "GreaterThanThreshold"), queue


def test_an_alarm_may_publish_on_the_encrypted_topic(template: Template) -> None:
    """CloudWatch publishes as itself, and the topic's messages are encrypted with the data key."""
    statements = resources_of(template, "AWS::KMS::Key")["DataKey"]["KeyPolicy"]["Statement"]
    allowed = [each for each in statements if each["Principal"] == {"Service": "cloudwatch.amazonaws.com"}]
    assert len(allowed) == 1
    assert set(allowed[0]["Action"]) == {"kms:Decrypt", "kms:GenerateDataKey*"}


def test_every_queue_has_a_dead_letter_queue_and_is_encrypted(template: Template) -> None:
    queues = resources_of(template, "AWS::SQS::Queue")
    targets = set()
    for name, queue in queues.items():
        assert queue["KmsMasterKeyId"] == DATA_KEY, name
        if "RedrivePolicy" in queue:
            assert 1 <= queue["RedrivePolicy"]["maxReceiveCount"] <= 10, name
            targets |= references(queue["RedrivePolicy"]["deadLetterTargetArn"])
    of_rules = {
        name
        for rule in resources_of(template, "AWS::Events::Rule").values()
        for target in rule["Targets"]
        for name in references(target.get("DeadLetterConfig", {}))
    }
    of_functions = {
        name
        for settings in resources_of(template, "AWS::Lambda::EventInvokeConfig").values()
        for name in references(settings["DestinationConfig"])
    }
    others = of_rules | of_functions
    assert {name for name, queue in queues.items() if "RedrivePolicy" not in queue} == targets | others
    assert len(targets) * 2 + len(others) == len(queues)


def test_an_event_that_a_function_could_not_handle_is_kept_and_raises_an_alarm(template: Template) -> None:
    settings = resources_of(template, "AWS::Lambda::EventInvokeConfig")
    kept = {
        next(iter(references(each["FunctionName"]))): references(each["DestinationConfig"])
        for each in settings.values()
    }
    called = ("RecordWindowFunction", "DeploymentEndedFunction", "WatchEndpointFunction", "ArchiveHistoryFunction")
    assert kept == {name: {"UnhandledEventsDeadLetters"} for name in called}
    alarms = resources_of(template, "AWS::CloudWatch::Alarm")
    (alarm,) = [each for each in alarms.values() if "UnhandledEventsDeadLetters" in references(each)]
    assert (alarm["Threshold"], alarm["AlarmActions"]) == (0, [{"Ref": "NotificationsTopic"}])


def test_a_failure_of_retrain_on_drift_raises_an_alarm_by_itself(template: Template) -> None:
    """Its last state tells as well; but that state may be what fails."""
    alarm = resources_of(template, "AWS::CloudWatch::Alarm")["DriftFailedAlarm"]
    assert (alarm["Namespace"], alarm["MetricName"]) == ("AWS/States", "ExecutionsFailed")
    assert references(alarm["Dimensions"]) == {"RetrainOnDriftStateMachine"}
    assert alarm["AlarmActions"] == [{"Ref": "NotificationsTopic"}]


def test_a_rule_that_starts_a_state_machine_keeps_what_it_could_not_deliver(template: Template) -> None:
    machines = set(resources_of(template, "AWS::StepFunctions::StateMachine"))
    alarms = resources_of(template, "AWS::CloudWatch::Alarm")
    for name, rule in resources_of(template, "AWS::Events::Rule").items():
        for target in rule["Targets"]:
            if references(target["Arn"]) & machines:
                (queue,) = references(target["DeadLetterConfig"])
                assert [alarm for alarm in alarms.values() if queue in references(alarm)], name


def test_a_message_stays_hidden_six_times_as_long_as_its_function_may_take(template: Template) -> None:
    """AWS's advice for Lambda and SQS; shorter, and a slow message is handled twice at once."""
    functions = resources_of(template, "AWS::Lambda::Function")
    queues = resources_of(template, "AWS::SQS::Queue")
    for mapping in resources_of(template, "AWS::Lambda::EventSourceMapping").values():
        (source,) = references(mapping["EventSourceArn"])
        if source in queues:
            (function,) = references(mapping["FunctionName"])
            assert queues[source]["VisibilityTimeout"] >= 6 * functions[function]["Timeout"]
            assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_every_table_is_encrypted_recoverable_and_protected(template: Template) -> None:
    for name, table in resources_of(template, "AWS::DynamoDB::Table").items():
        assert table["BillingMode"] == "PAY_PER_REQUEST", name
        assert table["SSESpecification"] == {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": DATA_KEY}, name
        assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}, name
        assert table["DeletionProtectionEnabled"] is True, name


def test_what_holds_evidence_survives_the_stack(template: Template) -> None:
    kept = {"AWS::S3::Bucket", "AWS::DynamoDB::Table", "AWS::KMS::Key", "AWS::Cognito::UserPool"}
    for name, resource in template["Resources"].items():
        if resource["Type"] in kept:
            assert resource["DeletionPolicy"] == "RetainExceptOnCreate", name
            assert resource["UpdateReplacePolicy"] == "Retain", name


def test_logs_are_encrypted_and_kept_ten_years(template: Template) -> None:
    groups = resources_of(template, "AWS::Logs::LogGroup")
    for name, group in groups.items():
        assert group["KmsKeyId"] == DATA_KEY, name
        assert group["RetentionInDays"] == 3653, name
    for name, function in resources_of(template, "AWS::Lambda::Function").items():
        assert function["LoggingConfig"]["LogGroup"]["Ref"] in groups, name


def test_state_machine_logs_hold_no_execution_data(template: Template) -> None:
    """Execution data holds task tokens."""
    for name, machine in resources_of(template, "AWS::StepFunctions::StateMachine").items():
        assert machine["LoggingConfiguration"]["IncludeExecutionData"] is False, name


def test_signing_key_signs_and_data_key_rotates(template: Template) -> None:
    keys = resources_of(template, "AWS::KMS::Key")
    assert (keys["SigningKey"]["KeySpec"], keys["SigningKey"]["KeyUsage"]) == ("ECC_NIST_P256", "SIGN_VERIFY")
    assert keys["DataKey"]["EnableKeyRotation"] is True


def test_nobody_registers_as_an_approver(template: Template) -> None:
    (pool,) = resources_of(template, "AWS::Cognito::UserPool").values()
    assert pool["AdminCreateUserConfig"] == {"AllowAdminCreateUserOnly": True}
    assert pool["Policies"]["PasswordPolicy"]["MinimumLength"] >= 14


def test_the_registrys_url_is_never_shown(template: Template) -> None:
    """It may hold a credential."""
    assert template["Parameters"]["DvcRegistryUrl"]["NoEcho"] is True
    using = {name for name, each in template["Resources"].items() if "DvcRegistryUrl" in references(each["Properties"])}
    assert using == {"DvcRegistrySecret"}
    assert "DvcRegistryUrl" not in json.dumps(template["Outputs"])


def test_every_name_begins_with_the_stacks(template: Template) -> None:
    """So that two stacks of one account never meet. Paths and aliases have their own forms."""
    forms = ("vigil-${StackName}-", "alias/vigil-${StackName}-", "/vigil/${StackName}/", "/aws/vendedlogs/states/")
    for name, resource in template["Resources"].items():
        for key, value in resource["Properties"].items():
            if key.endswith("Name") and isinstance(value, dict) and "Fn::Sub" in value:
                assert value["Fn::Sub"].startswith(forms), (name, key)
