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
    assert {"StartMonitorPolicy", "SageMakerPolicy"} <= {name for name, _ in found}
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


def test_only_the_sagemaker_role_and_that_of_schedules_are_passed_on_each_to_its_own_service(
    template: Template,
) -> None:
    services = {"SageMakerRole": "sagemaker.amazonaws.com", "MonitorSchedulesRole": "scheduler.amazonaws.com"}
    for name, statement in statements(template):
        if "iam:PassRole" in statement["Action"]:
            (role,) = references(statement["Resource"])
            assert statement["Condition"] == {"StringEquals": {"iam:PassedToService": services[role]}}, name
