"""The rules that moto keeps, and the orders that follow from an event that matches one."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from moto.events.models import Rule, events_backends

from local_aws.api import ApiError, Context
from local_aws.services import deliveries
from local_aws.services.deliveries import Order
from local_aws.services.deliveries.targets import API_DESTINATION, kind_of
from local_aws.services.events import archives
from local_aws.services.events.inputs import http_parameters, payload
from local_aws.services.events.pattern_checks import checked
from local_aws.services.events.patterns import matches
from local_aws.times import iso_seconds

logger = logging.getLogger(__name__)


def rules_of(aws: Context, bus: str) -> list[Rule]:
    """The enabled rules of a bus; none for a bus that is not there."""
    found = events_backends[aws.account][aws.region].event_buses.get(bus)
    return [] if found is None else [rule for rule in list(found.rules.values()) if rule.state.startswith("ENABLED")]


def route(aws: Context, event: dict[str, Any], bus: str) -> None:
    """Order a delivery to each target of each rule that the event matches, inside the caller's transaction."""
    for rule in _matching(rules_of(aws, bus), event):
        for target in list(rule.targets):
            if archives.is_archive(target["Arn"]):
                archives.keep(aws, rule, event)
            else:
                _order(aws, target, event, rule.arn)


def fire(aws: Context, rule: Rule, event: dict[str, Any]) -> None:
    """Order a delivery to each target of a rule whose time has come."""
    for target in list(rule.targets):
        _order(aws, target, event, rule.arn)


def _matching(rules: list[Rule], event: dict[str, Any]) -> Iterator[Rule]:
    for rule in rules:
        text = rule.event_pattern.dump()
        if not text:
            continue
        try:
            pattern = checked(text)
        except ApiError as error:
            logger.warning("rule %s is passed over: %s", rule.name, error)
            continue
        if matches(pattern, event):
            yield rule


def _order(aws: Context, target: dict[str, Any], event: dict[str, Any], rule_arn: str) -> None:
    arn = target["Arn"]
    try:
        kind = kind_of(arn)
    except ValueError as error:
        logger.warning("%s: %s", rule_arn, error)
        return
    text = payload(target, event, rule_arn, iso_seconds(datetime.now(UTC)))
    order: Order = {"arn": arn, "payload": text, "parameters": {}}
    group = target.get("SqsParameters", {}).get("MessageGroupId")
    if kind == "sqs" and group:
        order["parameters"] = {"MessageGroupId": group}
    if kind == API_DESTINATION:
        order["parameters"] = http_parameters(target.get("HttpParameters", {}), event)
    if target.get("RoleArn"):
        order["role"] = target["RoleArn"]
    policy = target.get("RetryPolicy", {})
    if "MaximumRetryAttempts" in policy:
        order["retries"] = policy["MaximumRetryAttempts"]
    if "MaximumEventAgeInSeconds" in policy:
        order["age"] = policy["MaximumEventAgeInSeconds"]
    dead_letters = target.get("DeadLetterConfig", {}).get("Arn")
    if dead_letters:
        attributes = {"RULE_ARN": rule_arn, "TARGET_ARN": arn}
        order["dead_letter"] = {"arn": dead_letters, "body": json.dumps(event), "attributes": attributes}
    deliveries.add(aws, order)
