"""What a monitoring job reads and writes on AWS: the hours asked for and no others, metrics in the one namespace."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from vigil.aws import monitoring_outside
from vigil.aws.environment import aws_client
from vigil.aws.monitoring_outside import NAMESPACE, AwsOutside
from vigil.aws.objects import ObjectError

START = datetime(2026, 11, 26, 22, 30, tzinfo=UTC)


@pytest.fixture
def outside(monkeypatch: pytest.MonkeyPatch) -> Iterator[AwsOutside]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        aws_client.cache_clear()
        boto3.client("s3").create_bucket(Bucket="bucket")
        yield AwsOutside()
    aws_client.cache_clear()


def put(*keys: str) -> None:
    for key in keys:
        boto3.client("s3").put_object(Bucket="bucket", Key=key, Body=key.encode())


def read(outside: AwsOutside, uri: str, hours: int = 2) -> list[str]:
    found = []
    for file in outside.hours(uri, START, START + timedelta(hours=hours)):
        assert file.path.read_text().endswith(file.name)
        found.append(file.name)
    return found


def test_labels_lie_in_hours_directly_below_their_prefix(outside: AwsOutside) -> None:
    put(*(f"labels/e/2026/11/{hour}/a.jsonl" for hour in ("26/21", "26/22", "26/23", "27/00", "27/01")))
    assert read(outside, "s3://bucket/labels/e/") == [f"2026/11/{hour}/a.jsonl" for hour in ("26/22", "26/23", "27/00")]


def test_captures_lie_below_each_variant(outside: AwsOutside) -> None:
    put("captured/e/old/2026/11/26/22/b.jsonl", "captured/e/new/2026/11/27/00/a.jsonl", "captured/e/new/notes.txt")
    put("captured/e2/new/2026/11/26/22/another-endpoint.jsonl")
    assert read(outside, "s3://bucket/captured/e") == ["new/2026/11/27/00/a.jsonl", "old/2026/11/26/22/b.jsonl"]


def test_a_window_without_any_file_is_empty(outside: AwsOutside) -> None:
    assert read(outside, "s3://bucket/captured/e/") == []


def test_one_file_at_a_time_is_on_disk(outside: AwsOutside) -> None:
    put(*(f"labels/2026/11/26/22/{number}.jsonl" for number in range(3)))
    paths = [file.path for file in outside.hours("s3://bucket/labels/", START, START + timedelta(hours=1))]
    assert len(set(paths)) == 1 and not paths[0].exists()


def test_reports_are_put_in_the_order_given(outside: AwsOutside, tmp_path: Path, monkeypatch: Any) -> None:
    for name in ("a.json", "b.json"):
        (tmp_path / name).write_text(name)
    order: list[str] = []
    put_file = monitoring_outside.put_file
    monkeypatch.setattr(monitoring_outside, "put_file", lambda path, uri: (order.append(uri.key), put_file(path, uri)))
    outside.deliver(tmp_path, ["b.json", "a.json"], "s3://bucket/reports/w/")
    assert order == ["reports/w/b.json", "reports/w/a.json"]
    assert boto3.client("s3").get_object(Bucket="bucket", Key="reports/w/a.json")["Body"].read() == b"a.json"


def test_metrics_go_to_the_namespace_of_the_alarms(outside: AwsOutside) -> None:
    dimensions = [{"Name": "Endpoint", "Value": "e"}]
    line = {"MetricName": "violations", "Timestamp": "2026-11-26T05:00:00Z", "Dimensions": dimensions, "Value": 3.0}
    outside.put_metrics([{**line, "MetricName": f"m{number}"} for number in range(700)])
    assert len({one["MetricName"] for one in _metrics()}) == 700


def test_what_is_not_there_is_named(outside: AwsOutside, tmp_path: Path) -> None:
    with pytest.raises(ObjectError, match="s3://bucket/none"):
        outside.fetch("s3://bucket/none", tmp_path / "x")


def _metrics() -> list[dict[str, Any]]:
    pages = boto3.client("cloudwatch").get_paginator("list_metrics").paginate(Namespace=NAMESPACE)
    return [metric for page in pages for metric in page["Metrics"]]
