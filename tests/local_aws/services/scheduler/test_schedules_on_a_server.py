"""Schedules over HTTP: what is refused, and templated and universal targets that are reached.

Source: https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateSchedule.html and
https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-targets-universal.html
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from local_server import LocalServer

pytestmark = pytest.mark.stack

ROLE = "arn:aws:iam::123456789012:role/scheduler"
OFF = {"Mode": "OFF"}


def test_schedules_reach_a_queue_and_an_sdk_operation_and_are_deleted(
    local_aws_server: LocalServer, eventually: Callable[..., Any]
) -> None:
    scheduler, sqs = local_aws_server.client("scheduler"), local_aws_server.client("sqs")
    name = f"s-{uuid.uuid4().hex}"
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    scheduler.create_schedule_group(Name=name)
    universal = {
        "Arn": "arn:aws:scheduler:::aws-sdk:sqs:sendMessage",
        "Input": json.dumps({"QueueUrl": url, "MessageBody": "universal"}),
    }
    templated = {"Arn": f"arn:aws:sqs:us-east-1:123456789012:{name}", "Input": "templated"}
    for number, target in enumerate((universal, templated)):
        scheduler.create_schedule(
            Name=f"{name}-{number}",
            GroupName=name,
            ScheduleExpression="rate(1 hour)",
            FlexibleTimeWindow=OFF,
            Target={**target, "RoleArn": ROLE},
        )
    bodies: set[str] = set()

    def all_there() -> bool:
        answer = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=2)
        bodies.update(message["Body"] for message in answer.get("Messages", []))
        return len(bodies) == 2

    eventually(all_there)
    assert bodies == {"universal", "templated"}


def test_update_replaces_every_setting(local_aws_server: LocalServer) -> None:
    scheduler, name = local_aws_server.client("scheduler"), f"s-{uuid.uuid4().hex}"
    request = {
        "Name": name,
        "ScheduleExpression": "rate(1 hour)",
        "FlexibleTimeWindow": OFF,
        "Target": {"Arn": "arn:aws:sqs:us-east-1:123456789012:q", "RoleArn": ROLE},
    }
    scheduler.create_schedule(**request, State="DISABLED")
    scheduler.update_schedule(**request, ActionAfterCompletion="DELETE")
    kept = scheduler.get_schedule(Name=name)
    assert (kept["State"], kept["ActionAfterCompletion"]) == ("ENABLED", "DELETE")
    scheduler.delete_schedule(Name=name)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"ScheduleExpression": "cron(0 10 * * * *)"}, "Invalid Schedule Expression"),
        ({"ScheduleExpressionTimezone": "Mars/Olympus"}, "Invalid Schedule Expression"),
        ({"FlexibleTimeWindow": {"Mode": "FLEXIBLE"}}, "MaximumWindowInMinutes"),
        ({"Target": {"Arn": "arn:aws:ecs:us-east-1:123456789012:cluster/c", "RoleArn": ROLE}}, "cannot be a target"),
        ({"Target": {"Arn": "arn:aws:scheduler:::aws-sdk:sqs:listQueues", "RoleArn": ROLE}}, "read-only"),
        ({"Target": {"Arn": "arn:aws:scheduler:::aws-sdk:sqs:fly", "RoleArn": ROLE}}, "has no operation"),
        ({"GroupName": "nowhere"}, "does not exist"),
    ],
)
def test_schedule_that_could_never_fire_is_refused(
    local_aws_server: LocalServer, change: dict[str, Any], said: str
) -> None:
    request = {
        "Name": "refused",
        "ScheduleExpression": "rate(1 hour)",
        "FlexibleTimeWindow": OFF,
        "Target": {"Arn": "arn:aws:sqs:us-east-1:123456789012:q", "RoleArn": ROLE},
        **change,
    }
    with pytest.raises(ClientError, match=said):
        local_aws_server.client("scheduler").create_schedule(**request)
