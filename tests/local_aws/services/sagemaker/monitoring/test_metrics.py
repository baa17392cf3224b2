"""Which of a monitoring container's metrics are published, and where.

https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-byoc-cloudwatch.html
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from local_aws.api import Context
from local_aws.services.sagemaker.monitoring.metrics import FOLDER, publish, read

GOOD = {
    "MetricName": "drift",
    "Timestamp": "2026-03-04T11:00:00Z",
    "Dimensions": [{"Name": "Endpoint", "Value": "e"}, {"Name": "MonitoringSchedule", "Value": "s"}],
    "Value": 0.5,
}
STATISTICS = {"MetricName": "x", "StatisticValues": {"SampleCount": 1, "Sum": 1, "Minimum": 1, "Maximum": 1}}


class CloudWatch:
    def __init__(self) -> None:
        self.put: list[dict[str, Any]] = []

    def __call__(self, service: str) -> Any:
        return self

    def put_metric_data(self, **request: Any) -> None:
        self.put.append(request)


@pytest.fixture
def left(tmp_path: Path) -> Path:
    folder = tmp_path / FOLDER
    folder.mkdir(parents=True)
    lines = [GOOD, {"MetricName": "neither"}, {**GOOD, **STATISTICS}, "text", {**GOOD, "Timestamp": "noon"}]
    text = "\n".join(json.dumps(line) for line in lines) + "\n{ broken"
    (folder / "metrics.jsonl").write_text(text)
    (folder / "more.json").write_text(json.dumps([STATISTICS]))
    return tmp_path


def test_lines_and_lists_are_read_and_what_is_no_datum_is_left_out(left: Path) -> None:
    found = list(read(left / FOLDER))
    assert found == [{**GOOD, "Timestamp": datetime(2026, 3, 4, 11, tzinfo=UTC)}, STATISTICS]


@pytest.mark.parametrize(
    ("told", "namespace"),
    [
        ({}, "/aws/sagemaker/Endpoint/data-metrics"),
        ({"analysis_type": "MODEL_QUALITY"}, "aws/sagemaker/Endpoints/model-metrics"),
        ({"analysis_type": "MODEL_BIAS"}, "aws/sagemaker/Endpoints/bias-metrics"),
        ({"analysis_type": "MODEL_EXPLAINABILITY"}, "aws/sagemaker/Endpoints/explainability-metrics"),
        ({"publish_cloudwatch_metrics": "Disabled"}, None),
        ({"sagemaker_monitoring_schedule_name": None}, None),
    ],
)
def test_each_type_has_its_namespace(
    context: Context, left: Path, told: dict[str, str | None], namespace: str | None
) -> None:
    given = {"publish_cloudwatch_metrics": "Enabled", "sagemaker_monitoring_schedule_name": "s", **told}
    environment = {name: value for name, value in given.items() if value is not None}
    watch: Any = CloudWatch()
    publish(replace(context, client=watch), {"ProcessingJobName": "j", "Environment": environment}, left)
    assert [request["Namespace"] for request in watch.put] == ([namespace] if namespace else [])
