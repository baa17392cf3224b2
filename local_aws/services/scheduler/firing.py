"""Firing schedules when they are due, once for whatever was missed while the server was down.

https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html. The next time of each schedule is in the
store; it moves on in the transaction that orders the delivery.
"""

from __future__ import annotations

import logging
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from moto.scheduler.models import Schedule, scheduler_backends

from local_aws.api import Context
from local_aws.services import deliveries
from local_aws.services.rounds import Rounds
from local_aws.services.scheduler.invocations import delay_of, execution_id, order_of
from local_aws.services.timetables import At, ScheduleError, parsed

logger = logging.getLogger(__name__)

KIND = "scheduler_next"
LOOK_SECONDS = 1.0
INSTANT = timedelta(microseconds=1)


class Scheduler:
    """Looks every second for schedules whose time has come."""

    def __init__(self, aws: Context) -> None:
        self._aws = aws
        self._rounds = Rounds(
            "scheduler", LOOK_SECONDS, lambda _: self.fire_due(time.time()), "schedules could not be looked at"
        )

    def start(self) -> None:
        self._rounds.start()

    def close(self) -> None:
        self._rounds.close()

    def fire_due(self, now: float) -> list[str]:
        """Order an invocation for each schedule that is due at ``now`` (seconds since 1970); returns their ARNs."""
        schedules = [schedule for schedule in _schedules(self._aws) if schedule.state == "ENABLED"]
        self._forget_others({schedule.arn for schedule in schedules})
        fired = []
        for schedule in schedules:
            try:
                if self._fire(schedule, now):
                    fired.append(schedule.arn)
            except (ScheduleError, ValueError) as error:
                logger.warning("schedule %s does not fire: %s", schedule.arn, error)
        return fired

    def _fire(self, schedule: Schedule, now: float) -> bool:
        with self._aws.store.transaction():
            following = self._next(schedule)
            due = following is not None and following <= now
            if following is not None and due:
                key = execution_id(schedule.arn, following)
                deliveries.add(
                    self._aws, order_of(self._aws, schedule, following), key=key, due=now + delay_of(schedule, key)
                )
                following = _following(schedule, datetime.fromtimestamp(now, UTC))
                self._keep(schedule, following)
        if following is None and schedule.action_after_completion == "DELETE":
            self._delete(schedule)
        return due

    def _next(self, schedule: Schedule) -> float | None:
        """When the schedule is due next, by its settings as they are now."""
        kept = self._aws.store.get(KIND, schedule.arn)
        if kept is not None and kept["settings"] == _settings(schedule):
            found: float | None = kept["next"]
            return found
        changed = datetime.fromtimestamp(float(schedule.last_modified_date), UTC)
        following = _following(schedule, changed - INSTANT)
        self._keep(schedule, following)
        return following

    def _keep(self, schedule: Schedule, following: float | None) -> None:
        self._aws.store.put(KIND, schedule.arn, {"settings": _settings(schedule), "next": following})

    def _forget_others(self, enabled: set[str]) -> None:
        for arn, _ in self._aws.store.list(KIND):
            if arn not in enabled:
                self._aws.store.delete(KIND, arn)

    def _delete(self, schedule: Schedule) -> None:
        try:
            self._aws.client("scheduler").delete_schedule(Name=schedule.name, GroupName=schedule.group_name)
        except (ClientError, BotoCoreError) as error:
            logger.warning("the completed schedule %s could not be deleted: %s", schedule.arn, error)


def _schedules(aws: Context) -> list[Schedule]:
    groups = list(scheduler_backends[aws.account][aws.region].schedule_groups.values())
    return [schedule for group in groups for schedule in list(group.schedules.values())]


def _settings(schedule: Schedule) -> list[Any]:
    return [
        schedule.schedule_expression,
        schedule.schedule_expression_timezone,
        schedule.start_date,
        schedule.end_date,
        schedule.last_modified_date,
    ]


def _following(schedule: Schedule, moment: datetime) -> float | None:
    """The first time after ``moment`` within the schedule's dates, which one-time schedules ignore."""
    timetable = parsed(schedule.schedule_expression, schedule.schedule_expression_timezone)
    start = _date(schedule.start_date) or datetime.fromtimestamp(float(schedule.creation_date), UTC)
    found = timetable.after(moment, start)
    end = _date(schedule.end_date)
    if found is None or (end is not None and found > end and not isinstance(timetable, At)):
        return None
    return found.timestamp()


def _date(value: Any) -> datetime | None:
    """moto keeps the date as it came: seconds since 1970."""
    return None if value in (None, "") else datetime.fromtimestamp(float(value), UTC)
