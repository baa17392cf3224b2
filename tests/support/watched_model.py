"""A model that serves and is watched, invented: its record in the models table, and reports of its windows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from candidate_evidence import real_plan
from moto_stack import MotoStack

from vigil.monitoring.models import LabelCounts, Monitor, Violation, Window, WindowReport, WindowStatus

NOON = datetime(2026, 3, 9, 12, tzinfo=UTC)
SINCE = datetime(2026, 3, 1, tzinfo=UTC)
WEEK = Window(start=NOON - timedelta(days=7), end=NOON)
RUN_KEY = "0123456789ab"
ARTEFACT, BASELINE = "a" * 64, "b" * 64
PLAN_DIGEST = real_plan().digest


def serving(**changes: str) -> dict[str, str]:
    """The endpoint's item, as ``ServingRecords.serving`` gives it."""
    item = {
        "active_package": "arn:aws:sagemaker:us-east-1:123456789012:model-package/vigil-unit-triage/1",
        "run_key": RUN_KEY,
        "artefact_uri": f"s3://vigil-unit-models/artefacts/{ARTEFACT}/model.tar.gz",
        "artefact_digest": ARTEFACT,
        "baseline_uri": f"s3://vigil-unit-models/runs/{RUN_KEY}/baseline/",
        "baseline_digest": BASELINE,
        "plan_digest": PLAN_DIGEST,
        "dataset_version": "d" * 64,
        "since": f"{SINCE:%Y-%m-%dT%H:%M:%S.%fZ}",
    }
    return item | changes


def put_serving(client: Any, table: str, endpoint: str, item: dict[str, str] | None = None) -> None:
    fields = {name: {"S": value} for name, value in (item or serving()).items()}
    client.put_item(TableName=table, Item={"model_package_arn": {"S": f"endpoint#{endpoint}"}, **fields})


def capture(stack: MotoStack, moment: datetime, variant: str = "champion", name: str = "one") -> None:
    """One captured file of this hour; what is in it does not matter to who starts a monitor."""
    endpoint, bucket = stack.parameters.sagemaker.endpoint, stack.parameters.buckets.capture
    stack.put(f"s3://{bucket}/captured/{endpoint}/{variant}/{moment:%Y/%m/%d/%H}/{name}.jsonl", b"{}\n")


def label(stack: MotoStack, moment: datetime, content: bytes = b"{}\n") -> None:
    endpoint, bucket = stack.parameters.sagemaker.endpoint, stack.parameters.buckets.capture
    stack.put(f"s3://{bucket}/ground-truth/{endpoint}/{moment:%Y/%m/%d/%H}/labels.jsonl", content)


def report(monitor: Monitor = Monitor.DATA_QUALITY, **changes: Any) -> WindowReport:
    document: dict[str, Any] = {
        "endpoint": "triage", "monitor": monitor, "window": WEEK, "status": WindowStatus.VIOLATIONS, "cases": 900,
        "labels": LabelCounts(scored=900, labelled=450) if monitor is Monitor.MODEL_QUALITY else None,
        "measures": {"largest_distance": {"value": 0.4, "low": None, "high": None}}, "violation_count": 1,
        "violations": (
            Violation(feature="sender", check="baseline_drift_check", metric="js_distance", measured=0.4, limit=0.1,
                      description="the distribution of sender moved"),
        ),
        "artefact_digest": ARTEFACT, "baseline_digest": BASELINE, "plan_digest": PLAN_DIGEST,
        "report_uri": "s3://vigil-unit-capture/reports/triage/x/", "finished_at": NOON,
    }  # fmt: skip
    return WindowReport.model_validate(document | changes)
