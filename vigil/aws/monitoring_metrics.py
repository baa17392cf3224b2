"""Figures of monitoring that alarms watch: violations of each window, and monitors whose windows no longer come.

The analyzer's own metrics go where Model Monitor's do; these come from what is recorded, so they are the same in both
homes, and a window counts once however often its event comes.
"""

from __future__ import annotations

import logging
from typing import Any

from vigil.monitoring.models import WindowReport

NAMESPACE = "Vigil/Monitoring"
VIOLATIONS = "Violations"  # by Stack and Monitor: of one window
WINDOWS = "WindowsMonitored"  # by Stack and Monitor
OVERDUE = "MonitorsOverdue"  # by Stack: how many monitors have not told of a window for too long; each minute

logger = logging.getLogger(__name__)


class MonitoringMetrics:
    """``client`` is a boto3 CloudWatch client. What cannot be counted is logged; it is recorded all the same."""

    def __init__(self, client: Any, stack: str) -> None:
        self._client = client
        self._stack = {"Name": "Stack", "Value": stack}

    def window(self, report: WindowReport) -> None:
        dimensions = [self._stack, {"Name": "Monitor", "Value": report.monitor.value}]
        self._put({VIOLATIONS: report.violation_count, WINDOWS: 1}, dimensions)

    def overdue(self, monitors: int) -> None:
        self._put({OVERDUE: monitors}, [self._stack])

    def _put(self, values: dict[str, int], dimensions: list[dict[str, str]]) -> None:
        data = [
            {"MetricName": name, "Value": float(value), "Unit": "Count", "Dimensions": dimensions}
            for name, value in values.items()
        ]
        try:
            self._client.put_metric_data(Namespace=NAMESPACE, MetricData=data)
        except Exception:
            logger.exception("the metrics %s could not be counted", ", ".join(values))
