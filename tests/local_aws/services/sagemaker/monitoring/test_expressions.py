"""When monitoring schedules run.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ScheduleConfig.html and
https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-schedule-expression.html
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_aws.api import ApiError
from local_aws.services.sagemaker.monitoring.expressions import offset, parse

MOMENT = datetime(2026, 3, 4, 16, 30, tzinfo=UTC)
expressions = st.one_of(
    st.just("cron(0 * ? * * *)"),
    st.integers(0, 23).map(lambda hour: f"cron(0 {hour} ? * * *)"),
    st.tuples(st.integers(0, 23), st.integers(1, 24)).map(lambda pair: f"cron(0 {pair[0]}/{pair[1]} ? * * *)"),
)


def hours(expression: str) -> list[int]:
    parsed = parse(expression)
    assert parsed is not None
    return sorted(parsed.hours)


def test_the_documented_expressions_are_understood() -> None:
    assert parse("NOW") is None
    assert hours("cron(0 * ? * * *)") == list(range(24))
    assert hours("cron(0 17 ? * * *)") == [17]
    assert hours("cron(0 17/12 ? * * *)") == [5, 17]
    assert hours("cron(0 0/6 ? * * *)") == [0, 6, 12, 18]


@pytest.mark.parametrize(
    "expression",
    ["cron(30 * ? * * *)", "cron(0 24 ? * * *)", "cron(0 1/25 ? * * *)", "rate(1 hour)", "now", "cron(0 * * * ? *)"],
)
def test_others_are_refused(expression: str) -> None:
    with pytest.raises(ApiError, match="is not supported"):
        parse(expression)


@given(expressions, st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)))
def test_a_time_lies_between_the_latest_and_the_next(expression: str, moment: datetime) -> None:
    parsed = parse(expression)
    assert parsed is not None
    latest, following = parsed.latest(moment), parsed.after(moment)
    assert latest <= moment < following
    assert parsed.after(latest) == following
    assert {latest.hour, following.hour} <= parsed.hours
    assert (following.minute, following.second, following.microsecond) == (0, 0, 0)


def test_durations_are_read() -> None:
    assert offset("-PT2H") == timedelta(hours=-2)
    assert offset("PT0H") == timedelta()
    assert offset("-P1DT30M") == -timedelta(days=1, minutes=30)
    for text in ("P", "1H", "PT", "-"):
        with pytest.raises(ApiError, match="not an ISO 8601 duration"):
            offset(text)
