"""From datapoints to a state, with missing data treated in each of the four ways.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html#alarms-and-missing-data
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence

from local_aws.services.cloudwatch.alarms import ALARM, INSUFFICIENT, OK

COMPARISONS: dict[str, tuple[Callable[[float, float], bool], str]] = {
    "GreaterThanOrEqualToThreshold": (operator.ge, "greater than or equal to"),
    "GreaterThanThreshold": (operator.gt, "greater than"),
    "LessThanThreshold": (operator.lt, "less than"),
    "LessThanOrEqualToThreshold": (operator.le, "less than or equal to"),
}
#: CloudWatch looks at more periods than an alarm evaluates, so that late data does not count as missing. How many
#: depends; the tables of its manual show two.
EXTRA_PERIODS = 2


def evaluated(points: Sequence[float | None], periods: int) -> list[float | None]:
    """The points that count, oldest first: the newest that exist when they suffice, else all within the range."""
    existing = [point for point in points if point is not None]
    if len(existing) >= periods:
        return list(existing[-periods:])
    return list(points)


def state_of(
    points: Sequence[float | None],
    breaches: Callable[[float], bool],
    *,
    periods: int,
    to_alarm: int,
    missing: str,
    current: str,
) -> str:
    """The state by the points of ``periods + EXTRA_PERIODS`` periods, oldest first; None where there is no data."""
    existing = [point for point in points if point is not None]
    breaching = sum(breaches(point) for point in evaluated(points, periods) if point is not None)
    if len(existing) >= periods:
        return ALARM if breaching >= to_alarm else OK
    if not existing:
        return {"breaching": ALARM, "notBreaching": OK, "ignore": current}.get(missing, INSUFFICIENT)
    if breaching >= to_alarm:
        return ALARM
    if missing == "breaching":
        return ALARM if breaching + periods - len(existing) >= to_alarm else OK
    if missing == "notBreaching" or breaching < len(existing):
        return OK
    # Only breaching points, too few of them. An old enough one raises the alarm where missing data is "missing".
    age = len(points) - next(number for number, point in enumerate(points) if point is not None)
    if missing == "missing" and age >= to_alarm:
        return ALARM
    return current
