"""Making, describing, switching and deleting alarms."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from local_aws.api import ApiError, Context, NotOursError, operation
from local_aws.services.bells import bell_of
from local_aws.services.cloudwatch import alarm_rules, alarms
from local_aws.services.cloudwatch.alarm_checks import ACTIONS, check_composite_alarm, check_metric_alarm
from local_aws.services.cloudwatch.data_operations import ALARMS
from local_aws.services.cloudwatch.metrics import metric_of
from local_aws.services.cloudwatch.transitions import move, queries_of
from local_aws.services.pages import numbered_page

DEFAULT_PAGE = 50


@operation("cloudwatch", "PutMetricAlarm")
def put_metric_alarm(aws: Context, request: dict[str, Any]) -> None:
    check_metric_alarm(request)
    _put(aws, alarms.METRIC, {"Dimensions": [], **request} if "Metrics" not in request else request)


@operation("cloudwatch", "PutCompositeAlarm")
def put_composite_alarm(aws: Context, request: dict[str, Any]) -> None:
    check_composite_alarm(aws, request)
    _put(aws, alarms.COMPOSITE, request)


def _put(aws: Context, kind: str, request: dict[str, Any]) -> None:
    """A new alarm begins without data; an old one keeps its state and takes the new settings."""
    now, name = datetime.now(UTC), request["AlarmName"]
    settings = {key: value for key, value in request.items() if key not in ("Tags", "ActionConfiguration")}
    with aws.store.transaction():
        old = aws.store.get(alarms.KIND, name)
        if old is not None and old["Type"] != kind:
            raise ApiError("ValidationError", f"{name} is a {old['Type']}: delete it first, or choose another name")
        state = old or {
            "StateValue": alarms.INSUFFICIENT,
            "StateReason": "Unchecked: Initial alarm creation",
            "StateUpdatedTimestamp": now,
            "StateTransitionedTimestamp": now,
            "Tags": request.get("Tags", []),
        }
        alarm = {
            "ActionsEnabled": True,
            **{action: [] for action in ACTIONS},
            **settings,
            **{key: value for key, value in state.items() if key.startswith("State") or key == "Tags"},
            "Type": kind,
            "AlarmArn": alarms.arn_of(aws, name),
            "AlarmConfigurationUpdatedTimestamp": now,
        }
        alarms.keep(aws, alarm)
        done = "created" if old is None else "updated"
        _remember_settings(aws, alarm, done, now)
    bell_of(aws.store, ALARMS).set()


def _remember_settings(aws: Context, alarm: dict[str, Any], done: str, now: datetime) -> None:
    kind = {"created": "Create", "updated": "Update", "deleted": "Delete"}[done]
    alarms.remember(aws, alarm, "ConfigurationUpdate", f'Alarm "{alarm["AlarmName"]}" {done}', {"type": kind}, now)


@operation("cloudwatch", "DescribeAlarms")
def describe_alarms(aws: Context, request: dict[str, Any]) -> dict[str, Any]:
    kinds = request.get("AlarmTypes") or [alarms.METRIC]
    if "AlarmNames" in request and "AlarmTypes" not in request:
        kinds = [alarms.METRIC, alarms.COMPOSITE]
    if "ParentsOfAlarmName" in request:
        kinds = [alarms.COMPOSITE]
    elif "ChildrenOfAlarmName" in request:
        kinds = [alarms.METRIC, alarms.COMPOSITE]
    found = [alarm for alarm in alarms.every(aws) if alarm["Type"] in kinds and _is_wanted(aws, alarm, request)]
    page, more = _page(sorted(found, key=lambda alarm: str(alarm["AlarmName"])), request)
    return {
        "MetricAlarms": [alarms.described(alarm) for alarm in page if alarm["Type"] == alarms.METRIC],
        "CompositeAlarms": [alarms.described(alarm) for alarm in page if alarm["Type"] == alarms.COMPOSITE],
        **more,
    }


def _is_wanted(aws: Context, alarm: dict[str, Any], request: dict[str, Any]) -> bool:
    name: str = alarm["AlarmName"]
    if "ParentsOfAlarmName" in request:
        return request["ParentsOfAlarmName"] in alarm_rules.parsed(alarm["AlarmRule"]).children
    if "ChildrenOfAlarmName" in request:
        parent = alarms.find(aws, request["ChildrenOfAlarmName"])
        return "AlarmRule" in parent and name in alarm_rules.parsed(parent["AlarmRule"]).children
    if "ActionPrefix" in request:
        actions = [arn for action in ACTIONS for arn in alarm[action]]
        if not any(arn.startswith(request["ActionPrefix"]) for arn in actions):
            return False
    return (
        (not request.get("AlarmNames") or name in request["AlarmNames"])
        and name.startswith(request.get("AlarmNamePrefix", ""))
        and request.get("StateValue") in (None, alarm["StateValue"])
    )


def _page(items: list[dict[str, Any]], request: dict[str, Any]) -> tuple[list[dict[str, Any]], dict[str, str]]:
    refusal = ApiError("InvalidNextToken", "The next token specified is invalid.")
    return numbered_page(items, request, request.get("MaxRecords", DEFAULT_PAGE), refusal)


@operation("cloudwatch", "DescribeAlarmsForMetric")
def describe_alarms_for_metric(aws: Context, request: dict[str, Any]) -> dict[str, Any]:
    wanted = metric_of(request)

    def watches(alarm: dict[str, Any]) -> bool:
        stats = [query["MetricStat"] for query in queries_of(alarm) if "MetricStat" in query]
        statistic = request.get("Statistic") or request.get("ExtendedStatistic")
        return any(
            metric_of(stat["Metric"]) == wanted
            and statistic in (None, stat["Stat"])
            and request.get("Period") in (None, stat["Period"])
            for stat in stats
        )

    found = [alarm for alarm in alarms.every(aws) if alarm["Type"] == alarms.METRIC and watches(alarm)]
    return {"MetricAlarms": [alarms.described(alarm) for alarm in found]}


@operation("cloudwatch", "DescribeAlarmHistory")
def describe_alarm_history(aws: Context, request: dict[str, Any]) -> dict[str, Any]:
    names = [request["AlarmName"]] if "AlarmName" in request else [alarm["AlarmName"] for alarm in alarms.every(aws)]
    kinds = request.get("AlarmTypes") or [alarms.METRIC]
    items = [
        item
        for name in names
        for _, item in aws.store.read(alarms.history_stream(name))
        if request.get("HistoryItemType") in (None, item["HistoryItemType"])
        and (item["AlarmType"] in kinds or "AlarmName" in request)
        and request.get("StartDate", item["Timestamp"])
        <= item["Timestamp"]
        <= request.get("EndDate", item["Timestamp"])
    ]
    items.sort(key=lambda item: item["Timestamp"])
    if request.get("ScanBy", "TimestampDescending") == "TimestampDescending":
        items.reverse()
    page, more = _page(items, request)
    return {"AlarmHistoryItems": page, **more}


@operation("cloudwatch", "SetAlarmState")
def set_alarm_state(aws: Context, request: dict[str, Any]) -> None:
    """Until the next evaluation, which may come within a second."""
    data = {}
    if request.get("StateReasonData"):
        try:
            data = json.loads(request["StateReasonData"])
        except ValueError as error:
            raise ApiError("InvalidFormat", "StateReasonData is not JSON") from error
    with aws.store.transaction():
        alarm = alarms.find(aws, request["AlarmName"])
        move(aws, alarm, request["StateValue"], request["StateReason"], data, datetime.now(UTC))


@operation("cloudwatch", "EnableAlarmActions")
def enable_alarm_actions(aws: Context, request: dict[str, Any]) -> None:
    _switch(aws, request["AlarmNames"], enabled=True)


@operation("cloudwatch", "DisableAlarmActions")
def disable_alarm_actions(aws: Context, request: dict[str, Any]) -> None:
    _switch(aws, request["AlarmNames"], enabled=False)


def _switch(aws: Context, names: list[str], *, enabled: bool) -> None:
    with aws.store.transaction():
        for name in names:
            alarm = aws.store.get(alarms.KIND, name)
            if alarm is not None:
                alarms.keep(aws, {**alarm, "ActionsEnabled": enabled})


@operation("cloudwatch", "DeleteAlarms")
def delete_alarms(aws: Context, request: dict[str, Any]) -> None:
    with aws.store.transaction():
        for name in request["AlarmNames"]:
            alarm = aws.store.get(alarms.KIND, name)
            if alarm is not None:
                aws.store.delete(alarms.KIND, name)
                _remember_settings(aws, alarm, "deleted", datetime.now(UTC))


def _tagged(aws: Context, request: dict[str, Any]) -> dict[str, Any]:
    """The alarm whose tags are asked for; what is no alarm is moto's."""
    alarm = aws.store.get(alarms.KIND, request["ResourceARN"].partition(":alarm:")[2])
    if alarm is None:
        raise NotOursError
    return alarm


@operation("cloudwatch", "ListTagsForResource")
def list_tags_for_resource(aws: Context, request: dict[str, Any]) -> dict[str, Any]:
    return {"Tags": _tagged(aws, request)["Tags"]}


@operation("cloudwatch", "TagResource")
def tag_resource(aws: Context, request: dict[str, Any]) -> None:
    with aws.store.transaction():
        alarm = _tagged(aws, request)
        tags = {tag["Key"]: tag["Value"] for tag in [*alarm["Tags"], *request["Tags"]]}
        alarms.keep(aws, {**alarm, "Tags": [{"Key": key, "Value": value} for key, value in tags.items()]})


@operation("cloudwatch", "UntagResource")
def untag_resource(aws: Context, request: dict[str, Any]) -> None:
    with aws.store.transaction():
        alarm = _tagged(aws, request)
        alarms.keep(aws, {**alarm, "Tags": [tag for tag in alarm["Tags"] if tag["Key"] not in request["TagKeys"]]})
