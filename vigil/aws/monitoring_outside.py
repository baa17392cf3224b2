"""What a monitoring job reaches beyond its folders, on AWS: S3, CloudWatch and EventBridge."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from vigil.aws.environment import aws_client
from vigil.aws.monitoring_events import announce
from vigil.aws.objects import S3Uri, get_file, list_prefix, put_file
from vigil.monitoring.captured import SourceFile
from vigil.monitoring.labels import hour_of_name
from vigil.monitoring.models import WindowReport

#: Where alarms look in both homes; Model Monitor's own namespaces are filled by its schedules alone.
NAMESPACE = "Vigil/Monitoring"
METRICS_AT_ONCE = 500  # of at most 1,000, and 1 MB, in one PutMetricData


class AwsOutside:
    """``vigil.monitoring.jobs.Outside``. Errors are those of ``vigil.aws.objects``, boto3 and the announcement."""

    def fetch(self, uri: str, path: Path) -> None:
        get_file(S3Uri.parse(uri), path)

    def hours(self, uri: str, start: datetime, end: datetime) -> Iterator[SourceFile]:
        """Objects below ``uri`` or, as captures have it, below one of its folders, in hour folders; one on disk."""
        root = S3Uri.parse(uri if uri.endswith("/") else f"{uri}/")
        first = start.replace(minute=0, second=0, microsecond=0)
        with tempfile.TemporaryDirectory() as folder:
            for name in sorted(self._names(root, first, end)):
                path = Path(folder) / "read.jsonl"
                get_file(S3Uri(root.bucket, root.key + name), path)
                yield SourceFile(name, path)

    def deliver(self, folder: Path, names: Iterable[str], uri: str) -> None:
        target = S3Uri.parse(uri)
        for name in names:
            put_file(folder / name, target / name)

    def put_metrics(self, lines: list[dict[str, Any]]) -> None:
        for start in range(0, len(lines), METRICS_AT_ONCE):
            data = [
                {**line, "Timestamp": datetime.fromisoformat(line["Timestamp"])}
                for line in lines[start : start + METRICS_AT_ONCE]
            ]
            aws_client("cloudwatch").put_metric_data(Namespace=NAMESPACE, MetricData=data)

    def announce(self, report: WindowReport) -> None:
        announce(report, aws_client("events"))

    def now(self) -> datetime:
        return datetime.now(UTC)

    def _names(self, root: S3Uri, first: datetime, end: datetime) -> Iterator[str]:
        """Below ``root``, of the hours in [first, end); only the days in question are listed."""
        for variant in self._variants(root):
            day = first.replace(hour=0)
            while day < end:
                prefix = f"{variant}{day:%Y/%m/%d}/"
                for key in list_prefix(S3Uri(root.bucket, root.key + prefix)):
                    hour = hour_of_name(prefix + key)
                    if hour is not None and first <= hour < end:
                        yield prefix + key
                day += timedelta(days=1)

    def _variants(self, root: S3Uri) -> list[str]:
        """``""`` where years lie directly below ``root``, else its folders, each ending in ``/``."""
        pages = aws_client("s3").get_paginator("list_objects_v2")
        found = [
            common["Prefix"].removeprefix(root.key)
            for page in pages.paginate(Bucket=root.bucket, Prefix=root.key, Delimiter="/")
            for common in page.get("CommonPrefixes", [])
        ]
        years = [name for name in found if name.rstrip("/").isdigit()]
        return ([""] if years else []) + [name for name in found if name not in years]
