"""Schedules that live and die with the endpoint: one Protocol, two homes.

``scheduler``: EventBridge Scheduler calls ``start_monitor``, which reads what serves when it runs. ``model-monitor``:
SageMaker's own schedules (``model_monitor_schedules``), for accounts that have the service.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Protocol

from botocore.exceptions import ClientError

from vigil.aws.environment import StackParameters
from vigil.aws.monitored_model import ServedModel
from vigil.monitoring.models import Monitor

#: Context attribute of EventBridge Scheduler (user guide, "Adding context attributes").
SCHEDULED_TIME = "<aws.scheduler.scheduled-time>"
#: A monitor that could not be started is started again for a day; the next run looks at the days before, too.
MOST_RETRIES, MOST_AGE_SECONDS = 20, 86_400
NOT_THERE = {"ResourceNotFoundException", "ResourceNotFound"}
BEING_MADE = {"ConflictException", "ResourceInUse"}


class MonitoringSchedules(Protocol):
    """Both calls may be repeated; each says by monitor what it did: made, changed, kept, deleted."""

    def ensure(self, served: ServedModel) -> dict[str, str]:
        """A schedule for each monitor, on the baseline of the model that serves."""

    def delete(self) -> dict[str, str]:
        """None is left."""


class SchedulerSchedules:
    """``client`` is a boto3 EventBridge Scheduler client; ``stack`` the stack's name."""

    def __init__(self, client: Any, parameters: StackParameters, stack: str) -> None:
        self._client = client
        self._stack = stack
        self._group = f"vigil-{stack}-monitoring"
        self._expression = parameters.monitoring.schedule
        partition, region, account = place(parameters)
        function = parameters.functions.start_monitor
        self._function = f"arn:{partition}:lambda:{region}:{account}:function:{function}"
        self._role = f"arn:{partition}:iam::{account}:role/vigil-{stack}-monitor-schedules"

    def ensure(self, served: ServedModel) -> dict[str, str]:
        return {monitor.value: self._ensure(monitor) for monitor in Monitor}

    def delete(self) -> dict[str, str]:
        done = {}
        for monitor in Monitor:
            try:
                self._client.delete_schedule(GroupName=self._group, Name=self._name(monitor))
            except ClientError as error:
                unless_gone(error)
            else:
                done[monitor.value] = "deleted"
        return done

    def _ensure(self, monitor: Monitor) -> str:
        wanted = self._schedule(monitor)
        try:
            found = self._client.get_schedule(GroupName=self._group, Name=self._name(monitor))
        except ClientError as error:
            unless_gone(error)
            return made_or_met(lambda: self._client.create_schedule(**wanted))
        if all(found.get(name) == value for name, value in wanted.items()):
            return "kept"
        self._client.update_schedule(**wanted)
        return "changed"

    def _schedule(self, monitor: Monitor) -> dict[str, Any]:
        return {
            "GroupName": self._group,
            "Name": self._name(monitor),
            "Description": f"Monitors {monitor.value} of what serves",
            "ScheduleExpression": self._expression,
            "ScheduleExpressionTimezone": "UTC",
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "State": "ENABLED",
            "Target": {
                "Arn": self._function,
                "RoleArn": self._role,
                "Input": json.dumps({"monitor": monitor.value, "scheduled_time": SCHEDULED_TIME}),
                "RetryPolicy": {
                    "MaximumRetryAttempts": MOST_RETRIES,
                    "MaximumEventAgeInSeconds": MOST_AGE_SECONDS,
                },
            },
        }

    def _name(self, monitor: Monitor) -> str:
        return f"vigil-{self._stack}-{monitor.value}"


def place(parameters: StackParameters) -> tuple[str, str, str]:
    """Partition, region and account of the stack, as its own ARNs say."""
    _, partition, _, region, account, _ = parameters.topics.notifications.split(":", 5)
    return partition, region, account


def made_or_met(create: Callable[[], object]) -> str:
    """``made``, or ``kept`` where another look was making the same at this moment: the next one compares."""
    try:
        create()
    except ClientError as error:
        if error.response["Error"]["Code"] not in BEING_MADE:
            raise
        return "kept"
    return "made"


def unless_gone(error: ClientError) -> None:
    """Raises all errors but that of a schedule that is not there."""
    if error.response["Error"]["Code"] not in NOT_THERE:
        raise error
