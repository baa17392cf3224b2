"""What happens by itself: CloudWatch alarms, schedules, event buses, outcomes of asynchronous events."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from local_aws.services.cloudformation.resources.registry import (
    Created,
    Properties,
    Site,
    chosen,
    creates,
    deletes,
    flag,
    tags,
    updates,
    whole_numbers,
)

ACTIONS = ("AlarmActions", "OKActions", "InsufficientDataActions", "AlarmDescription")
ALARM_TEXTS = (
    *ACTIONS,
    "ComparisonOperator",
    "Dimensions",
    "ExtendedStatistic",
    "MetricName",
    "Metrics",
    "Namespace",
    "Statistic",
    "TreatMissingData",
    "Unit",
)
ALARM_NUMBERS = ("DatapointsToAlarm", "EvaluationPeriods", "Period")
SCHEDULE_TEXTS = (
    "ActionAfterCompletion",
    "Description",
    "FlexibleTimeWindow",
    "GroupName",
    "ScheduleExpression",
    "ScheduleExpressionTimezone",
    "State",
    "Target",
)
SCHEDULE_DATES = ("StartDate", "EndDate")


@creates(
    "AWS::CloudWatch::Alarm", properties=("AlarmName", "ActionsEnabled", "Threshold", *ALARM_TEXTS, *ALARM_NUMBERS)
)
def create_alarm(site: Site, properties: Properties) -> Created:
    return _put_alarm(site, properties.get("AlarmName") or site.generated_name(255), properties)


@updates("AWS::CloudWatch::Alarm")
def update_alarm(site: Site, physical_id: str, properties: Properties) -> Created:
    return _put_alarm(site, physical_id, properties)


def _put_alarm(site: Site, name: str, properties: Properties) -> Created:
    request = {**chosen(properties, *ALARM_TEXTS), **whole_numbers(properties, *ALARM_NUMBERS)}
    if "Threshold" in properties:
        request["Threshold"] = float(properties["Threshold"])
    _set_common(request, properties)
    site.client("cloudwatch").put_metric_alarm(AlarmName=name, **request)
    return Created(name, {"Arn": site.aws.arn("cloudwatch", f"alarm:{name}")})


def _set_common(request: Properties, properties: Properties) -> None:
    if "ActionsEnabled" in properties:
        request["ActionsEnabled"] = flag(properties["ActionsEnabled"])
    own_tags = [{"Key": key, "Value": value} for key, value in tags(properties).items()]
    if own_tags:
        request["Tags"] = own_tags


@creates("AWS::CloudWatch::CompositeAlarm", properties=("AlarmName", "ActionsEnabled", "AlarmRule", *ACTIONS))
def create_composite_alarm(site: Site, properties: Properties) -> Created:
    return _put_composite_alarm(site, properties.get("AlarmName") or site.generated_name(255), properties)


@updates("AWS::CloudWatch::CompositeAlarm")
def update_composite_alarm(site: Site, physical_id: str, properties: Properties) -> Created:
    return _put_composite_alarm(site, physical_id, properties)


def _put_composite_alarm(site: Site, name: str, properties: Properties) -> Created:
    request = chosen(properties, "AlarmRule", *ACTIONS)
    _set_common(request, properties)
    site.client("cloudwatch").put_composite_alarm(AlarmName=name, **request)
    return Created(name, {"Arn": site.aws.arn("cloudwatch", f"alarm:{name}")})


@deletes("AWS::CloudWatch::Alarm")
@deletes("AWS::CloudWatch::CompositeAlarm")
def delete_alarm(site: Site, physical_id: str) -> None:
    site.client("cloudwatch").delete_alarms(AlarmNames=[physical_id])


@creates("AWS::Scheduler::ScheduleGroup", properties=("Name",))
def create_schedule_group(site: Site, properties: Properties) -> Created:
    name = properties.get("Name") or site.generated_name(64)
    return Created(name, {"Arn": site.client("scheduler").create_schedule_group(Name=name)["ScheduleGroupArn"]})


@deletes("AWS::Scheduler::ScheduleGroup")
def delete_schedule_group(site: Site, physical_id: str) -> None:
    site.client("scheduler").delete_schedule_group(Name=physical_id)


@creates("AWS::Scheduler::Schedule", properties=("Name", *SCHEDULE_TEXTS, *SCHEDULE_DATES))
def create_schedule(site: Site, properties: Properties) -> Created:
    name = properties.get("Name") or site.generated_name(64)
    arn = site.client("scheduler").create_schedule(Name=name, **_schedule(properties))["ScheduleArn"]
    return Created(name, {"Arn": arn})


@updates("AWS::Scheduler::Schedule")
def update_schedule(site: Site, physical_id: str, properties: Properties) -> Created:
    arn = site.client("scheduler").update_schedule(Name=physical_id, **_schedule(properties))["ScheduleArn"]
    return Created(physical_id, {"Arn": arn})


@deletes("AWS::Scheduler::Schedule")
def delete_schedule(site: Site, physical_id: str) -> None:
    """``Ref`` is the name alone, so the group is looked up."""
    scheduler = site.client("scheduler")
    for page in scheduler.get_paginator("list_schedules").paginate(NamePrefix=physical_id):
        for schedule in page["Schedules"]:
            if schedule["Name"] == physical_id:
                scheduler.delete_schedule(Name=physical_id, GroupName=schedule["GroupName"])


def _schedule(properties: Properties) -> Properties:
    request = chosen(properties, *SCHEDULE_TEXTS)
    window = dict(request["FlexibleTimeWindow"])
    request["FlexibleTimeWindow"] = {**window, **whole_numbers(window, "MaximumWindowInMinutes")}
    for name in SCHEDULE_DATES:
        if name in properties:
            request[name] = datetime.fromisoformat(properties[name])
    return request


@creates("AWS::Events::EventBus", properties=("Name", "Description"))
def create_event_bus(site: Site, properties: Properties) -> Created:
    name = properties["Name"]
    arn = site.client("events").create_event_bus(Name=name, **chosen(properties, "Description"))["EventBusArn"]
    return Created(name, {"Arn": arn, "Name": name})


@deletes("AWS::Events::EventBus")
def delete_event_bus(site: Site, physical_id: str) -> None:
    site.client("events").delete_event_bus(Name=physical_id)


INVOKE_NUMBERS = ("MaximumRetryAttempts", "MaximumEventAgeInSeconds")


@creates(
    "AWS::Lambda::EventInvokeConfig",
    properties=("FunctionName", "Qualifier", "DestinationConfig", *INVOKE_NUMBERS),
)
def create_event_invoke_config(site: Site, properties: Properties) -> Created:
    request = {
        **chosen(properties, "FunctionName", "Qualifier", "DestinationConfig"),
        **whole_numbers(properties, *INVOKE_NUMBERS),
    }
    site.client("lambda").put_function_event_invoke_config(**request)
    return Created(f"{properties['FunctionName']}|{properties['Qualifier']}")


@deletes("AWS::Lambda::EventInvokeConfig")
def delete_event_invoke_config(site: Site, physical_id: str) -> None:
    site.client("lambda").delete_function_event_invoke_config(FunctionName=physical_id.partition("|")[0])


def bucket_notifications(configuration: dict[str, Any]) -> dict[str, Any]:
    """A bucket's ``NotificationConfiguration`` in a template, as the API wants it."""
    names = {"QueueConfigurations": "Queue", "TopicConfigurations": "Topic", "LambdaConfigurations": "Function"}
    request: dict[str, Any] = {}
    for name, target in names.items():
        if name not in configuration:
            continue
        kind = "LambdaFunction" if target == "Function" else target
        request[f"{kind}Configurations"] = [_notification(each, target, kind) for each in configuration[name]]
    bus = configuration.get("EventBridgeConfiguration")
    if bus is not None and flag(bus.get("EventBridgeEnabled", True)):
        request["EventBridgeConfiguration"] = {}
    return request


def _notification(each: dict[str, Any], target: str, kind: str) -> dict[str, Any]:
    told: dict[str, Any] = {f"{kind}Arn": each[target], "Events": [each["Event"]]}
    if "Filter" in each:
        told["Filter"] = {"Key": {"FilterRules": each["Filter"]["S3Key"]["Rules"]}}
    return told
