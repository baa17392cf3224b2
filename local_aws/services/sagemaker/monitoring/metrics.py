"""What a monitoring container leaves in ``/opt/ml/output/metrics/cloudwatch``, put to CloudWatch.

Lines of JSON as in PutMetricData, or one list of them, in one file or several:
https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-byoc-cloudwatch.html. The namespaces of bias and
explainability: https://docs.aws.amazon.com/sagemaker/latest/dg/clarify-model-monitor-bias-drift-cw.html and
clarify-feature-attribute-drift-cw.html; of quality: model-monitor-model-quality-cw.html.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local_aws.api import Context
from local_aws.services.sagemaker.monitoring.environment import ENABLED, PUBLISH

logger = logging.getLogger(__name__)

FOLDER = "output/metrics/cloudwatch"
NAMESPACES = {
    "MODEL_QUALITY": "aws/sagemaker/Endpoints/model-metrics",
    "MODEL_BIAS": "aws/sagemaker/Endpoints/bias-metrics",
    "MODEL_EXPLAINABILITY": "aws/sagemaker/Endpoints/explainability-metrics",
}
DATA_NAMESPACE = "/aws/sagemaker/Endpoint/data-metrics"
MEMBERS = ("MetricName", "Dimensions", "Value", "StatisticValues", "Unit")
BATCH = 100
LARGEST_FILE_BYTES = 16 * 1024 * 1024


def publish(context: Context, job: Mapping[str, Any], root: Path) -> None:
    """Put the metrics of a monitoring job that has completed, if it was to publish any. Never fails the job."""
    environment = job.get("Environment", {})
    if environment.get(PUBLISH) != ENABLED or "sagemaker_monitoring_schedule_name" not in environment:
        return
    namespace = NAMESPACES.get(environment.get("analysis_type", ""), DATA_NAMESPACE)
    name, refused = job["ProcessingJobName"], 0
    for data in _batches(list(read(root / FOLDER))):
        try:
            context.client("cloudwatch").put_metric_data(Namespace=namespace, MetricData=data)
        except (ClientError, BotoCoreError) as error:
            refused += len(data)
            logger.warning("metrics of processing job %s were not accepted: %s", name, type(error).__name__)
    if refused:
        logger.warning("processing job %s: %d metrics are not published", name, refused)


def read(place: Path) -> Iterator[dict[str, Any]]:
    """Usable metric data of a file, or of every file below a folder; what is none is left out and logged."""
    files = [place] if place.is_file() else sorted(path for path in place.rglob("*") if path.is_file())
    for file in files:
        if file.stat().st_size > LARGEST_FILE_BYTES:
            logger.warning("%s holds too many metrics: they are not published", file.name)
            continue
        for entry in _entries(file.read_text(encoding="utf-8", errors="replace")):
            datum = _datum(entry)
            if datum is None:
                logger.warning("%s: an entry is no metric datum", file.name)
            else:
                yield datum


def _entries(text: str) -> Iterator[Any]:
    try:
        whole = json.loads(text)
    except ValueError:
        for line in text.splitlines():
            if line.strip():
                yield _parsed(line)
    else:
        yield from whole if isinstance(whole, list) else [whole]


def _parsed(line: str) -> Any:
    try:
        return json.loads(line)
    except ValueError:
        return None


def _datum(entry: Any) -> dict[str, Any] | None:
    if not isinstance(entry, dict) or "MetricName" not in entry:
        return None
    if ("Value" in entry) == ("StatisticValues" in entry):
        return None
    datum = {member: entry[member] for member in MEMBERS if member in entry}
    try:
        if "Timestamp" in entry:
            moment = datetime.fromisoformat(str(entry["Timestamp"]))
            datum["Timestamp"] = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    except ValueError:
        return None
    return datum


def _batches(data: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    for start in range(0, len(data), BATCH):
        yield data[start : start + BATCH]
