"""What there is to know about a challenger in the shadow: captured answers of both, labels, and CloudWatch's metrics.

Captured records: https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-data-capture-endpoint.html; metrics:
https://docs.aws.amazon.com/sagemaker/latest/dg/monitoring-cloudwatch.html (endpoint invocation metrics).
"""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from vigil.aws.monitoring_places import HOUR_FOLDER
from vigil.aws.objects import S3Uri, get_bytes
from vigil.change_control.shadow import ShadowFindings
from vigil.models.delong import auroc_difference
from vigil.models.models import DECIMALS

CHAMPION, CHALLENGER = "champion", "challenger"
NAMESPACE = "AWS/SageMaker"
#: A function reads what fits its memory and its time: the newest objects of each variant.
MOST_OBJECTS = 2000
SHORTEST_PERIOD, MOST_DATAPOINTS = 60, 1440  # GetMetricStatistics

Answers = dict[str, float]  # probability by case id


@dataclass(frozen=True)
class ShadowPlaces:
    """``captured``: ``…/captured/<endpoint>/``; ``labels``: ``…/ground-truth/<endpoint>/``."""

    endpoint: str
    captured: S3Uri
    labels: S3Uri


def shadow_findings(places: ShadowPlaces, since: datetime, until: datetime, s3: Any, cloudwatch: Any) -> ShadowFindings:
    """``s3`` and ``cloudwatch`` are boto3 clients."""
    challenger = dict(_answers(places.captured / f"{CHALLENGER}/", since, until, s3))
    labels = _labels(places.labels, since, until, s3) if challenger else {}
    pairs, cases, off = 0, 0, 0.0
    labelled: list[tuple[bool, float, float]] = []
    for request, ours in _answers(places.captured / f"{CHAMPION}/", since, until, s3):
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
        champion_latency=metrics.mean(CHAMPION, "ModelLatency"),
        challenger_latency=metrics.mean(CHALLENGER, "ModelLatency"),
        pairs=pairs,
        cases=cases,
        mean_difference=round(off / cases, DECIMALS) if cases else None,
        labelled=len(labelled),
        auroc_difference=auroc_difference(*zip(*labelled, strict=True)) if labelled else None,
    )


class _Metrics:
    def __init__(self, endpoint: str, since: datetime, until: datetime, cloudwatch: Any) -> None:
        self._endpoint, self._client = endpoint, cloudwatch
        self._since, self._until = since.replace(second=0, microsecond=0), until
        minutes = (self._until - self._since).total_seconds() / SHORTEST_PERIOD
        self._period = max(1, math.ceil(minutes / MOST_DATAPOINTS)) * SHORTEST_PERIOD

    def total(self, variant: str, name: str) -> float:
        return sum(float(point["Sum"]) for point in self._points(variant, name))

    def mean(self, variant: str, name: str) -> float | None:
        points = self._points(variant, name)
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


def _answers(place: S3Uri, since: datetime, until: datetime, s3: Any) -> Iterator[tuple[str, Answers]]:
    """Each captured request by its inference id, else its event id, with the probabilities of its cases."""
    for record in _records(place, since, until, s3):
        try:
            metadata, output = record["eventMetadata"], record["captureData"]["endpointOutput"]
            moment = datetime.fromisoformat(metadata["inferenceTime"])
            data = output["data"]
            text = base64.b64decode(data).decode() if output.get("encoding") == "BASE64" else data
            results = json.loads(text)["results"]
            answers = {str(each["case_id"]): float(each["probability"]) for each in results}
        except (KeyError, TypeError, ValueError):
            continue  # no answer of ours; monitors count these
        if moment >= since.replace(microsecond=0):
            yield str(metadata.get("inferenceId") or metadata["eventId"]), answers


def _labels(place: S3Uri, since: datetime, until: datetime, s3: Any) -> dict[str, dict[str, bool]]:
    """By request, by case; the one that arrived last counts."""
    found: dict[str, dict[str, bool]] = {}
    for record in _records(place, since, until, s3):
        try:
            labels = json.loads(record["groundTruthData"]["data"])
            request = str(record["eventMetadata"]["eventId"])
            found.setdefault(request, {}).update({case: bool(label) for case, label in labels.items()})
        except (KeyError, TypeError, ValueError, AttributeError):
            continue  # the merge of the monitors counts what is no ground truth
    return found


def _records(place: S3Uri, since: datetime, until: datetime, s3: Any) -> Iterator[dict[str, Any]]:
    for key in _keys(place, since, until, s3):
        for line in get_bytes(S3Uri(place.bucket, key), s3).decode(errors="replace").splitlines():
            try:
                record = json.loads(line)
            except ValueError:
                continue
            if isinstance(record, dict):
                yield record


def _keys(place: S3Uri, since: datetime, until: datetime, s3: Any) -> list[str]:
    """Of the hours that the time touches, in order; of too many the newest. Folders sort as time does."""
    first = f"{since.astimezone(UTC):{HOUR_FOLDER}}"
    beyond = f"{until.astimezone(UTC) + timedelta(hours=1):{HOUR_FOLDER}}"
    pages = s3.get_paginator("list_objects_v2").paginate(
        Bucket=place.bucket, Prefix=place.key, StartAfter=f"{place.key}{first}"
    )
    keys: list[str] = []
    for page in pages:
        for item in page.get("Contents", []):
            if item["Key"].removeprefix(place.key) >= beyond:
                return keys[-MOST_OBJECTS:]
            keys.append(str(item["Key"]))
    return keys[-MOST_OBJECTS:]
