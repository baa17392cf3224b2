"""What a monitor leaves behind: its reports, its figures for CloudWatch and its exit message.

https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-byoc-contract-outputs.html and
model-monitor-byoc-cloudwatch.html. Beside Model Monitor's three files lie ``captured.json`` and ``ground_truth.json``
(what was counted and what was left out), and ``window.json``, the verdict, which is written last.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from vigil.digests import canonical_json
from vigil.monitoring.baseline import CONSTRAINTS, STATISTICS
from vigil.monitoring.contract import MonitorOrder
from vigil.monitoring.findings import Document, Findings, Metric
from vigil.monitoring.models import WindowReport, WindowStatus
from vigil.monitoring.window_cases import Counted

VIOLATIONS = "constraint_violations.json"
WINDOW, CAPTURED, GROUND_TRUTH = "window.json", "captured.json", "ground_truth.json"
#: What SageMaker keeps of an exit message, and how it begins where the schedule is to show violations.
MESSAGE_CHARACTERS = 1024
EXIT = {WindowStatus.VIOLATIONS: "CompletedWithViolations"}
#: CloudWatch refuses anything longer, and values beyond.
DIMENSION_CHARACTERS = 255


@dataclass(frozen=True)
class Reports:
    """All that follows from a verdict; ``finished_at`` is the one thing in it that a second run changes."""

    order: MonitorOrder
    findings: Findings
    counted: Counted
    finished_at: datetime

    @property
    def report(self) -> WindowReport:
        order, found = self.order, self.findings
        return WindowReport(
            endpoint=order.endpoint,
            monitor=order.monitor,
            window=order.window,
            status=found.status,
            cases=self.counted.captured.cases,
            labels=self.counted.labels,
            measures=found.measures,
            violation_count=len(found.violations),
            violations=found.violations,
            note="; ".join(part for part in (found.note, self.counted.captured.left_out()) if part),
            artefact_digest=order.artefact_digest,
            baseline_digest=order.baseline_digest,
            plan_digest=order.plan_digest,
            report_uri=order.report_uri,
            finished_at=self.finished_at,
        )

    @property
    def exit_message(self) -> str:
        """``CompletedWithViolations: …`` is what SageMaker makes the execution's status of."""
        report = self.report
        kept = EXIT.get(report.status, "Completed")
        told = f"{kept}: {report.cases} cases, {report.violation_count} violations, {report.status}"
        return f"{told}; {report.note}"[:MESSAGE_CHARACTERS] if report.note else told

    def write(self, folder: Path, statistics: Document, constraints: Document) -> list[str]:
        """The files in ``folder``, whose names are given in the order in which they are to be delivered."""
        documents: dict[str, Any] = {
            STATISTICS: self.findings.statistics or statistics,
            CONSTRAINTS: constraints,
            VIOLATIONS: {"version": 0.0, "violations": list(self.findings.entries)},
            CAPTURED: self.counted.captured.as_json(),
        }
        if self.counted.merge is not None:
            documents[GROUND_TRUTH] = json.loads(self.counted.merge.to_json())
        documents[WINDOW] = self.report.model_dump(mode="json")
        for name, document in documents.items():
            write_document(folder / name, document)
        return list(documents)

    def metric_lines(self) -> list[dict[str, Any]]:
        """PutMetricData's entries, at the window's end, by endpoint and schedule as Model Monitor has them."""
        report = self.report
        metrics = [
            Metric("cases", report.cases),
            Metric("violations", report.violation_count),
            *(Metric(name, found.value) for name, found in report.measures.items() if found.value is not None),
            *self.findings.metrics,
        ]
        if report.labels is not None and report.labels.coverage is not None:
            metrics.append(Metric("coverage", report.labels.coverage))
        return [self._line(metric) for metric in metrics]

    def _line(self, metric: Metric) -> dict[str, Any]:
        own = {"Endpoint": self.order.endpoint, "MonitoringSchedule": self.order.schedule}
        dimensions = {**own, **metric.dimensions}
        return {
            "MetricName": metric.name[:DIMENSION_CHARACTERS],
            "Timestamp": f"{self.order.window.end:%Y-%m-%dT%H:%M:%SZ}",
            "Dimensions": [{"Name": name, "Value": value[:DIMENSION_CHARACTERS]} for name, value in dimensions.items()],
            "Value": float(metric.value),
        }


def write_document(path: Path, document: Document) -> None:
    """The same document, the same bytes. Raises ``ValueError`` for NaN and infinity."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8")


def write_metric_lines(path: Path, lines: list[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"".join(canonical_json(line) + b"\n" for line in lines))
