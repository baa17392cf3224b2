"""Statistics of samples: the five simple ones, percentiles, trimmed means and counts.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Statistics-definitions.html
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from local_aws.services.cloudwatch.metrics import Sample

SIMPLE = ("SampleCount", "Average", "Sum", "Minimum", "Maximum")
PERCENTILE = re.compile(r"(p|tm|tc|ts)(\d{1,2}(?:\.\d{1,10})?|100)")


class StatisticError(ValueError):
    """No such statistic on this server."""


def check(statistic: str) -> None:
    if statistic not in SIMPLE and not PERCENTILE.fullmatch(statistic):
        raise StatisticError(f"{statistic} is none of {', '.join(SIMPLE)}, p99, tm99, tc99, ts99")


def value_of(statistic: str, samples: Sequence[Sample]) -> float | None:
    """The statistic of one period's samples; None where there is none to tell."""
    count = sum(sample.times for sample in samples)
    if not count:
        return None
    total = sum(sample.total for sample in samples)
    simple = {
        "SampleCount": count,
        "Sum": total,
        "Average": total / count,
        "Minimum": min(sample.least for sample in samples),
        "Maximum": max(sample.most for sample in samples),
    }
    if statistic in simple:
        return float(simple[statistic])
    match = PERCENTILE.fullmatch(statistic)
    if match is None:
        raise StatisticError(statistic)
    values = _every_value(samples)
    if values is None:
        return None
    bound = _percentile(values, float(match[2]))
    if match[1] == "p":
        return bound
    kept = [(value, times) for value, times in values if value <= bound]
    number, summed = sum(times for _, times in kept), sum(value * times for value, times in kept)
    return {"tc": number, "ts": summed, "tm": summed / number}[match[1]]


def _every_value(samples: Sequence[Sample]) -> list[tuple[float, float]] | None:
    """Values and how often each was seen, in order; None when a summary of several values is among the samples."""
    values: list[tuple[float, float]] = []
    for sample in samples:
        if sample.values:
            values.extend(sample.values)
        elif sample.least == sample.most:
            values.append((sample.least, sample.times))
        else:
            return None
    return sorted(values)


def _percentile(values: Sequence[tuple[float, float]], percent: float) -> float:
    """Between the two nearest ranks, as most tools reckon; AWS does not say how it does."""
    count = sum(times for _, times in values)
    rank = percent / 100 * (count - 1)
    lower, upper = _at_rank(values, int(rank)), _at_rank(values, min(int(rank) + 1, count - 1))
    return lower + (upper - lower) * (rank - int(rank))


def _at_rank(values: Sequence[tuple[float, float]], rank: float) -> float:
    seen = 0.0
    for value, times in values:
        seen += times
        if rank < seen:
            return value
    return values[-1][0]
