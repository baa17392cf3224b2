"""A stack of alarms, schedules, buses and notifications works, and goes away again.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-template-resource-type-ref.html
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from local_server import LocalServer

pytestmark = pytest.mark.stack

ROLE = "arn:aws:iam::123456789012:role/scheduler"


def template(name: str) -> str:
    queue = {"Fn::GetAtt": ["Queue", "Arn"]}
    metric = {"Namespace": name, "MetricName": "m", "Statistic": "Sum", "Period": "60", "EvaluationPeriods": 1}
    alarm = {
        **metric,
        "Threshold": "5",
        "ComparisonOperator": "GreaterThanThreshold",
        "AlarmActions": [{"Ref": "Topic"}],
    }
    rules = [{"Name": "suffix", "Value": ".csv"}]
    told = {"Queue": queue, "Event": "s3:ObjectCreated:*", "Filter": {"S3Key": {"Rules": rules}}}
    resources = {
        "Queue": ("AWS::SQS::Queue", {"QueueName": name}),
        "Topic": ("AWS::SNS::Topic", {"TopicName": name}),
        "Bucket": (
            "AWS::S3::Bucket",
            {"BucketName": name, "NotificationConfiguration": {"QueueConfigurations": [told]}},
        ),
        "Alarm": ("AWS::CloudWatch::Alarm", {"AlarmName": name, **alarm}),
        "Both": (
            "AWS::CloudWatch::CompositeAlarm",
            {"AlarmName": f"{name}-c", "AlarmRule": {"Fn::Sub": "ALARM(${Alarm})"}},
        ),
        "Bus": ("AWS::Events::EventBus", {"Name": name}),
        "Rule": (
            "AWS::Events::Rule",
            {
                "Name": name,
                "EventBusName": {"Ref": "Bus"},
                "EventPattern": {"source": ["stack.test"]},
                "Targets": [{"Id": "q", "Arn": queue}],
            },
        ),
        "Group": ("AWS::Scheduler::ScheduleGroup", {"Name": name}),
        "Schedule": (
            "AWS::Scheduler::Schedule",
            {
                "Name": name,
                "GroupName": {"Ref": "Group"},
                "ScheduleExpression": "rate(1 hour)",
                "FlexibleTimeWindow": {"Mode": "OFF"},
                "Target": {"Arn": queue, "RoleArn": ROLE, "Input": "tick"},
            },
        ),
    }
    return json.dumps(
        {"Resources": {key: {"Type": kind, "Properties": properties} for key, (kind, properties) in resources.items()}}
    )


def test_stack_of_what_happens_by_itself(local_aws_server: LocalServer, eventually: Callable[..., Any]) -> None:
    names = ("cloudformation", "sqs", "s3", "cloudwatch", "scheduler", "events")
    cloudformation, sqs, s3, cloudwatch, scheduler, events = (local_aws_server.client(name) for name in names)
    name = f"auto-{uuid.uuid4().hex[:12]}"
    cloudformation.create_stack(StackName=name, TemplateBody=template(name))

    def status() -> str:
        return str(cloudformation.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"])

    eventually(lambda: not status().endswith("IN_PROGRESS"), 60)
    assert status() == "CREATE_COMPLETE"
    s3.put_object(Bucket=name, Key="a.csv", Body=b"x")
    url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
    bodies: list[str] = []

    def all_told() -> bool:
        answer = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=2, MaxNumberOfMessages=10)
        bodies.extend(message["Body"] for message in answer.get("Messages", []))
        return "tick" in bodies and any("ObjectCreated:Put" in body for body in bodies)

    eventually(all_told)
    described = cloudwatch.describe_alarms(AlarmNames=[name, f"{name}-c"])
    assert described["MetricAlarms"][0]["Threshold"] == 5.0
    assert described["CompositeAlarms"][0]["AlarmRule"] == f"ALARM({name})"
    listed = cloudformation.list_stack_resources(StackName=name)["StackResourceSummaries"]
    ids = {each["LogicalResourceId"]: each for each in listed}
    assert ids["Rule"]["PhysicalResourceId"] == f"{name}|{name}"
    s3.delete_object(Bucket=name, Key="a.csv")
    cloudformation.delete_stack(StackName=name)
    eventually(lambda: not cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"], 60)
    eventually(lambda: name not in [bus["Name"] for bus in events.list_event_buses()["EventBuses"]], 60)
    eventually(lambda: name not in [group["Name"] for group in scheduler.list_schedule_groups()["ScheduleGroups"]], 60)
