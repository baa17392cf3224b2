"""Rules fire when their time has come.

Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-rule-schedule.html
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from moto.events.models import EventsBackend, events_backends

from local_aws.api import ACCOUNT, REGION, Context
from local_aws.services.deliveries.orders import KIND
from local_aws.services.events.rule_schedules import RuleSchedules

ARN = f"arn:aws:events:{REGION}:{ACCOUNT}:rule/"
QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:q"


@pytest.fixture
def rules() -> Iterator[EventsBackend]:
    """moto's rules in this process; nobody else's."""
    backend = events_backends[ACCOUNT][REGION]
    backend.reset()
    yield backend
    backend.reset()


def add(rules: EventsBackend, name: str, expression: str, state: str = "ENABLED") -> None:
    rules.put_rule(name, scheduled_expression=expression, state=state)
    rules.put_targets(name, None, [{"Id": "t", "Arn": QUEUE}])


def test_rule_fires_once_in_each_period(rules: EventsBackend, make_context: Callable[..., Context]) -> None:
    add(rules, "minute", "rate(1 minute)")
    add(rules, "hour", "rate(1 hour)")
    add(rules, "off", "rate(1 minute)", "DISABLED")
    add(rules, "noon", "cron(0 12 * * ? *)")
    rules.put_rule("pattern", event_pattern='{"source": ["x"]}')
    context = make_context()
    schedules = RuleSchedules(context)
    fired = [schedules.fire_due(float(now)) for now in (0, 59, 60, 61, 119, 120, 3600, 43_200)]
    names = [[arn.removeprefix(ARN) for arn in each] for each in fired]
    assert names == [
        [], [], ["minute"], [], [], ["minute"], ["minute", "hour"], ["minute", "hour", "noon"],
    ]  # fmt: skip
    orders: list[dict[str, Any]] = [order for _, order in context.store.list(KIND)]
    assert [order["arn"] for order in orders] == [QUEUE] * 7
    event = json.loads(orders[0]["payload"])
    assert (event["source"], event["detail-type"]) == ("aws.events", "Scheduled Event")
    assert (event["resources"], event["time"], event["detail"]) == ([ARN + "minute"], "1970-01-01T00:01:00Z", {})


def test_restart_neither_repeats_nor_forgets_a_firing(
    rules: EventsBackend, make_context: Callable[..., Context]
) -> None:
    add(rules, "minute", "rate(1 minute)")
    RuleSchedules(make_context()).fire_due(0.0)
    fired = [RuleSchedules(make_context()).fire_due(now) for now in (60.0, 90.0, 1000.0, 1001.0)]
    # Fourteen were missed between 90 and 1000 s: they fire as one.
    assert [len(each) for each in fired] == [1, 0, 1, 0]


def test_changed_or_enabled_rule_begins_anew(rules: EventsBackend, make_context: Callable[..., Context]) -> None:
    add(rules, "rule", "rate(1 hour)")
    schedules = RuleSchedules(make_context())
    schedules.fire_due(0.0)
    add(rules, "rule", "rate(1 minute)")
    assert [len(schedules.fire_due(now)) for now in (100.0, 160.0)] == [0, 1]
    rules.disable_rule("rule", None)
    assert schedules.fire_due(1000.0) == []
    rules.enable_rule("rule", None)
    assert [len(schedules.fire_due(now)) for now in (2000.0, 2060.0)] == [0, 1]
