"""Metrics and alarms over HTTP.

Sources: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html and
https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from local_server import LocalServer

pytestmark = pytest.mark.stack


@pytest.fixture
def cloudwatch(local_aws_server: LocalServer) -> Any:
    return local_aws_server.client("cloudwatch")


def minutes_ago(number: int) -> datetime:
    return (datetime.now(UTC) - timedelta(minutes=number)).replace(second=0, microsecond=0)


def test_data_come_back_by_period_statistic_unit_and_expression(cloudwatch: Any) -> None:
    namespace, dimensions = uuid.uuid4().hex, [{"Name": "d", "Value": "v"}]
    first, second = minutes_ago(5), minutes_ago(4)
    datum = {"MetricName": "m", "Dimensions": dimensions, "Unit": "Seconds"}
    summary = {"SampleCount": 2, "Sum": 30, "Minimum": 10, "Maximum": 20}
    cloudwatch.put_metric_data(
        Namespace=namespace,
        MetricData=[
            {**datum, "Timestamp": first, "Values": [1, 2, 10], "Counts": [1, 2, 1]},
            {**datum, "Timestamp": second, "StatisticValues": summary},
            {**datum, "Timestamp": second, "Unit": "Count", "Value": 99},
        ],
    )
    listed = cloudwatch.list_metrics(Namespace=namespace, RecentlyActive="PT3H")["Metrics"]
    assert listed == [{"Namespace": namespace, "MetricName": "m", "Dimensions": dimensions}]
    span = {"StartTime": first, "EndTime": datetime.now(UTC)}
    asked = {"Namespace": namespace, "MetricName": "m", "Dimensions": dimensions, "Period": 60, "Unit": "Seconds"}
    points = cloudwatch.get_metric_statistics(**asked, **span, Statistics=["Sum", "Average"])["Datapoints"]
    assert [(p["Timestamp"], p["Sum"], p["Average"], p["Unit"]) for p in points] == [
        (first, 15.0, 3.75, "Seconds"),
        (second, 30.0, 15.0, "Seconds"),
    ]
    (point,) = cloudwatch.get_metric_statistics(**asked, StartTime=first, EndTime=second, ExtendedStatistics=["p50"])[
        "Datapoints"
    ]
    assert point["ExtendedStatistics"] == {"p50": 2.0}
    metric = {"Namespace": namespace, "MetricName": "m", "Dimensions": dimensions}
    stat = {"Metric": metric, "Period": 60, "Stat": "Sum", "Unit": "Seconds"}
    answer = cloudwatch.get_metric_data(
        **span,
        ScanBy="TimestampAscending",
        MetricDataQueries=[{"Id": "m1", "MetricStat": stat, "ReturnData": False}, {"Id": "e", "Expression": "m1 * 2"}],
    )
    (result,) = answer["MetricDataResults"]
    assert (result["Id"], result["Timestamps"], result["Values"]) == ("e", [first, second], [30.0, 60.0])


@pytest.mark.parametrize(
    ("datum", "code"),
    [
        ({}, "MissingParameter"),
        ({"Value": 1.0, "Values": [1.0]}, "InvalidParameterCombination"),
        ({"Values": [1.0, 2.0], "Counts": [1.0]}, "InvalidParameterValue"),
        ({"Value": 1.0, "Timestamp": datetime(2020, 1, 1, tzinfo=UTC)}, "InvalidParameterValue"),
    ],
)
def test_wrong_data_are_refused(cloudwatch: Any, datum: dict[str, Any], code: str) -> None:
    with pytest.raises(ClientError) as caught:
        cloudwatch.put_metric_data(Namespace="n", MetricData=[{"MetricName": "m", **datum}])
    assert caught.value.response["Error"]["Code"].startswith(code)


def test_alarm_reaches_its_topic_and_the_bus_as_soon_as_data_arrive(
    local_aws_server: LocalServer, cloudwatch: Any, eventually: Callable[..., Any]
) -> None:
    events, sns, sqs = (local_aws_server.client(name) for name in ("events", "sns", "sqs"))
    name = uuid.uuid4().hex
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    queue = f"arn:aws:sqs:us-east-1:123456789012:{name}"
    topic = sns.create_topic(Name=name)["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue)
    pattern = {"source": ["aws.cloudwatch"], "detail": {"alarmName": [name], "state": {"value": ["ALARM"]}}}
    events.put_rule(Name=name, EventPattern=json.dumps(pattern))
    events.put_targets(Rule=name, Targets=[{"Id": "q", "Arn": queue}])
    cloudwatch.put_metric_alarm(
        AlarmName=name,
        Namespace=name,
        MetricName="m",
        Statistic="Maximum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=5,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        AlarmActions=[topic],
        Tags=[{"Key": "k", "Value": "v"}],
    )
    (alarm,) = cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"]
    assert alarm["StateReason"] == "Unchecked: Initial alarm creation"
    assert cloudwatch.list_tags_for_resource(ResourceARN=alarm["AlarmArn"])["Tags"] == [{"Key": "k", "Value": "v"}]
    cloudwatch.put_metric_data(
        Namespace=name, MetricData=[{"MetricName": "m", "Value": 5.0, "Timestamp": minutes_ago(1)}]
    )
    bodies: list[Any] = []

    def both_there() -> bool:
        for message in sqs.receive_message(QueueUrl=url, WaitTimeSeconds=2).get("Messages", []):
            bodies.append(json.loads(message["Body"]))
        return len(bodies) == 2

    eventually(both_there)
    event = next(body for body in bodies if "detail" in body)
    notice = next(body for body in bodies if body.get("Type") == "Notification")
    assert event["resources"] == [alarm["AlarmArn"]]
    assert notice["Subject"] == f'ALARM: "{name}" in US East (N. Virginia)'
    assert json.loads(notice["Message"])["NewStateValue"] == "ALARM"
    with pytest.raises(cloudwatch.exceptions.ResourceNotFound):
        cloudwatch.set_alarm_state(AlarmName="nobody", StateValue="OK", StateReason="r")


def test_alarm_its_data_and_its_history_survive_a_kill(own_server: Callable[..., LocalServer]) -> None:
    server = own_server()
    cloudwatch = server.client("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName="kept",
        Namespace="n",
        MetricName="m",
        Statistic="Sum",
        Period=86_400,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
        TreatMissingData="ignore",
    )
    cloudwatch.put_metric_data(Namespace="n", MetricData=[{"MetricName": "m", "Value": 2.0}])
    cloudwatch.set_alarm_state(AlarmName="kept", StateValue="ALARM", StateReason="a drill")
    server.kill()
    server.start()
    (alarm,) = cloudwatch.describe_alarms(StateValue="ALARM")["MetricAlarms"]
    assert alarm["AlarmName"] == "kept"
    items = cloudwatch.describe_alarm_history(AlarmName="kept", HistoryItemType="StateUpdate")["AlarmHistoryItems"]
    assert items[0]["HistorySummary"] == "Alarm updated from INSUFFICIENT_DATA to ALARM"
    assert len(cloudwatch.list_metrics(Namespace="n")["Metrics"]) == 1
