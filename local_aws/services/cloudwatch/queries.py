"""Metric data queries: the series of metrics and of expressions over them, for GetMetricData and for alarms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from local_aws.api import Context
from local_aws.services.cloudwatch.math_expressions import Environment, parsed
from local_aws.services.cloudwatch.math_functions import MathError, Series, Timeline, Value
from local_aws.services.cloudwatch.metrics import Metric, Sample, metric_of, samples
from local_aws.services.cloudwatch.statistics import check, value_of


def period_series(
    aws: Context, metric: Metric, statistic: str, period: int, start: float, end: float, unit: str | None
) -> Series:
    """A value for the beginning of each period since ``start`` that has data."""
    return {
        at: value
        for at, found in by_period(samples(aws, metric, start, end, unit), period, start).items()
        if (value := value_of(statistic, found)) is not None
    }


def by_period(found: Sequence[Sample], period: int, start: float) -> dict[float, list[Sample]]:
    periods: dict[float, list[Sample]] = {}
    for sample in found:
        periods.setdefault(start + (sample.at - start) // period * period, []).append(sample)
    return dict(sorted(periods.items()))


def check_queries(queries: Sequence[Mapping[str, Any]]) -> None:
    """``ValueError`` for queries that could not be answered."""
    ids = [query["Id"] for query in queries]
    if len(set(ids)) != len(ids):
        raise MathError("the Ids of the queries must be different")
    for query in queries:
        if ("Expression" in query) == ("MetricStat" in query):
            raise MathError(f"{query['Id']}: either Expression or MetricStat must be given")
        if "MetricStat" in query:
            check(query["MetricStat"]["Stat"])
        else:
            _, used = parsed(query["Expression"])
            unknown = sorted(used - set(ids))
            if unknown:
                raise MathError(f"{query['Id']}: there is no query {', '.join(unknown)}")


def smallest_period(queries: Sequence[Mapping[str, Any]]) -> int:
    periods = [query["MetricStat"]["Period"] for query in queries if "MetricStat" in query]
    return int(max(periods, default=60))


def evaluate(aws: Context, queries: Sequence[Mapping[str, Any]], start: float, end: float) -> dict[str, Value]:
    """The value of each query by its id. ``start`` is where the first period begins."""
    values: dict[str, Value] = {}
    for query in queries:
        if "MetricStat" in query:
            stat = query["MetricStat"]
            metric = metric_of(stat["Metric"])
            values[query["Id"]] = period_series(aws, metric, stat["Stat"], stat["Period"], start, end, stat.get("Unit"))
    period = smallest_period(queries)
    times = [start + number * period for number in range(int((end - start) // period))]
    waiting = [query for query in queries if "Expression" in query]
    while waiting:
        ready = [query for query in waiting if parsed(query["Expression"])[1] <= set(values)]
        if not ready:
            raise MathError("the expressions refer to each other in a circle")
        for query in ready:
            node, _ = parsed(query["Expression"])
            values[query["Id"]] = node(Environment(values, Timeline(times, period)))
        waiting = [query for query in waiting if query not in ready]
    return values


def as_series(value: Value, times: Sequence[float]) -> Series:
    """A single number is told for every timestamp, as GetMetricData does."""
    if isinstance(value, dict):
        return value
    if isinstance(value, int | float):
        return {at: float(value) for at in times}
    raise MathError("the expression must yield one time series")
