"""Who may do what around monitoring, and that what comes reaches whom it should."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cloudformation_template import references, resources_of, statements, who_may

from vigil.aws.monitoring_metrics import NAMESPACE, OVERDUE, VIOLATIONS
from vigil.monitoring.models import EVENT_SOURCE, WINDOW_EVENT, Monitor

Template = dict[str, Any]


def test_only_start_monitor_and_the_state_machines_create_processing_jobs(template: Template) -> None:
    creators = who_may(template, "sagemaker:CreateProcessingJob")
    assert "StartMonitorPolicy" in creators
    assert creators - {"StartMonitorPolicy"} <= {"TrainAndPromotePolicy", "UpdateEndpointPolicy"}


@pytest.mark.parametrize("action", ["CreateSchedule", "UpdateSchedule", "DeleteSchedule"])
def test_only_watch_endpoint_changes_schedules(template: Template, action: str) -> None:
    assert who_may(template, f"scheduler:{action}") == {"WatchEndpointPolicy"}
    assert who_may(template, f"sagemaker:{action.replace('Schedule', 'MonitoringSchedule')}") == {"WatchEndpointPolicy"}


def test_an_announcement_is_put_in_its_own_name_only(template: Template) -> None:
    found = [(name, each) for name, each in statements(template) if "events:PutEvents" in each["Action"]]
    assert {name for name, _ in found} == {"StartMonitorPolicy", "MonitorPolicy"}
    for name, statement in found:
        assert statement["Condition"] == {"StringEquals": {"events:source": EVENT_SOURCE}}, name


def test_only_what_may_be_called_by_the_schedules_is(template: Template) -> None:
    (statement,) = [each for name, each in statements(template) if name == "MonitorSchedulesPolicy"]
    assert statement["Action"] == ["lambda:InvokeFunction"]
    assert references(statement["Resource"]) == {"StartMonitorFunction"}


@pytest.mark.parametrize(
    ("rule", "function"),
    [
        ("WindowMonitored", "RecordWindowFunction"),
        ("EndpointWatch", "WatchEndpointFunction"),
        ("EndpointWatchSweep", "WatchEndpointFunction"),
    ],
)
def test_each_rule_may_call_its_function(template: Template, rule: str, function: str) -> None:
    found = resources_of(template, "AWS::Events::Rule")[rule]
    assert [references(target["Arn"]) for target in found["Targets"]] == [{function}]
    permissions = resources_of(template, "AWS::Lambda::Permission").values()
    (permission,) = [each for each in permissions if references(each["SourceArn"]) == {rule}]
    assert references(permission["FunctionName"]) == {function}


def test_every_window_of_this_endpoint_is_recorded_and_every_state_of_it_is_seen(template: Template) -> None:
    """Events: docs.aws.amazon.com/sagemaker/latest/dg/automating-sagemaker-with-eventbridge.html"""
    rules = resources_of(template, "AWS::Events::Rule")
    endpoint = [{"Fn::Sub": "vigil-${StackName}-triage"}]
    assert rules["WindowMonitored"]["EventPattern"] == {
        "source": [EVENT_SOURCE], "detail-type": [WINDOW_EVENT], "detail": {"endpoint": endpoint},
    }  # fmt: skip
    assert rules["EndpointWatch"]["EventPattern"] == {
        "source": ["aws.sagemaker"],
        "detail-type": ["SageMaker Endpoint State Change"],
        "detail": {"EndpointName": endpoint},
    }
    assert rules["EndpointWatchSweep"]["ScheduleExpression"] == "rate(1 minute)"


def test_no_two_rules_call_the_same_function_for_the_same_reason(template: Template) -> None:
    found = [
        (
            json.dumps(rule.get("EventPattern"), sort_keys=True),
            rule.get("ScheduleExpression"),
            json.dumps(target["Arn"]),
        )
        for rule in resources_of(template, "AWS::Events::Rule").values()
        for target in rule["Targets"]
    ]
    assert len(set(found)) == len(found)


def test_each_monitors_violations_and_monitors_that_are_overdue_reach_the_topic(template: Template) -> None:
    alarms = [each for each in resources_of(template, "AWS::CloudWatch::Alarm").values()
              if each.get("Namespace") == NAMESPACE]  # fmt: skip
    of_monitors = {
        dimension["Value"]
        for alarm in alarms
        if alarm["MetricName"] == VIOLATIONS
        for dimension in alarm["Dimensions"]
        if dimension["Name"] == "Monitor"
    }
    assert of_monitors == {monitor.value for monitor in Monitor}
    (overdue,) = [alarm for alarm in alarms if alarm["MetricName"] == OVERDUE]
    assert overdue["TreatMissingData"] == "breaching"  # nobody looks any more
    for alarm in alarms:
        assert references(alarm["AlarmActions"]) == references(alarm["OKActions"]) == {"NotificationsTopic"}


def test_airflow_starts_follows_and_reads_monitoring_and_records_nothing_of_it(template: Template) -> None:
    own = [each for name, each in statements(template) if name == "AirflowPolicy"]
    invoked = {
        name for each in own if "lambda:InvokeFunction" in each["Action"] for name in references(each["Resource"])
    }
    assert "StartMonitorFunction" in invoked
    assert not invoked & {"RecordWindowFunction", "WatchEndpointFunction"}
    written = [
        str(each["Resource"]) for each in own if "s3:PutObject" in each["Action"] and "CaptureBucket" in str(each)
    ]
    assert written and all("/weekly/*" in each for each in written)


def test_who_scores_cases_reads_neither_what_was_captured_nor_labels(template: Template) -> None:
    actions = {action for name, each in statements(template) if name == "CasesPolicy" for action in each["Action"]}
    assert actions == {"ssm:GetParametersByPath", "sagemaker:InvokeEndpoint", "s3:PutObject", "kms:GenerateDataKey"}


def test_each_role_of_jobs_and_schedules_is_passed_on_to_its_own_service(template: Template) -> None:
    services = {"SageMakerRole": "sagemaker", "MonitorRole": "sagemaker", "MonitorSchedulesRole": "scheduler"}
    passed: dict[str, set[str]] = {}
    for name, statement in statements(template):
        if "iam:PassRole" in statement["Action"]:
            (role,) = references(statement["Resource"])
            wanted = {"StringEquals": {"iam:PassedToService": f"{services[role]}.amazonaws.com"}}
            assert statement["Condition"] == wanted, name
            passed.setdefault(role, set()).add(name)
    assert passed["MonitorRole"] == {"StartMonitorPolicy", "WatchEndpointPolicy"}
    assert not passed["SageMakerRole"] & passed["MonitorRole"]


def test_what_looks_at_captured_cases_cannot_change_what_it_judges_by(template: Template) -> None:
    """Its jobs have a network: nothing that they read is theirs to write, but what SageMaker merges for them."""
    written, read = (_resources(template, "MonitorPolicy", f"s3:{verb}Object") for verb in ("Put", "Get"))
    assert written == {f"${{CaptureBucket.Arn}}/{folder}/*" for folder in ("reports", "merged", "model-monitor")}
    assert written & read == {"${CaptureBucket.Arn}/model-monitor/*"}
    assert "${ModelsBucket.Arn}/runs/*/baseline/*" in read


def test_the_role_that_trains_and_serves_captures_and_reads_nothing_of_it(template: Template) -> None:
    written, read = (_resources(template, "SageMakerPolicy", f"s3:{verb}Object") for verb in ("Put", "Get"))
    assert "${CaptureBucket.Arn}/captured/*" in written
    assert not [each for each in read | (written - {"${CaptureBucket.Arn}/captured/*"}) if "CaptureBucket" in each]


def test_looking_at_a_key_does_not_wait_for_a_grant_that_the_call_never_makes(template: Template) -> None:
    """kms:GrantIsForAWSResource is there for CreateGrant, ListGrants and RevokeGrant alone:
    docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html"""
    for name, statement in statements(template):
        if "kms:GrantIsForAWSResource" in str(statement.get("Condition")):
            assert set(statement["Action"]) <= {"kms:CreateGrant", "kms:ListGrants", "kms:RevokeGrant"}, name


def _resources(template: Template, policy: str, action: str) -> set[str]:
    found = [each["Resource"] for name, each in statements(template) if name == policy and action in each["Action"]]
    return {one["Fn::Sub"] for each in found for one in (each if isinstance(each, list) else [each])}
