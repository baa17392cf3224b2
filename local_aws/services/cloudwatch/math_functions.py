"""The functions of metric math that are provided, on scalars, on time series and on arrays of these.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html#metric-math-syntax-functions-list
"""

from __future__ import annotations

import itertools
import math
import statistics
from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeAlias

#: Values by timestamp, in seconds since 1970.
Series: TypeAlias = dict[float, float]
Value: TypeAlias = float | str | Series | list[Series]


class MathError(ValueError):
    """The expression cannot be computed here."""


class Timeline(NamedTuple):
    """Every timestamp of the asked range, oldest first, and the period between them in seconds."""

    times: Sequence[float]
    period: int


def combine(function: Callable[[float, float], float], left: Value, right: Value) -> Value:
    """Point by point; where a side has no point, or the result is none (1/0), there is none."""
    if isinstance(left, list) or isinstance(right, list):
        raise MathError("an array of series can only be given to a function")
    sides = [side for side in (left, right) if isinstance(side, dict)]
    if sides:
        times = [at for at in sides[0] if at in sides[-1]]
        points = {at: _safe(function, _point(left, at), _point(right, at)) for at in times}
        return {at: value for at, value in points.items() if value is not None}
    result = _safe(function, _number(left), _number(right))
    return {} if result is None else result


def _safe(function: Callable[[float, float], float], left: float, right: float) -> float | None:
    try:
        value = function(left, right)
    except (ZeroDivisionError, OverflowError):
        return None
    return None if isinstance(value, complex) or not math.isfinite(value) else value


def _point(value: Value, at: float) -> float:
    return value[at] if isinstance(value, dict) else _number(value)


def _number(value: Value) -> float:
    if isinstance(value, int | float):
        return float(value)
    raise MathError("a number or a metric was expected")


def _each(function: Callable[[float], float]) -> Callable[..., Value]:
    def apply(timeline: Timeline, value: Value) -> Value:
        if isinstance(value, dict):
            return {at: float(function(point)) for at, point in value.items()}
        return float(function(_number(value)))

    return apply


def _over(function: Callable[[list[float]], float]) -> Callable[..., Value]:
    """Of one series its single value; of an array a series, point by point."""

    def apply(timeline: Timeline, *arguments: Value) -> Value:
        (value,) = arguments if len(arguments) == 1 else ([each for each in arguments if isinstance(each, dict)],)
        if isinstance(value, list):
            times = sorted({at for series in value for at in series})
            return {at: function([series[at] for series in value if at in series]) for at in times}
        if not isinstance(value, dict):
            return _number(value)
        return function(list(value.values())) if value else {}

    return apply


def _fill(timeline: Timeline, value: Value, filling: Value) -> Value:
    if not isinstance(value, dict):
        raise MathError("FILL needs a metric")
    filled: Series = {}
    for at in timeline.times:
        if at in value:
            filled[at] = value[at]
            continue
        found = _filling(value, filling, at)
        if found is not None:
            filled[at] = found
    return filled


def _filling(series: Series, filling: Value, at: float) -> float | None:
    if isinstance(filling, dict):
        return filling.get(at)
    if not isinstance(filling, str):
        return _number(filling)
    before = max((time for time in series if time < at), default=None)
    if filling == "REPEAT":
        return None if before is None else series[before]
    after = min((time for time in series if time > at), default=None)
    if before is None or after is None:
        return None
    return series[before] + (series[after] - series[before]) * (at - before) / (after - before)


def _if(timeline: Timeline, condition: Value, then: Value, otherwise: Value = "") -> Value:
    """``IF(condition, a, b)``; without ``b`` there is no point where the condition does not hold."""
    if not isinstance(condition, dict):
        if _number(condition):
            return then
        return {} if otherwise == "" else otherwise
    chosen: Series = {}
    for at, holds in condition.items():
        branch = then if holds else otherwise
        if branch == "" or (isinstance(branch, dict) and at not in branch):
            continue
        chosen[at] = _point(branch, at)
    return chosen


def _differences(*, per_second: bool) -> Callable[..., Value]:
    def apply(timeline: Timeline, value: Value) -> Value:
        if not isinstance(value, dict):
            raise MathError("RATE and DIFF need a metric")
        times = sorted(value)
        return {
            now: (value[now] - value[before]) / ((now - before) if per_second else 1)
            for before, now in itertools.pairwise(times)
        }

    return apply


def _period(timeline: Timeline, value: Value) -> Value:
    return float(timeline.period)


FUNCTIONS: dict[str, Callable[..., Value]] = {
    "ABS": _each(abs),
    "CEIL": _each(math.ceil),
    "FLOOR": _each(math.floor),
    "SUM": _over(math.fsum),
    "AVG": _over(statistics.fmean),
    "MIN": _over(min),
    "MAX": _over(max),
    "STDDEV": _over(statistics.pstdev),
    "FILL": _fill,
    "IF": _if,
    "DIFF": _differences(per_second=False),
    "RATE": _differences(per_second=True),
    "PERIOD": _period,
}
