"""Metric data in the store: one document for each metric, its samples in one stream for each hour.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_concepts.html
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from local_aws.api import Context

KIND = "cloudwatch_metric"
HOUR = 3600
MINUTE = 60
#: CloudWatch keeps data for 15 months.
KEPT_SECONDS = 455 * 86_400
NO_UNIT = "None"


class Metric(NamedTuple):
    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...]

    @property
    def key(self) -> str:
        return hashlib.sha256(json.dumps(self).encode()).hexdigest()[:32]

    def stream(self, hour: int) -> str:
        return f"cloudwatch:{self.key}:{hour}"


class Sample(NamedTuple):
    """``at`` is in seconds since 1970. Either ``values`` with how often each was seen, or only a summary is known."""

    at: float
    unit: str
    values: tuple[tuple[float, float], ...]
    times: float
    total: float
    least: float
    most: float


def metric_of(described: Mapping[str, Any]) -> Metric:
    """The metric that ``Namespace``, ``MetricName`` and ``Dimensions`` of a request name."""
    dimensions = sorted((each["Name"], each["Value"]) for each in described.get("Dimensions") or [])
    return Metric(described["Namespace"], described["MetricName"], tuple(dimensions))


def sample_of_values(at: float, unit: str, values: Sequence[float], counts: Sequence[float]) -> Sample:
    pairs = tuple(zip(values, counts, strict=True))
    total = sum(value * count for value, count in pairs)
    return Sample(at, unit, pairs, sum(counts), total, min(values), max(values))


def record(aws: Context, metric: Metric, sample: Sample) -> None:
    """Keep a sample, inside the caller's transaction."""
    known = aws.store.get(KIND, metric.key)
    first = min(sample.at, known["first"]) if known else sample.at
    last = max(sample.at, known["last"]) if known else sample.at
    for hour in range(int(first // HOUR), int((last - KEPT_SECONDS) // HOUR)):
        aws.store.drop(metric.stream(hour))
    aws.store.put(
        KIND,
        metric.key,
        {
            "Namespace": metric.namespace,
            "MetricName": metric.name,
            "Dimensions": [{"Name": name, "Value": value} for name, value in metric.dimensions],
            "first": max(first, last - KEPT_SECONDS),
            "last": last,
        },
    )
    aws.store.append(metric.stream(int(sample.at // HOUR)), {"sample": list(sample)})


def samples(aws: Context, metric: Metric, start: float, end: float, unit: str | None = None) -> list[Sample]:
    """The samples with ``start <= at < end``; only those of ``unit`` when one is named."""
    known = aws.store.get(KIND, metric.key)
    if known is None:
        return []
    first, last = max(start, known["first"]), min(end, known["last"] + 1)
    found = []
    for hour in range(int(first // HOUR), int(last // HOUR) + 1):
        for _, entry in aws.store.read(metric.stream(hour)):
            at, its_unit, values, *summary = entry["sample"]
            if start <= at < end and unit in (None, its_unit):
                found.append(Sample(at, its_unit, tuple((value, count) for value, count in values), *summary))
    return found


def known_metrics(aws: Context) -> list[dict[str, Any]]:
    return [document for _, document in aws.store.list(KIND)]
