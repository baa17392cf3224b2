"""Schedules of EventBridge Scheduler fire.

Sources: https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html,
https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-targets.html and
https://docs.aws.amazon.com/scheduler/latest/UserGuide/configuring-schedule-dlq.html
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from moto.scheduler.models import Schedule, scheduler_backends

from local_aws.api import ACCOUNT, REGION, Context
from local_aws.services.deliveries.orders import KIND
from local_aws.services.scheduler.firing import Scheduler

QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:q"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/scheduler"
DAY = datetime(2030, 6, 1, tzinfo=UTC).timestamp()
HOUR, MINUTE = 3600.0, 60.0


class Deleted:
    """Stands for the scheduler's client, and forgets schedules as the server would."""

    def delete_schedule(self, Name: str, GroupName: str) -> None:  # noqa: N803 - the API's own names
        scheduler_backends[ACCOUNT][REGION].delete_schedule(GroupName, Name)


@pytest.fixture
def scheduler(make_context: Callable[..., Context]) -> Iterator[Scheduler]:
    backend = scheduler_backends[ACCOUNT][REGION]
    backend.reset()
    yield Scheduler(make_context(lambda service: Deleted()))
    backend.reset()


def add(name: str, expression: str, target: dict[str, Any] | None = None, **settings: Any) -> Schedule:
    """A schedule made at the beginning of ``DAY``."""
    backend = scheduler_backends[ACCOUNT][REGION]
    chosen: dict[str, Any] = {
        "description": None,
        "end_date": None,
        "flexible_time_window": {"Mode": "OFF"},
        "group_name": "default",
        "kms_key_arn": None,
        "schedule_expression_timezone": None,
        "start_date": None,
        "state": None,
        "action_after_completion": None,
        **settings,
    }
    schedule = backend.create_schedule(
        name=name, schedule_expression=expression, target={"Arn": QUEUE, "RoleArn": ROLE, **(target or {})}, **chosen
    )
    schedule.creation_date = schedule.last_modified_date = DAY
    return schedule


def fired(scheduler: Scheduler, *moments: float) -> list[list[str]]:
    return [[arn.rpartition("/")[2] for arn in scheduler.fire_due(DAY + moment)] for moment in moments]


def orders(scheduler: Scheduler) -> list[dict[str, Any]]:
    return [order for _, order in scheduler._aws.store.list(KIND)]


def test_rate_fires_at_once_and_then_in_each_period(scheduler: Scheduler) -> None:
    add("rate", "rate(5 minutes)")
    assert fired(scheduler, 0, 1, 299, 300, 301) == [["rate"], [], [], ["rate"], []]


def test_cron_fires_in_the_schedules_time_zone(scheduler: Scheduler) -> None:
    add("berlin", "cron(0 9 * * ? *)", schedule_expression_timezone="Europe/Berlin")
    assert fired(scheduler, 6 * HOUR, 7 * HOUR, 8 * HOUR, 31 * HOUR) == [[], ["berlin"], [], ["berlin"]]


def test_one_time_schedule_fires_once_and_is_deleted_when_asked(scheduler: Scheduler) -> None:
    add("kept", "at(2030-06-01T01:00:00)")
    add("deleted", "at(2030-06-01T01:00:00)", action_after_completion="DELETE")
    assert fired(scheduler, 0, HOUR, 2 * HOUR) == [[], ["kept", "deleted"], []]
    assert set(scheduler_backends[ACCOUNT][REGION].schedule_groups["default"].schedules) == {"kept"}


def test_dates_bound_a_recurring_schedule(scheduler: Scheduler) -> None:
    add("bounded", "rate(1 hour)", start_date=DAY + HOUR, end_date=DAY + 2 * HOUR, action_after_completion="DELETE")
    assert fired(scheduler, 0, HOUR, 2 * HOUR, 3 * HOUR) == [[], ["bounded"], ["bounded"], []]
    assert not scheduler_backends[ACCOUNT][REGION].schedule_groups["default"].schedules


def test_disabled_schedule_rests_and_a_missed_time_fires_once_after_a_restart(scheduler: Scheduler) -> None:
    add("off", "rate(1 minute)", state="DISABLED")
    add("on", "rate(1 minute)")
    assert fired(scheduler, 0, MINUTE) == [["on"], ["on"]]
    after = Scheduler(scheduler._aws)
    assert fired(after, 90, HOUR, HOUR + 1) == [[], ["on"], []]


def test_changed_schedule_goes_by_its_new_expression(scheduler: Scheduler) -> None:
    schedule = add("changed", "rate(1 hour)")
    assert fired(scheduler, 0, MINUTE) == [["changed"], []]
    schedule.schedule_expression, schedule.last_modified_date = "rate(1 minute)", DAY + MINUTE + 1
    assert fired(scheduler, MINUTE + 2, 2 * MINUTE) == [[], ["changed"]]


def test_flexible_window_delays_by_the_same_part_of_it(scheduler: Scheduler) -> None:
    add("window", "rate(1 hour)", flexible_time_window={"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 10})
    scheduler.fire_due(DAY)
    (order,) = orders(scheduler)
    assert DAY <= order["due"] < DAY + 600


def test_input_retry_policy_and_dead_letters_go_into_the_order(scheduler: Scheduler) -> None:
    target = {
        "Input": "at <aws.scheduler.scheduled-time> by <aws.scheduler.schedule-arn>",
        "SqsParameters": {"MessageGroupId": "g"},
        "RetryPolicy": {"MaximumRetryAttempts": 3, "MaximumEventAgeInSeconds": 60},
        "DeadLetterConfig": {"Arn": QUEUE + "-dead"},
    }
    schedule = add("detailed", "rate(1 hour)", target)
    scheduler.fire_due(DAY)
    (order,) = orders(scheduler)
    assert order["payload"] == f"at 2030-06-01T00:00:00Z by {schedule.arn}"
    assert (order["parameters"], order["retries"], order["age"]) == ({"MessageGroupId": "g"}, 3, 60)
    assert order["dead_letter"]["attributes"]["SCHEDULE_ARN"] == schedule.arn
    assert order["dead_letter"]["attributes"]["SCHEDULED_TIME"] == "2030-06-01T00:00:00Z"


def test_target_without_input_gets_the_default_notification(scheduler: Scheduler) -> None:
    schedule = add("plain", "rate(1 hour)")
    add(
        "bus",
        "rate(1 hour)",
        {
            "Arn": f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/default",
            "EventBridgeParameters": {"Source": "my.app", "DetailType": "tick"},
            "Input": '{"a": 1}',
        },
    )
    scheduler.fire_due(DAY)
    plain, event = (json.loads(order["payload"]) for order in orders(scheduler))
    assert (plain["source"], plain["detail-type"], plain["resources"]) == (
        "aws.scheduler", "Scheduled Event", [schedule.arn],
    )  # fmt: skip
    assert plain["detail"] == "{}"
    assert (event["source"], event["detail-type"], event["detail"]) == ("my.app", "tick", {"a": 1})
