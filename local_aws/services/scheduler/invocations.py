"""What a schedule sends to its target.

https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-targets.html
"""

from __future__ import annotations

import json
import uuid
import zlib
from typing import Any

from moto.scheduler.models import Schedule

from local_aws.api import Context
from local_aws.services.deliveries import Order
from local_aws.services.event_bus import envelope
from local_aws.times import iso_seconds, utc

NAMESPACE = uuid.UUID("a7ed4b0e-4a2c-4c3e-9d5e-6f0e5d2f8f11")


def execution_id(arn: str, due: float) -> str:
    """The same for the same firing, so that one which is repeated after a kill is the same order."""
    return str(uuid.uuid5(NAMESPACE, f"{arn}@{due}"))


def delay_of(schedule: Schedule, key: str) -> float:
    """Seconds into the flexible time window at which this firing happens: anywhere within it, but always the same."""
    window = schedule.flexible_time_window or {}
    if window.get("Mode") != "FLEXIBLE":
        return 0.0
    return float(zlib.crc32(key.encode()) % (60 * int(window["MaximumWindowInMinutes"])))


def order_of(aws: Context, schedule: Schedule, due: float) -> Order:
    target = schedule.target
    scheduled = iso_seconds(utc(due))
    execution = execution_id(schedule.arn, due)
    text = _text(aws, schedule, scheduled, execution)
    order: Order = {"arn": target["Arn"], "role": target["RoleArn"], "payload": text, "parameters": {}}
    group = (target.get("SqsParameters") or {}).get("MessageGroupId")
    if group:
        order["parameters"] = {"MessageGroupId": group}
    # 185 attempts are moto's way to say that the schedule names no policy; then the queue's own bound holds.
    policy = target.get("RetryPolicy") or {}
    if policy.get("MaximumRetryAttempts", 185) != 185:
        order["retries"] = policy["MaximumRetryAttempts"]
    if "MaximumEventAgeInSeconds" in policy:
        order["age"] = policy["MaximumEventAgeInSeconds"]
    dead_letters = (target.get("DeadLetterConfig") or {}).get("Arn")
    if dead_letters:
        # https://docs.aws.amazon.com/scheduler/latest/UserGuide/configuring-schedule-dlq.html
        attributes = {
            "SCHEDULE_ARN": schedule.arn,
            "TARGET_ARN": target["Arn"],
            "SCHEDULED_TIME": scheduled,
            "EXECUTION_ID": execution,
        }
        order["dead_letter"] = {"arn": dead_letters, "body": text, "attributes": attributes}
    return order


def _text(aws: Context, schedule: Schedule, scheduled: str, execution: str) -> str:
    """The input with its context attributes filled in, or Scheduler's default notification.

    https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html
    """
    target = schedule.target
    text = target.get("Input")
    if text:
        for name, value in (
            ("schedule-arn", schedule.arn),
            ("scheduled-time", scheduled),
            ("execution-id", execution),
            ("attempt-number", "1"),
        ):
            text = text.replace(f"<aws.scheduler.{name}>", value)
    elif ":aws-sdk:" in target["Arn"]:
        return "{}"
    parameters = target.get("EventBridgeParameters")
    if parameters:
        return json.dumps(_event(aws, schedule, parameters, json.loads(text or "{}"), execution))
    if text:
        return str(text)
    # The detail of the default notification is a text, as at AWS.
    notification = envelope(aws, "aws.scheduler", "Scheduled Event", [schedule.arn], "{}")
    return json.dumps({**notification, "id": execution, "time": scheduled})


def _event(aws: Context, schedule: Schedule, parameters: dict[str, Any], detail: Any, execution: str) -> dict[str, Any]:
    event = envelope(aws, parameters["Source"], parameters["DetailType"], [schedule.arn], detail)
    return {**event, "id": execution}
