"""Labels that meet their captured records, and what is counted of those that do not.

https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-model-quality-merge.html
"""

from __future__ import annotations

import json
import tempfile
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from local_aws.api import Context
from local_aws.services.sagemaker.monitoring.merge import Counts, Places, merge

PLACES = Places(
    labels=("s3://b/truth/2026/03/04/11",),
    late_labels=("s3://b/truth/2026/03/04/12",),
    root="s3://b/capture/e",
    captured=("a/2026/03/04/11",),
    target="s3://b/reports/merge/e",
)
CAPTURED = "capture/e/a/2026/03/04/11/x.jsonl"
LABELS, LATE = "truth/2026/03/04/11/labels.jsonl", "truth/2026/03/04/12/labels.jsonl"
MERGED = "reports/merge/e/a/2026/03/04/11/x.jsonl"


class Bucket:
    """Objects by key."""

    def __init__(self, objects: dict[str, str]) -> None:
        self.objects = objects

    def __call__(self, service: str) -> Any:
        return self

    def get_paginator(self, name: str) -> Any:
        def paginate(**request: Any) -> list[dict[str, Any]]:
            return [{"Contents": [{"Key": key} for key in sorted(self.objects) if key.startswith(request["Prefix"])]}]

        return SimpleNamespace(paginate=paginate)

    def download_file(self, bucket: str, key: str, target: str) -> None:
        Path(target).write_text(self.objects[key])

    def upload_file(self, source: str, bucket: str, key: str, **options: Any) -> None:
        self.objects[key] = Path(source).read_text()


def captured(event: str, inference: str | None = None) -> str:
    metadata = {"eventId": event, **({"inferenceId": inference} if inference else {})}
    return json.dumps({"captureData": {"endpointOutput": {"data": event}}, "eventMetadata": metadata})


def label(identity: str, value: str) -> str:
    truth = {"data": value, "encoding": "CSV"}
    return json.dumps({"groundTruthData": truth, "eventMetadata": {"eventId": identity}, "eventVersion": "0"})


def merged(context: Context, **objects: list[str]) -> tuple[Counts, list[str], list[dict[str, Any]]]:
    keys = {"records": CAPTURED, "labels": LABELS, "late": LATE}
    bucket = Bucket({keys[name]: "\n".join(lines) for name, lines in objects.items()})
    counts, filled = merge(replace(context, client=bucket), PLACES)
    return counts, filled, [json.loads(line) for line in bucket.objects.get(MERGED, "").splitlines()]


def test_a_label_meets_its_record_by_inference_id_else_by_event_id(context: Context) -> None:
    records = [captured("event-1", "mine"), captured("event-2")]
    labels = [label("mine", "1"), label("event-2", "0"), label("event-1", "9")]
    counts, filled, lines = merged(context, records=records, labels=labels)
    assert [line["groundTruthData"]["data"] for line in lines] == ["1", "0"]
    assert lines[0]["captureData"] == {"endpointOutput": {"data": "event-1"}}
    assert lines[0]["eventMetadata"] == {"eventId": "event-1", "inferenceId": "mine"}
    assert filled == ["a/2026/03/04/11"]
    assert counts == Counts(merged=2, unknown_labels=1)


def test_what_does_not_fit_is_counted(context: Context) -> None:
    records = [captured("1"), captured("2"), captured("3"), "{ half a line", '{"eventMetadata": {"eventId": "1"}}']
    labels = [label("1", "0"), label("1", "1"), label("nobody", "1"), '{"eventMetadata": {"eventId": "2"}}']
    counts, _, lines = merged(context, records=records, labels=labels, late=[label("2", "1")])
    assert [line["groundTruthData"]["data"] for line in lines] == ["1", "1"]  # the last label of a record counts
    assert counts == Counts(
        merged=2, late=1, duplicate_labels=1, unknown_labels=1, unlabelled_records=1, unreadable_lines=3
    )


def test_without_any_pair_nothing_is_written(context: Context) -> None:
    counts, filled, lines = merged(context, records=[captured("1")], labels=[label("2", "1")])
    assert (filled, lines) == ([], [])
    assert counts == Counts(unknown_labels=1, unlabelled_records=1)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    events=st.lists(st.integers(0, 9), max_size=12),
    in_time=st.lists(st.integers(0, 12), max_size=8),
    late=st.lists(st.integers(0, 12), max_size=8),
)
def test_every_record_and_label_is_accounted_for(
    context: Context, events: list[int], in_time: list[int], late: list[int]
) -> None:
    counts, _, lines = merged(
        context,
        records=[captured(str(event)) for event in events],
        labels=[label(str(one), "in time") for one in in_time],
        late=[label(str(one), "late") for one in late],
    )
    known = {*in_time, *late}
    assert [int(line["eventMetadata"]["eventId"]) for line in lines] == [one for one in events if one in known]
    assert counts.merged + counts.unlabelled_records == len(events)
    assert counts.duplicate_labels == len(in_time) + len(late) - len(known)
    assert counts.unknown_labels == len(known - set(events))
    assert counts.late == len(set(late) & set(events))
    assert not list(Path(tempfile.gettempdir()).glob("monitoring-merge-*/read/*"))
