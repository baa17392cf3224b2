"""Delivering an EventBridge event to the targets that moto cannot reach: functions, state machines and topics.

moto calls ``Rule.send_to_targets`` in the middle of PutEvents and fails with NotImplementedError for these targets.
``install`` takes them out of its hands; deliveries happen on a thread of their own.
"""

from __future__ import annotations

import json
import logging
import queue
import threading
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from jsonpath_ng.ext import parse as parse_path  # type: ignore[import-untyped]
from moto.events.models import Rule
from moto.events.utils import EventTemplateParser

from local_aws.api import Context
from local_aws.identity.acting import acting_as

logger = logging.getLogger(__name__)

OURS = ("lambda", "states", "sns")
ATTEMPTS = 3
RETRY_SECONDS = 1.0

_moto_send: Callable[..., None] = Rule.send_to_targets


class Delivery:
    """One thread that delivers, in order, with a bounded number of attempts."""

    def __init__(self, aws: Context) -> None:
        self._aws = aws
        self._orders: queue.SimpleQueue[tuple[dict[str, Any], dict[str, Any]] | None] = queue.SimpleQueue()
        self._closed = threading.Event()
        threading.Thread(target=self._work, name="event-delivery", daemon=True).start()

    def add(self, target: dict[str, Any], event: dict[str, Any]) -> None:
        self._orders.put((target, event))

    def close(self) -> None:
        self._closed.set()
        self._orders.put(None)

    def _work(self) -> None:
        while (order := self._orders.get()) is not None:
            target, event = order
            for attempt in range(1, ATTEMPTS + 1):
                try:
                    role = acting_as(self._aws, target.get("RoleArn"), "EventBridge", target["Arn"])
                    _send(role, target["Arn"], _input(target, event))
                    break
                except (ClientError, BotoCoreError, ValueError) as error:
                    logger.warning("delivery %d of an event to %s failed: %s", attempt, target["Arn"], error)
                    if self._closed.wait(RETRY_SECONDS):
                        return


def install(delivery: Delivery) -> None:
    """Have rules that match an event deliver to our own targets; moto keeps the others."""

    def send_to_targets(rule: Rule, original_event: Any, transform_input: bool = True) -> None:
        if rule.state != "ENABLED" or not rule.event_pattern.matches_event(original_event):
            return
        for target in rule.targets:
            if target["Arn"].split(":")[2] in OURS:
                delivery.add(target, dict(original_event))
        every, rule.targets = rule.targets, [each for each in rule.targets if each["Arn"].split(":")[2] not in OURS]
        try:
            _moto_send(rule, original_event, transform_input)
        finally:
            rule.targets = every

    Rule.send_to_targets = send_to_targets  # type: ignore[method-assign, assignment]


def _input(target: dict[str, Any], event: dict[str, Any]) -> Any:
    """What the target receives: its constant input, a part of the event, a filled template or the event."""
    seen = {key: value for key, value in event.items() if key not in ("ingestion-time", "event-bus-name")}
    if isinstance(seen.get("time"), int | float):
        seen["time"] = datetime.fromtimestamp(seen["time"], UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if "Input" in target:
        return json.loads(target["Input"])
    if "InputPath" in target:
        found = parse_path(target["InputPath"]).find(seen)
        return found[0].value if found else None
    if "InputTransformer" in target:
        transformer = target["InputTransformer"]
        source: Any = {"ingestion-time": seen.get("time"), **seen}
        return EventTemplateParser.parse(transformer["InputTemplate"], transformer.get("InputPathsMap", {}), source)
    return seen


def _send(aws: Context, arn: str, message: Any) -> None:
    service, text = arn.split(":")[2], json.dumps(message)
    if service == "lambda":
        aws.client("lambda").invoke(FunctionName=arn, InvocationType="Event", Payload=text)
    elif service == "states":
        aws.client("stepfunctions").start_execution(stateMachineArn=arn, name=str(uuid.uuid4()), input=text)
    elif service == "sns":
        aws.client("sns").publish(TopicArn=arn, Message=text)
    else:
        raise ValueError(f"a schedule cannot reach {arn}: only functions, state machines and topics")
