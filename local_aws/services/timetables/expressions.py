"""``rate(5 minutes)``, ``cron(0 8 ? * MON-FRI *)`` and ``at(2030-01-31T08:00:00)``, and when each is due next."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from local_aws.services.timetables.fields import (
    FIRST_YEAR,
    LAST_YEAR,
    MONTH_NAMES,
    DayRule,
    FieldError,
    day_of_month,
    day_of_week,
    numbers,
)

UNITS = {"minute": 60, "hour": 3600, "day": 86_400}
RATE = re.compile(r"rate\(\s*(\d+)\s+(minute|hour|day)(s?)\s*\)")
AT = re.compile(r"at\((\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\)")
CRON = re.compile(r"cron\((.*)\)")


class ScheduleError(ValueError):
    """The expression is none of AWS's."""


class Timetable(Protocol):
    """All times are aware. ``start`` is when the schedule began: rates count from it."""

    def after(self, moment: datetime, start: datetime) -> datetime | None:
        """The first time that is later than ``moment`` and not before ``start``; None when there is none any more."""


@dataclass(frozen=True)
class Rate:
    seconds: int

    def after(self, moment: datetime, start: datetime) -> datetime | None:
        if moment < start:
            return start
        passed = (moment - start) // timedelta(seconds=self.seconds)
        return start + timedelta(seconds=self.seconds * (passed + 1))


@dataclass(frozen=True)
class At:
    moment: datetime

    def after(self, moment: datetime, start: datetime) -> datetime | None:
        return self.moment if moment < self.moment else None


@dataclass(frozen=True)
class Cron:
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    day_rule: DayRule
    months: frozenset[int]
    years: frozenset[int]
    zone: tzinfo

    def after(self, moment: datetime, start: datetime) -> datetime | None:
        moment = max(moment, start - timedelta(microseconds=1))
        day = moment.astimezone(self.zone).date()
        while day.year <= LAST_YEAR:
            if day.year not in self.years:
                later = [year for year in self.years if year > day.year]
                if not later:
                    return None
                day = date(min(later), 1, 1)
            elif day.month not in self.months:
                day = (day.replace(day=1) + timedelta(days=32)).replace(day=1)
            else:
                if self.day_rule(day) and (found := self._on(day, moment)) is not None:
                    return found
                day += timedelta(days=1)
        return None

    def _on(self, day: date, moment: datetime) -> datetime | None:
        """The first time on this day that is later than ``moment``.

        A time that the clocks skip does not come; one that they show twice comes once
        (https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html#daylist-savings-time).
        """
        for hour in self.hours:
            for minute in self.minutes:
                wall = datetime(day.year, day.month, day.day, hour, minute, tzinfo=self.zone)
                due = wall.astimezone(UTC)
                exists = due.astimezone(self.zone).replace(tzinfo=None) == wall.replace(tzinfo=None)
                if exists and due > moment:
                    return due
        return None


def parsed(expression: str, timezone: str = "UTC", *, strict_units: bool = False) -> Timetable:
    """The timetable of an expression; ``ScheduleError`` says what is wrong.

    ``strict_units`` wants "1 minute" and "2 minutes", as EventBridge rules do and EventBridge Scheduler does not.
    """
    try:
        zone = ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ScheduleError(f"{timezone!r} is no time zone") from error
    if match := RATE.fullmatch(expression):
        value, plural = int(match[1]), bool(match[3])
        if value < 1 or (strict_units and plural != (value > 1)):
            raise ScheduleError(f"{expression}: a rate is a positive number with minute(s), hour(s) or day(s)")
        return Rate(value * UNITS[match[2]])
    if match := AT.fullmatch(expression):
        try:
            return At(datetime.fromisoformat(match[1]).replace(tzinfo=zone).astimezone(UTC))
        except ValueError as error:
            raise ScheduleError(f"{expression}: {error}") from error
    if match := CRON.fullmatch(expression):
        try:
            return _cron(match[1].split(), zone)
        except FieldError as error:
            raise ScheduleError(f"{expression}: {error}") from error
    raise ScheduleError(f"{expression!r} is no rate(...), cron(...) or at(...)")


def _cron(fields: list[str], zone: tzinfo) -> Cron:
    if len(fields) != 6:
        raise FieldError("cron has six fields: minutes, hours, day of month, month, day of week, year")
    minutes, hours, month_day, months, week_day, years = fields
    if (month_day == "?") == (week_day == "?"):
        raise FieldError("one of day of month and day of week is ?, the other is not")
    return Cron(
        minutes=tuple(sorted(numbers(minutes, 0, 59))),
        hours=tuple(sorted(numbers(hours, 0, 23))),
        day_rule=day_of_week(week_day) if month_day == "?" else day_of_month(month_day),
        months=numbers(months, 1, 12, MONTH_NAMES),
        years=numbers(years, FIRST_YEAR, LAST_YEAR),
        zone=zone,
    )
