"""Metrics of the requests to endpoints, gathered in memory and put to CloudWatch in the background.

Names, units and meaning: https://docs.aws.amazon.com/sagemaker/latest/dg/monitoring-cloudwatch.html (endpoint
invocation metrics; namespace AWS/SageMaker, dimensions EndpointName and VariantName). Requests of a few seconds
become one set of statistics. Metrics that are not put yet are lost with a killed server.
"""

from __future__ import annotations

import logging
import math
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local_aws.api import Context

logger = logging.getLogger(__name__)

NAMESPACE = "AWS/SageMaker"
COUNT, MICROSECONDS, NONE = "Count", "Microseconds", "None"
#: In seconds: alarms of ten seconds see them, where AWS has minutes.
HIGH_RESOLUTION = 1
BATCH = 100
CLOSE_LIMIT_SECONDS = 10.0


@dataclass
class Statistics:
    """What CloudWatch calls a statistic set."""

    unit: str
    count: int = 0
    total: float = 0.0
    smallest: float = math.inf
    largest: float = -math.inf

    def add(self, value: float) -> None:
        self.count += 1
        self.total += value
        self.smallest = min(self.smallest, value)
        self.largest = max(self.largest, value)


@dataclass
class Gathered:
    """The metrics of one variant since the last time they were put."""

    sets: dict[str, Statistics] = field(default_factory=dict)

    def add(self, name: str, unit: str, value: float) -> None:
        if name not in self.sets:
            self.sets[name] = Statistics(unit)
        self.sets[name].add(value)


class InvocationMetrics:
    def __init__(self, context: Context, seconds: float) -> None:
        self._context = context
        self._seconds = seconds
        self._gathered: dict[tuple[str, str], Gathered] = {}
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None

    def count(
        self, endpoint: str, variant: str, instances: int, status: int, model_seconds: float, overhead_seconds: float
    ) -> None:
        """One request. ``status`` is the model's, 0 where it gave none in time; takes microseconds."""
        with self._lock:
            gathered = self._gathered.setdefault((endpoint, variant), Gathered())
            gathered.add("Invocations", NONE, 1)
            gathered.add("InvocationsPerInstance", NONE, 1 / max(1, instances))
            gathered.add("Invocation4XXErrors", NONE, 1 if 400 <= status < 500 else 0)
            gathered.add("Invocation5XXErrors", NONE, 1 if status >= 500 or status == 0 else 0)
            gathered.add("InvocationModelErrors", NONE, 0 if 200 <= status < 300 else 1)
            gathered.add("ModelLatency", MICROSECONDS, model_seconds * 1e6)
            gathered.add("OverheadLatency", MICROSECONDS, overhead_seconds * 1e6)
            if self._thread is None:
                self._thread = threading.Thread(target=self._put_all, name="sagemaker-metrics", daemon=True)
                self._thread.start()

    def close(self) -> None:
        """Put what is left; waits with a limit."""
        self._closing.set()
        with self._lock:
            thread = self._thread
        if thread is not None:
            thread.join(CLOSE_LIMIT_SECONDS)

    def _put_all(self) -> None:
        closing = False
        while not closing:
            closing = self._closing.wait(self._seconds)
            with self._lock:
                gathered, self._gathered = self._gathered, {}
            data = _metric_data(gathered)
            for start in range(0, len(data), BATCH):
                self._put(data[start : start + BATCH])

    def _put(self, data: list[dict[str, Any]]) -> None:
        try:
            self._context.client("cloudwatch").put_metric_data(Namespace=NAMESPACE, MetricData=data)
        except (ClientError, BotoCoreError) as error:
            logger.warning("%d metrics of endpoints are lost: %s", len(data), type(error).__name__)
        except Exception:
            logger.exception("%d metrics of endpoints are lost", len(data))


def _metric_data(gathered: dict[tuple[str, str], Gathered]) -> list[dict[str, Any]]:
    moment = datetime.now(UTC)
    return [
        {
            "MetricName": name,
            "Dimensions": [{"Name": "EndpointName", "Value": endpoint}, {"Name": "VariantName", "Value": variant}],
            "Timestamp": moment,
            "Unit": statistics.unit,
            "StorageResolution": HIGH_RESOLUTION,
            "StatisticValues": {
                "SampleCount": statistics.count,
                "Sum": statistics.total,
                "Minimum": statistics.smallest,
                "Maximum": statistics.largest,
            },
        }
        for (endpoint, variant), one in gathered.items()
        for name, statistics in one.sets.items()
    ]
