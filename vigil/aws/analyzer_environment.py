"""What the analyzer is told: Model Monitor's container contract, and what is Vigil's own beside it.

https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-byoc-contract-inputs.html
"""

from __future__ import annotations

import json
from datetime import UTC

from vigil.aws.monitored_model import ServedModel
from vigil.aws.objects import S3Uri
from vigil.monitoring.models import Monitor, Window

INPUT = "/opt/ml/processing/input"
DATASET = f"{INPUT}/endpoint"
BASELINE = "/opt/ml/processing/baseline"
OUTPUT = "/opt/ml/processing/output"
CONTRACT_STAMP = "%Y-%m-%dT%H:%M:%SZ"  # as Model Monitor writes start_time and end_time

#: These compare answers with what turned out to be true.
NEED_LABELS = (Monitor.MODEL_QUALITY, Monitor.BIAS)


def contract(window: Window, endpoint: str, captured: S3Uri) -> dict[str, str]:
    """What every job of ours is told that looks at a window of an endpoint.

    It reads the window's hours below ``captured`` itself: a week has more folders than a job may have inputs (ten).
    """
    return {
        "dataset_format": json.dumps(
            {"sagemakerCaptureJson": {"captureIndexNames": ["endpointInput", "endpointOutput"]}}
        ),
        "dataset_source": str(captured),
        "output_path": OUTPUT,
        "start_time": f"{window.start.astimezone(UTC):{CONTRACT_STAMP}}",
        "end_time": f"{window.end.astimezone(UTC):{CONTRACT_STAMP}}",
        "sagemaker_endpoint_name": endpoint,
        "publish_cloudwatch_metrics": "Enabled",
    }


def own(monitor: Monitor, served: ServedModel, report_uri: str) -> dict[str, str]:
    """What a monitor is told of the model that it watches."""
    return {
        "vigil_monitor": monitor.value,
        "vigil_report_uri": report_uri,
        "vigil_artefact_uri": served.artefact_uri,
        "vigil_artefact_digest": served.artefact_digest,
        "vigil_baseline_uri": served.baseline_uri,
        "vigil_baseline_digest": served.baseline_digest,
        "vigil_plan_digest": served.plan_digest,
    }


def baseline_files(monitor: Monitor) -> dict[str, str]:
    """Where the baseline of one monitor lies inside a job that has the whole of it at ``BASELINE``."""
    return {
        "baseline_statistics": f"{BASELINE}/{monitor.value}/statistics.json",
        "baseline_constraints": f"{BASELINE}/{monitor.value}/constraints.json",
    }
