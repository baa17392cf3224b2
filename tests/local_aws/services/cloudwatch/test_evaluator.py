"""Alarms are evaluated by period with a given time, act once for each change, and say why.

Sources: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html,
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html and
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-actions-Lambda.html
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from local_aws.api import ApiError, Context
from local_aws.services import event_bus
from local_aws.services.cloudwatch import alarm_operations as operations
from local_aws.services.cloudwatch import metrics
from local_aws.services.cloudwatch.evaluator import Evaluator
from local_aws.services.deliveries.orders import KIND as ORDERS

TOPIC = "arn:aws:sns:us-east-1:123456789012:t"
FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:f"
MINUTE = 60.0
#: A whole minute, some time.
T0 = 1_800_000_000.0
METRIC = metrics.Metric("app", "errors", (("stage", "prod"),))


class Bench:
    def __init__(self, aws: Context) -> None:
        self.aws = aws
        self.evaluator = Evaluator(aws)

    def alarm(self, name: str = "a", **settings: Any) -> None:
        single = {
            "Namespace": "app",
            "MetricName": "errors",
            "Dimensions": [{"Name": "stage", "Value": "prod"}],
            "Statistic": "Sum",
            "Period": 60,
        }
        request = {
            "AlarmName": name,
            "EvaluationPeriods": 1,
            "Threshold": 5.0,
            "ComparisonOperator": "GreaterThanThreshold",
            **({} if "Metrics" in settings else single),
            **settings,
        }
        operations.put_metric_alarm(self.aws, {key: value for key, value in request.items() if value is not None})

    def data(self, at: float, *values: float) -> None:
        with self.aws.store.transaction():
            metrics.record(self.aws, METRIC, metrics.sample_of_values(T0 + at, "None", values, [1.0] * len(values)))

    def look(self, at: float, name: str = "a", *, new_data: bool = False) -> str:
        self.evaluator.look(T0 + at, new_data=new_data)
        return str(self.describe(name)["StateValue"])

    def describe(self, name: str = "a") -> dict[str, Any]:
        answer = operations.describe_alarms(self.aws, {"AlarmNames": [name]})
        found: list[dict[str, Any]] = [*answer["MetricAlarms"], *answer["CompositeAlarms"]]
        return found[0]

    def orders(self) -> list[dict[str, Any]]:
        return [order for _, order in self.aws.store.list(ORDERS)]


@pytest.fixture
def bench(make_context: Callable[..., Context]) -> Bench:
    return Bench(make_context())


def test_a_period_counts_when_it_has_ended(bench: Bench) -> None:
    bench.alarm(TreatMissingData="notBreaching")
    bench.data(0, 3, 4)
    assert bench.look(30) == "OK"
    assert bench.look(59.9, new_data=True) == "OK"
    assert bench.look(60) == "ALARM"


def test_alarm_goes_through_its_states_and_acts_once_for_each_change(bench: Bench) -> None:
    bench.alarm(AlarmActions=[TOPIC, FUNCTION], OKActions=[TOPIC], AlarmDescription="too many")
    bench.data(0, 7)
    assert [bench.look(at) for at in (60, 61, 119)] == ["ALARM", "ALARM", "ALARM"]
    assert [order["arn"] for order in bench.orders()] == [TOPIC, FUNCTION]
    bench.data(60, 1)
    assert bench.look(120) == "OK"
    assert [order["arn"] for order in bench.orders()] == [TOPIC, FUNCTION, TOPIC]
    # Two periods more than are evaluated are looked at.
    assert [bench.look(at) for at in (180, 240, 300)] == ["OK", "OK", "INSUFFICIENT_DATA"]
    changes = [event["detail"] for event in event_bus.pending(bench.aws)]
    assert [(change["previousState"]["value"], change["state"]["value"]) for change in changes] == [
        ("INSUFFICIENT_DATA", "ALARM"),
        ("ALARM", "OK"),
        ("OK", "INSUFFICIENT_DATA"),
    ]
    items = operations.describe_alarm_history(bench.aws, {"AlarmName": "a", "ScanBy": "TimestampAscending"})
    updates = [
        item["HistorySummary"] for item in items["AlarmHistoryItems"] if item["HistoryItemType"] == "StateUpdate"
    ]
    assert updates == [
        "Alarm updated from INSUFFICIENT_DATA to ALARM",
        "Alarm updated from ALARM to OK",
        "Alarm updated from OK to INSUFFICIENT_DATA",
    ]


def test_reason_and_messages_tell_the_datapoints(bench: Bench) -> None:
    bench.alarm(AlarmActions=[TOPIC, FUNCTION], EvaluationPeriods=3, DatapointsToAlarm=2)
    for at, value in ((0, 7), (60, 1), (120, 8)):
        bench.data(at, value)
    assert bench.look(180) == "ALARM"
    told = bench.describe()
    stamps = [datetime.fromtimestamp(T0 + at, UTC).strftime("%d/%m/%y %H:%M:%S") for at in (120, 0)]
    assert told["StateReason"] == (
        f"Threshold Crossed: 2 out of the last 3 datapoints [8.0 ({stamps[0]}), 7.0 ({stamps[1]})] were greater than "
        "the threshold (5.0) (minimum 2 datapoints for OK -> ALARM transition)."
    )
    data = json.loads(told["StateReasonData"])
    assert (data["recentDatapoints"], data["threshold"], data["period"]) == ([7.0, 1.0, 8.0], 5.0, 60)
    topic, function = bench.orders()
    assert topic["parameters"]["Subject"] == 'ALARM: "a" in US East (N. Virginia)'
    message = json.loads(topic["payload"])
    assert (message["NewStateValue"], message["OldStateValue"]) == ("ALARM", "INSUFFICIENT_DATA")
    assert message["Trigger"]["Dimensions"] == [{"name": "stage", "value": "prod"}]
    invocation = json.loads(function["payload"])
    assert invocation["alarmData"]["state"]["value"] == "ALARM"
    assert invocation["alarmData"]["configuration"]["metrics"][0]["metricStat"]["stat"] == "Sum"
    (event,) = event_bus.pending(bench.aws)
    assert (event["source"], event["detail-type"]) == ("aws.cloudwatch", "CloudWatch Alarm State Change")


def test_high_resolution_alarm_looks_at_tens_of_seconds(bench: Bench) -> None:
    bench.alarm(Period=10, TreatMissingData="notBreaching")
    bench.data(3, 9)
    assert [bench.look(at) for at in (5, 10)] == ["OK", "ALARM"]


def test_percentile_and_math_alarms(bench: Bench) -> None:
    bench.alarm("p", Statistic=None, ExtendedStatistic="p50", Threshold=8.5)
    metric = {"Namespace": "app", "MetricName": "errors", "Dimensions": [{"Name": "stage", "Value": "prod"}]}
    stats = [
        {"Id": f"m{number}", "MetricStat": {"Metric": metric, "Period": 60, "Stat": stat}, "ReturnData": False}
        for number, stat in enumerate(("p90", "SampleCount"), 1)
    ]
    bench.alarm("math", Metrics=[{"Id": "e", "Expression": "IF(m2 > 2, m1, 0)", "ReturnData": True}, *stats])
    bench.data(0, 9, 9, 9)
    bench.data(60, 9)
    assert [bench.look(at, "math") for at in (60, 120)] == ["ALARM", "OK"]
    assert bench.look(120, "p") == "ALARM"


def test_composite_alarm_follows_its_children(bench: Bench) -> None:
    bench.alarm("child")
    operations.put_composite_alarm(
        bench.aws, {"AlarmName": "all", "AlarmRule": 'ALARM("child") AND NOT OK("child")', "AlarmActions": [TOPIC]}
    )
    operations.put_composite_alarm(bench.aws, {"AlarmName": "above", "AlarmRule": "ALARM(all)"})
    assert bench.look(0, "above") == "OK"
    bench.data(0, 9)
    assert bench.look(60, "above") == "ALARM"
    assert [order["arn"] for order in bench.orders()] == [TOPIC]
    with pytest.raises(ApiError, match="depend on itself"):
        operations.put_composite_alarm(bench.aws, {"AlarmName": "all", "AlarmRule": "ALARM(above)"})
    with pytest.raises(ApiError, match="unknown alarms nobody"):
        operations.put_composite_alarm(bench.aws, {"AlarmName": "x", "AlarmRule": "ALARM(nobody)"})
    parents = operations.describe_alarms(bench.aws, {"ParentsOfAlarmName": "child"})["CompositeAlarms"]
    assert [alarm["AlarmName"] for alarm in parents] == ["all"]


def test_set_state_acts_at_once_unless_actions_are_disabled(bench: Bench) -> None:
    bench.alarm(AlarmActions=[TOPIC])
    operations.disable_alarm_actions(bench.aws, {"AlarmNames": ["a"]})
    request = {"AlarmName": "a", "StateValue": "ALARM", "StateReason": "a drill"}
    operations.set_alarm_state(bench.aws, request)
    assert (bench.describe()["StateValue"], bench.describe()["StateReason"], bench.orders()) == ("ALARM", "a drill", [])
    operations.enable_alarm_actions(bench.aws, {"AlarmNames": ["a"]})
    operations.set_alarm_state(bench.aws, {**request, "StateValue": "OK"})
    operations.set_alarm_state(bench.aws, request)
    operations.set_alarm_state(bench.aws, request)
    assert len(bench.orders()) == 1
    with pytest.raises(ApiError, match="Unknown alarm"):
        operations.set_alarm_state(bench.aws, {**request, "AlarmName": "nobody"})


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"Period": 45}, "Period must be"),
        ({"ExtendedStatistic": "p99"}, "Exactly one of"),
        ({"Statistic": "Median"}, "is none of"),
        ({"DatapointsToAlarm": 2}, "DatapointsToAlarm"),
        ({"TreatMissingData": "hope"}, "TreatMissingData"),
        ({"EvaluationPeriods": 1441}, "must not exceed"),
        ({"AlarmActions": ["arn:aws:automate:us-east-1:ec2:stop"]}, "only SNS topics and functions"),
        ({"ThresholdMetricId": "ad1"}, "not provided"),
        ({"Metrics": [{"Id": "e", "Expression": "SEARCH('a')"}]}, "cannot be read|not provided"),
    ],
)
def test_alarm_that_cannot_work_is_refused(bench: Bench, change: dict[str, Any], said: str) -> None:
    with pytest.raises(ApiError, match=said):
        bench.alarm(**change)


def test_changed_alarm_keeps_its_state_and_a_deleted_one_its_history(bench: Bench) -> None:
    bench.alarm()
    bench.data(0, 9)
    bench.look(60)
    bench.alarm(Threshold=100.0)
    assert bench.describe()["StateValue"] == "ALARM"
    assert bench.look(61) == "OK"
    operations.delete_alarms(bench.aws, {"AlarmNames": ["a"]})
    bench.evaluator.look(T0 + 200, new_data=True)
    items = operations.describe_alarm_history(bench.aws, {"AlarmName": "a"})["AlarmHistoryItems"]
    told = [item["HistorySummary"] for item in items if item["HistoryItemType"] == "ConfigurationUpdate"]
    assert sorted(told) == ['Alarm "a" created', 'Alarm "a" deleted', 'Alarm "a" updated']
