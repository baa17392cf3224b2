"""When schedule expressions are due.

Sources: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html and
https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
"""

from __future__ import annotations

import calendar
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from local_aws.services.timetables import ScheduleError, parsed

START = datetime(2024, 1, 1, tzinfo=UTC)


def due(expression: str, after: str, timezone: str = "UTC") -> str | None:
    moment = datetime.fromisoformat(after).replace(tzinfo=UTC)
    found = parsed(expression, timezone).after(moment, START)
    return None if found is None else found.strftime("%Y-%m-%dT%H:%M")


@pytest.mark.parametrize(
    ("expression", "after", "expected"),
    [
        # The examples of the page on cron expressions.
        ("cron(0 10 * * ? *)", "2024-03-01T10:00:00", "2024-03-02T10:00"),
        ("cron(15 12 * * ? *)", "2024-03-01T10:00:00", "2024-03-01T12:15"),
        ("cron(0 18 ? * MON-FRI *)", "2024-03-01T18:00:00", "2024-03-04T18:00"),
        ("cron(0 8 1 * ? *)", "2024-03-01T08:00:00", "2024-04-01T08:00"),
        ("cron(0/15 * * * ? *)", "2024-03-01T08:01:00", "2024-03-01T08:15"),
        ("cron(0/10 * ? * MON-FRI *)", "2024-03-01T23:55:00", "2024-03-04T00:00"),
        ("cron(0/5 8-17 ? * MON-FRI *)", "2024-03-01T17:55:00", "2024-03-04T08:00"),
        ("cron(15 10 ? * 6L 2019-2026)", "2024-03-01T00:00:00", "2024-03-29T10:15"),
        # L, W, #.
        ("cron(0 0 L * ? *)", "2024-02-01T00:00:00", "2024-02-29T00:00"),
        ("cron(0 0 3W * ? *)", "2024-03-01T00:00:00", "2024-03-04T00:00"),
        ("cron(0 0 1W * ? *)", "2024-05-31T00:00:00", "2024-06-03T00:00"),
        ("cron(0 0 31W * ? *)", "2024-03-01T00:00:00", "2024-03-29T00:00"),
        ("cron(0 0 LW * ? *)", "2024-03-01T00:00:00", "2024-03-29T00:00"),
        ("cron(0 0 ? * 3#2 *)", "2024-03-01T00:00:00", "2024-03-12T00:00"),
        ("cron(0 0 ? * L *)", "2024-03-01T00:00:00", "2024-03-02T00:00"),
        ("cron(0 0 ? * SAT-MON *)", "2024-03-04T00:00:00", "2024-03-09T00:00"),
        ("cron(0 0 1 JAN,JUL ? *)", "2024-03-01T00:00:00", "2024-07-01T00:00"),
        ("cron(0 0 29 2 ? *)", "2024-03-01T00:00:00", "2028-02-29T00:00"),
        ("cron(0 0 1 1 ? 2020-2023)", "2024-03-01T00:00:00", None),
        ("rate(5 minutes)", "2024-01-01T00:07:00", "2024-01-01T00:10"),
        ("rate(1 day)", "2023-12-01T00:00:00", "2024-01-01T00:00"),
        ("at(2024-05-01T12:30:00)", "2024-03-01T00:00:00", "2024-05-01T12:30"),
        ("at(2024-05-01T12:30:00)", "2024-05-01T12:30:00", None),
    ],
)
def test_next_time(expression: str, after: str, expected: str | None) -> None:
    assert due(expression, after) == expected


def test_time_that_clocks_skip_does_not_come_and_one_shown_twice_comes_once() -> None:
    expression, zone = "cron(30 2 * * ? *)", "America/New_York"
    assert due(expression, "2024-03-09T08:00:00", zone) == "2024-03-11T06:30"
    assert due("cron(30 1 * * ? *)", "2024-11-03T05:00:00", zone) == "2024-11-03T05:30"
    assert due("cron(30 1 * * ? *)", "2024-11-03T05:30:00", zone) == "2024-11-04T06:30"
    assert due("at(2024-07-01T09:00:00)", "2024-03-01T00:00:00", "Europe/Berlin") == "2024-07-01T07:00"


@pytest.mark.parametrize(
    "expression",
    [
        "cron(0 10 * * * *)",
        "cron(0 10 ? * ? *)",
        "cron(0 10 * * ?)",
        "cron(60 10 * * ? *)",
        "cron(0 24 * * ? *)",
        "cron(0 10 32 * ? *)",
        "cron(0 10 ? * 8 *)",
        "cron(0 10 ? * 3#6 *)",
        "cron(a 10 * * ? *)",
        "cron(0 10 * * ? 1969)",
        "rate(0 minutes)",
        "rate(1 second)",
        "at(2024-13-01T00:00:00)",
        "every day",
        "",
    ],
)
def test_expression_that_is_none_is_refused(expression: str) -> None:
    with pytest.raises(ScheduleError):
        parsed(expression)


def test_rules_want_the_unit_to_agree_with_the_value() -> None:
    for wrong in ("rate(1 minutes)", "rate(2 minute)"):
        with pytest.raises(ScheduleError):
            parsed(wrong, strict_units=True)
        parsed(wrong)
    with pytest.raises(ScheduleError):
        parsed("rate(1 minute)", "Mars/Olympus")


def field(low: int, high: int) -> st.SearchStrategy[tuple[str, frozenset[int]]]:
    """A cron field and the values that it allows, reckoned without the parser."""
    values = st.integers(low, high)
    listed = st.lists(values, min_size=1, max_size=3).map(lambda many: (",".join(map(str, many)), frozenset(many)))
    spans = st.tuples(values, values).map(
        lambda pair: (f"{min(pair)}-{max(pair)}", frozenset(range(min(pair), max(pair) + 1)))
    )
    steps = st.tuples(values, st.integers(1, high)).map(
        lambda pair: (
            f"{pair[0]}/{pair[1]}",
            frozenset(v for v in range(pair[0], high + 1) if (v - pair[0]) % pair[1] == 0),
        )
    )
    return st.one_of(listed, spans, steps, st.just(("*", frozenset(range(low, high + 1)))))


@settings(max_examples=60, deadline=None)
@given(
    field(0, 59),
    field(0, 23),
    field(1, 31),
    field(1, 12),
    field(1, 7),
    st.booleans(),
    st.datetimes(datetime(2024, 1, 1), datetime(2025, 12, 31)),
)
def test_next_time_is_the_first_minute_that_all_fields_allow(minute, hour, month_day, month, week_day, by_week, start):  # type: ignore[no-untyped-def]
    days = f"? {month[0]} {week_day[0]}" if by_week else f"{month_day[0]} {month[0]} ?"
    moment = start.replace(tzinfo=UTC)
    found = parsed(f"cron({minute[0]} {hour[0]} {days} *)").after(moment, START)

    def allows(at: datetime) -> bool:
        sunday_first = (calendar.weekday(at.year, at.month, at.day) + 1) % 7 + 1
        on_day = sunday_first in week_day[1] if by_week else at.day in month_day[1]
        return at.minute in minute[1] and at.hour in hour[1] and at.month in month[1] and on_day

    if found is not None:
        assert found > moment
        assert allows(found)
    # Nothing was passed over within the next two days.
    at = moment.replace(second=0, microsecond=0) + timedelta(minutes=1)
    for _ in range(2 * 24 * 60):
        if found is not None and at >= found:
            break
        assert not allows(at)
        at += timedelta(minutes=1)
