"""What there is to know about a challenger in the shadow: captured answers of both, labels, and CloudWatch's metrics.

Captured records: https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-data-capture-endpoint.html; metrics:
https://docs.aws.amazon.com/sagemaker/latest/dg/monitoring-cloudwatch.html (endpoint invocation metrics).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from vigil.aws.hour_objects import HOUR, hour_objects
from vigil.aws.objects import S3Uri, get_bytes
from vigil.change_control.shadow import ShadowFindings
from vigil.models.delong import auroc_difference
from vigil.models.models import DECIMALS
from vigil.monitoring.captured import parse_answered
from vigil.monitoring.labels import parse_labels

CHAMPION, CHALLENGER = "champion", "challenger"
NAMESPACE = "AWS/SageMaker"
#: A function reads what fits its memory and its time: so much of each variant, evenly over the shadow's hours.
MOST_OBJECTS, MOST_BYTES = 500, 100_000_000
SHORTEST_PERIOD, MOST_DATAPOINTS = 60, 1440  # GetMetricStatistics
#: A model's first requests load what it needs: latencies count from here on.
WARM = timedelta(minutes=1)

Answers = dict[str, float]  # probability by case id


@dataclass(frozen=True)
class ShadowPlaces:
    """``captured``: ``…/captured/<endpoint>/``; ``labels``: ``…/ground-truth/<endpoint>/``."""

    endpoint: str
    captured: S3Uri
    labels: S3Uri


def shadow_findings(places: ShadowPlaces, since: datetime, until: datetime, s3: Any, cloudwatch: Any) -> ShadowFindings:
    """``s3`` and ``cloudwatch`` are boto3 clients."""
    unreadable = _Count()
    challenger = dict(_answers(places.captured / f"{CHALLENGER}/", since, until, s3, unreadable))
    labels = _labels(places.labels, since, until, s3) if challenger else {}
    pairs, cases, off = 0, 0, 0.0
    labelled: list[tuple[bool, float, float]] = []
    for request, ours in _answers(places.captured / f"{CHAMPION}/", since, until, s3, _Count()):
        theirs = challenger.pop(request, None)
        if theirs is None:
            continue
        pairs += 1
        for case in ours.keys() & theirs.keys():
            cases += 1
            off += abs(ours[case] - theirs[case])
            if (label := labels.get(request, {}).get(case)) is not None:
                labelled.append((label, ours[case], theirs[case]))
    metrics = _Metrics(places.endpoint, since, until, cloudwatch)
    return ShadowFindings(
        requests=round(metrics.total(CHALLENGER, "Invocations")),
        errors=round(metrics.total(CHALLENGER, "Invocation5XXErrors")),
        unreadable=unreadable.lines,
        champion_latency=metrics.warm_mean(CHAMPION, "ModelLatency"),
        challenger_latency=metrics.warm_mean(CHALLENGER, "ModelLatency"),
        pairs=pairs,
        cases=cases,
        mean_difference=round(off / cases, DECIMALS) if cases else None,
        labelled=len(labelled),
        auroc_difference=auroc_difference(*zip(*labelled, strict=True)) if labelled else None,
    )


class _Metrics:
    def __init__(self, endpoint: str, since: datetime, until: datetime, cloudwatch: Any) -> None:
        self._endpoint, self._client = endpoint, cloudwatch
        self._warm = since + WARM
        self._since, self._until = since.replace(second=0, microsecond=0), until
        minutes = (self._until - self._since).total_seconds() / SHORTEST_PERIOD
        self._period = max(1, math.ceil(minutes / MOST_DATAPOINTS)) * SHORTEST_PERIOD

    def total(self, variant: str, name: str) -> float:
        return sum(float(point["Sum"]) for point in self._points(variant, name))

    def warm_mean(self, variant: str, name: str) -> float | None:
        """Over the whole periods after the first minute; None where there are none."""
        points = [point for point in self._points(variant, name) if point["Timestamp"] >= self._warm]
        count = sum(float(point["SampleCount"]) for point in points)
        return round(sum(float(point["Sum"]) for point in points) / count, 1) if count else None

    def _points(self, variant: str, name: str) -> list[dict[str, Any]]:
        answer = self._client.get_metric_statistics(
            Namespace=NAMESPACE,
            MetricName=name,
            Dimensions=[
                {"Name": "EndpointName", "Value": self._endpoint},
                {"Name": "VariantName", "Value": variant},
            ],
            StartTime=self._since,
            EndTime=self._until,
            Period=self._period,
            Statistics=["Sum", "SampleCount"],
        )
        found: list[dict[str, Any]] = answer["Datapoints"]
        return found


class _Count:
    lines = 0


def _answers(
    place: S3Uri, since: datetime, until: datetime, s3: Any, unreadable: _Count
) -> Iterator[tuple[str, Answers]]:
    """Each captured request by its inference id, with the probabilities of its cases; what is none is counted."""
    for line in _lines(place, since, until, s3):
        found = parse_answered(line)
        if found is None:
            unreadable.lines += 1
        elif found.moment >= since.replace(microsecond=0):
            yield found.inference_id, {score.case_id: score.probability for score in found.scores}


def _labels(place: S3Uri, since: datetime, until: datetime, s3: Any) -> dict[str, dict[str, bool]]:
    """By request, by case; the one that arrived last counts. The monitors' merge counts what is no ground truth."""
    found: dict[str, dict[str, bool]] = {}
    for line in _lines(place, since, until, s3):
        if (parsed := parse_labels(line)) is not None:
            found.setdefault(parsed[0], {}).update(parsed[1])
    return found


def _lines(place: S3Uri, since: datetime, until: datetime, s3: Any) -> Iterator[bytes]:
    """Of as many objects as fit, evenly over the time; the same ones for both variants where they hold the same."""
    left = MOST_BYTES
    for key, size in _spread(_keys(place, since, until, s3)):
        left -= size
        if left < 0:
            return
        yield from filter(None, get_bytes(S3Uri(place.bucket, key), s3).splitlines())


def _spread(keys: list[tuple[str, int]]) -> list[tuple[str, int]]:
    """At most ``MOST_OBJECTS``, and so many that their sizes fit ``MOST_BYTES``, at even distances."""
    whole = sum(size for _, size in keys)
    most = min(MOST_OBJECTS, len(keys), int(len(keys) * MOST_BYTES / whole) if whole else len(keys))
    return [keys[n * len(keys) // most] for n in range(most)]


def _keys(place: S3Uri, since: datetime, until: datetime, s3: Any) -> list[tuple[str, int]]:
    """Of the hours that the time touches, in order, with their sizes in bytes."""
    return [(str(item["Key"]), int(item["Size"])) for item in hour_objects(s3, place, since, until + HOUR)]
