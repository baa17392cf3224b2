"""A change of an alarm's state: kept, remembered, announced on the bus, and acted upon.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from local_aws.api import Context
from local_aws.services import deliveries, event_bus
from local_aws.services.cloudwatch import alarms
from local_aws.times import epoch_milliseconds, iso_milliseconds

ACTIONS_OF = {
    alarms.ALARM: "AlarmActions",
    alarms.OK: "OKActions",
    alarms.INSUFFICIENT: "InsufficientDataActions",
}
REGION_NAMES = {"us-east-1": "US East (N. Virginia)"}


def move(aws: Context, alarm: dict[str, Any], state: str, reason: str, data: dict[str, Any], now: datetime) -> None:
    """Bring the alarm into ``state``, inside the caller's transaction. The same state only renews the reason."""
    previous = _state(alarm)
    changed = previous["value"] != state
    alarm.update(StateValue=state, StateReason=reason, StateUpdatedTimestamp=now)
    alarm["StateReasonData"] = json.dumps(data) if data else None
    if changed:
        alarm["StateTransitionedTimestamp"] = now
    alarms.keep(aws, alarm)
    if not changed:
        return
    old, new = previous["value"], state
    change = {"oldState": {"stateValue": old, "stateReason": previous["reason"]}}
    change["newState"] = {"stateValue": new, "stateReason": reason, **({"stateReasonData": data} if data else {})}
    alarms.remember(aws, alarm, "StateUpdate", f"Alarm updated from {old} to {new}", change, now)
    detail = {
        "alarmName": alarm["AlarmName"],
        "configuration": configuration(alarm),
        "previousState": previous,
        "state": _state(alarm),
    }
    event_bus.emit(aws, "aws.cloudwatch", "CloudWatch Alarm State Change", [alarm["AlarmArn"]], detail)
    if alarm["ActionsEnabled"]:
        for arn in alarm[ACTIONS_OF[state]]:
            _act(aws, alarm, arn, previous, now)


def _state(alarm: dict[str, Any]) -> dict[str, Any]:
    data = alarm.get("StateReasonData")
    return {
        "value": alarm["StateValue"],
        "reason": alarm["StateReason"],
        "timestamp": _time(alarm["StateUpdatedTimestamp"]),
        **({"reasonData": data} if data else {}),
    }


def _time(moment: datetime) -> str:
    return iso_milliseconds(moment, "+0000")


def configuration(alarm: dict[str, Any]) -> dict[str, Any]:
    """The alarm's settings as its events tell them."""
    told: dict[str, Any] = {"description": alarm["AlarmDescription"]} if alarm.get("AlarmDescription") else {}
    if alarm["Type"] == alarms.COMPOSITE:
        return {**told, "alarmRule": alarm["AlarmRule"]}
    return {**told, "metrics": [_query(query) for query in queries_of(alarm)]}


def queries_of(alarm: dict[str, Any]) -> list[dict[str, Any]]:
    """The alarm's queries; one for an alarm on a single metric."""
    if alarm.get("Metrics"):
        return list(alarm["Metrics"])
    metric = {name: alarm[name] for name in ("Namespace", "MetricName", "Dimensions")}
    stat = {"Metric": metric, "Period": alarm["Period"], "Stat": alarm.get("Statistic") or alarm["ExtendedStatistic"]}
    if alarm.get("Unit"):
        stat["Unit"] = alarm["Unit"]
    return [{"Id": "m1", "MetricStat": stat, "ReturnData": True}]


def _query(query: dict[str, Any]) -> dict[str, Any]:
    told = {"id": query["Id"], "returnData": query.get("ReturnData", True)}
    if "Expression" in query:
        return {**told, "expression": query["Expression"]}
    stat = query["MetricStat"]
    dimensions = {each["Name"]: each["Value"] for each in stat["Metric"].get("Dimensions", [])}
    metric = {"namespace": stat["Metric"]["Namespace"], "name": stat["Metric"]["MetricName"], "dimensions": dimensions}
    return {**told, "metricStat": {"metric": metric, "period": stat["Period"], "stat": stat["Stat"]}}


def _act(aws: Context, alarm: dict[str, Any], arn: str, previous: dict[str, Any], now: datetime) -> None:
    if ":lambda:" in arn:
        deliveries.add(aws, {"arn": arn, "payload": json.dumps(_invocation(aws, alarm, previous, now))})
    else:
        subject = f'{alarm["StateValue"]}: "{alarm["AlarmName"]}" in {REGION_NAMES.get(aws.region, aws.region)}'
        message = json.dumps(_notification(aws, alarm, previous, now))
        deliveries.add(aws, {"arn": arn, "payload": message, "parameters": {"Subject": subject[:100]}})
    action = {
        "actionState": "Succeeded",
        "notificationResource": arn,
        "stateUpdateTimestamp": epoch_milliseconds(now),
    }
    alarms.remember(aws, alarm, "Action", f"Successfully executed action {arn}", action, now)


def _invocation(aws: Context, alarm: dict[str, Any], previous: dict[str, Any], now: datetime) -> dict[str, Any]:
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-actions-Lambda.html"""
    return {
        "source": "aws.cloudwatch",
        "alarmArn": alarm["AlarmArn"],
        "accountId": aws.account,
        "time": _time(now),
        "region": aws.region,
        "alarmData": {
            "alarmName": alarm["AlarmName"],
            "state": _state(alarm),
            "previousState": previous,
            "configuration": configuration(alarm),
        },
    }


def _notification(aws: Context, alarm: dict[str, Any], previous: dict[str, Any], now: datetime) -> dict[str, Any]:
    """What alarms publish to a topic, by recorded messages."""
    told = {
        "AlarmName": alarm["AlarmName"],
        "AlarmDescription": alarm.get("AlarmDescription"),
        "AWSAccountId": aws.account,
        "AlarmConfigurationUpdatedTimestamp": _time(alarm["AlarmConfigurationUpdatedTimestamp"]),
        "NewStateValue": alarm["StateValue"],
        "NewStateReason": alarm["StateReason"],
        "StateChangeTime": _time(now),
        "Region": REGION_NAMES.get(aws.region, aws.region),
        "AlarmArn": alarm["AlarmArn"],
        "OldStateValue": previous["value"],
        **{name: alarm[name] for name in ("OKActions", "AlarmActions", "InsufficientDataActions")},
    }
    if alarm["Type"] == alarms.COMPOSITE:
        return {**told, "AlarmRule": alarm["AlarmRule"]}
    settings = ("MetricName", "Namespace", "Statistic", "ExtendedStatistic", "Unit", "Period", "EvaluationPeriods",
                "DatapointsToAlarm", "ComparisonOperator", "Threshold", "TreatMissingData", "Metrics")  # fmt: skip
    dimensions = [{"name": each["Name"], "value": each["Value"]} for each in alarm.get("Dimensions") or []]
    trigger = {name: alarm[name] for name in settings if alarm.get(name) is not None}
    return {**told, "Trigger": {**trigger, "Dimensions": dimensions}}
