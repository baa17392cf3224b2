"""A training job's metrics: found in its log by regular expression, kept, and put to CloudWatch.

https://docs.aws.amazon.com/sagemaker/latest/dg/training-metrics.html: the first group of a definition's expression
is the value; the last value of each is shown in FinalMetricDataList.
"""

from __future__ import annotations

import logging
import math
import re
import time
from collections import defaultdict
from datetime import datetime
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local_aws.api import Context
from local_aws.services.sagemaker.errors import validation_error
from local_aws.services.sagemaker.records import TRAINING_JOB, change, now
from local_aws.services.sagemaker.shapes import MetricDefinition, TrainingJob

logger = logging.getLogger(__name__)

NAMESPACE = "/aws/sagemaker/TrainingJobs"
BLOCK_BYTES = 1 << 20
LONGEST_LINE_BYTES = 64 * 1024
PUBLISH_SECONDS = 1.0
#: Values of one metric in one publication, and in the history: the latest and the first ones are kept.
PUBLISHED_VALUES = 100
KEPT_VALUES = 10_000


def check(definitions: list[MetricDefinition]) -> None:
    """Raises a ValidationException for what is not a regular expression."""
    for one in definitions:
        try:
            re.compile(one["Regex"])
        except re.error as error:
            raise validation_error(f"The Regex of metric {one['Name']} is not valid: {error}") from error


def history(context: Context, job: str, metric: str) -> list[float]:
    """The values of a metric in the order in which the job printed them."""
    return [entry["Value"] for _, entry in context.store.read(_stream(job)) if entry["MetricName"] == metric]


def forget(context: Context, job: str) -> None:
    context.store.drop(_stream(job))


class Metrics:
    """Follows one attempt of a job: only what is printed from now on counts."""

    def __init__(self, context: Context, job: TrainingJob, log: Path) -> None:
        self._context = context
        self._name = job["TrainingJobName"]
        definitions = job["AlgorithmSpecification"].get("MetricDefinitions", [])
        self._expressions = [(one["Name"], re.compile(one["Regex"])) for one in definitions]
        self._log = log
        self._offset = log.stat().st_size if log.exists() else 0
        self._rest = b""
        self._last: dict[str, tuple[float, datetime]] = {}
        self._unpublished: dict[str, list[tuple[float, datetime]]] = defaultdict(list)
        self._published = 0.0
        self._kept = 0
        self._shown = True
        forget(context, self._name)

    def look(self) -> None:
        if self._expressions and self._read():
            self._show()
            if time.monotonic() - self._published >= PUBLISH_SECONDS:
                self._publish()

    def end(self) -> None:
        if not self._expressions:
            return
        while self._read():
            pass
        self._take([self._rest])
        self._rest = b""
        self._show()
        self._publish()

    def _read(self) -> bool:
        """Look at the next block; False when there is none."""
        try:
            with self._log.open("rb") as file:
                file.seek(self._offset)
                block = file.read(BLOCK_BYTES)
        except OSError:
            return False
        self._offset += len(block)
        *lines, self._rest = (self._rest + block).split(b"\n")
        self._rest = self._rest[-LONGEST_LINE_BYTES:]
        self._take(lines)
        return bool(block)

    def _take(self, lines: list[bytes]) -> None:
        moment = now()
        found: list[tuple[str, float]] = []
        for line in lines:
            text = line[:LONGEST_LINE_BYTES].decode("utf-8", "replace")
            for name, expression in self._expressions:
                value = _value(expression, text)
                if value is not None:
                    found.append((name, value))
        if found:
            self._keep(found, moment)

    def _keep(self, found: list[tuple[str, float]], moment: datetime) -> None:
        self._shown = False
        for name, value in found:
            self._last[name] = (value, moment)
            values = self._unpublished[name]
            values.append((value, moment))
            del values[:-PUBLISHED_VALUES]
        with self._context.store.transaction():
            for name, value in found[: max(0, KEPT_VALUES - self._kept)]:
                self._context.store.append(_stream(self._name), {"MetricName": name, "Value": value})
        self._kept += len(found)

    def _show(self) -> None:
        if not self._shown:
            self._shown = True
            final = [{"MetricName": name, "Value": value, "Timestamp": at} for name, (value, at) in self._last.items()]
            change(self._context, TRAINING_JOB, self._name, FinalMetricDataList=final)

    def _publish(self) -> None:
        self._published = time.monotonic()
        dimensions = [{"Name": "TrainingJobName", "Value": self._name}]
        client = self._context.client("cloudwatch")
        for name, values in self._unpublished.items():
            data: list[dict[str, Any]] = [
                {"MetricName": name, "Dimensions": dimensions, "Timestamp": moment, "Value": value}
                for value, moment in values
            ]
            try:
                client.put_metric_data(Namespace=NAMESPACE, MetricData=data)
            except (ClientError, BotoCoreError) as error:
                logger.warning("metrics of %s could not be put to CloudWatch: %s", self._name, type(error).__name__)
        self._unpublished.clear()


def _stream(job: str) -> str:
    return f"sagemaker.metrics/{job}"


def _value(expression: re.Pattern[str], text: str) -> float | None:
    found = expression.search(text)
    if found is None:
        return None
    try:
        value = float(found[1] if expression.groups else found[0])
    except (TypeError, ValueError):
        return None
    return value if math.isfinite(value) else None
