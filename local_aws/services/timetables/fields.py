"""The six fields of AWS's cron expressions.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html: minutes, hours, day of month,
month, day of week, year. Days of the week are 1 (SUN) to 7 (SAT).
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable
from datetime import date, timedelta

MONTHS = {name: number for number, name in enumerate(calendar.month_abbr) if name}
MONTH_NAMES = {name.upper(): number for name, number in MONTHS.items()}
DAY_NAMES = {name: number for number, name in enumerate(("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"), 1)}
FIRST_YEAR, LAST_YEAR = 1970, 2199

DayRule = Callable[[date], bool]


class FieldError(ValueError):
    """A field says what cannot be."""


def numbers(text: str, low: int, high: int, names: dict[str, int] | None = None) -> frozenset[int]:
    """The values that a field of ``,``, ``-``, ``*`` and ``/`` allows."""
    allowed: set[int] = set()
    for part in text.upper().split(","):
        span, slash, step_text = part.partition("/")
        step = _number(step_text, 1, high, None) if slash else 1
        if span == "*":
            first, last = low, high
        elif "-" in span:
            begin, _, end = span.partition("-")
            first, last = _number(begin, low, high, names), _number(end, low, high, names)
        else:
            first = _number(span, low, high, names)
            last = high if slash else first
        if first > last:
            # SAT-MON and 22-2 go round the end of the range.
            allowed.update(value for value in (*range(first, high + 1), *range(low, last + 1)))
        else:
            allowed.update(range(first, last + 1, step))
    return frozenset(allowed)


def _number(text: str, low: int, high: int, names: dict[str, int] | None) -> int:
    if names and text in names:
        return names[text]
    if not re.fullmatch(r"\d+", text) or not low <= int(text) <= high:
        raise FieldError(f"{text!r} is not a value from {low} to {high}")
    return int(text)


def day_of_month(text: str) -> DayRule:
    """``L`` is the last day, ``15W`` the weekday nearest to the 15th within the month, ``LW`` the last weekday."""
    text = text.upper()
    if text == "L":
        return lambda day: day.day == _length(day)
    if text == "LW":
        return lambda day: day == _nearest_weekday(day.replace(day=_length(day)))
    if match := re.fullmatch(r"(\d+)W", text):
        wanted = _number(match[1], 1, 31, None)
        return lambda day: wanted <= _length(day) and day == _nearest_weekday(day.replace(day=wanted))
    allowed = numbers(text, 1, 31)
    return lambda day: day.day in allowed


def day_of_week(text: str) -> DayRule:
    """``L`` is Saturday, ``6L`` the last Friday of the month, ``3#2`` its second Tuesday."""
    text = text.upper()
    if text == "L":
        return lambda day: _weekday(day) == 7
    if match := re.fullmatch(r"(\w+)L", text):
        last = _number(match[1], 1, 7, DAY_NAMES)
        return lambda day: _weekday(day) == last and day.day + 7 > _length(day)
    if match := re.fullmatch(r"(\w+)#(\d)", text):
        wanted, which = _number(match[1], 1, 7, DAY_NAMES), _number(match[2], 1, 5, None)
        return lambda day: _weekday(day) == wanted and (day.day - 1) // 7 + 1 == which
    allowed = numbers(text, 1, 7, DAY_NAMES)
    return lambda day: _weekday(day) in allowed


def _weekday(day: date) -> int:
    return day.isoweekday() % 7 + 1


def _length(day: date) -> int:
    return calendar.monthrange(day.year, day.month)[1]


def _nearest_weekday(day: date) -> date:
    """The nearest of Monday to Friday in the same month."""
    if day.isoweekday() == 6:
        return day - timedelta(days=1) if day.day > 1 else day + timedelta(days=2)
    if day.isoweekday() == 7:
        return day + timedelta(days=1) if day.day < _length(day) else day - timedelta(days=2)
    return day
