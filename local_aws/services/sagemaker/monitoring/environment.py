"""What a monitoring container is told of its execution.

https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-byoc-contract-inputs.html; what analyzers with labels are
told beside that is as in recorded requests of model quality jobs, and as Model Monitor's SDK names the attributes of an
EndpointInput.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from local_aws.services.sagemaker.monitoring.shapes import Definition, Execution

STAMP = "%Y-%m-%dT%H:%M:%SZ"
PUBLISH = "publish_cloudwatch_metrics"
ENABLED = "Enabled"
ATTRIBUTES = {
    "features_attribute": "FeaturesAttribute",
    "inference_attribute": "InferenceAttribute",
    "probability_attribute": "ProbabilityAttribute",
    "probability_threshold_attribute": "ProbabilityThresholdAttribute",
    "exclude_features_attribute": "ExcludeFeaturesAttribute",
}
ANALYSES = {"ModelQuality": "MODEL_QUALITY", "ModelBias": "MODEL_BIAS", "ModelExplainability": "MODEL_EXPLAINABILITY"}
MERGED = "sagemakerMergeJson"
CAPTURED = "sagemakerCaptureJson"


def environment_of(
    definition: Definition, execution: Execution, capture: Mapping[str, Any], times: tuple[datetime, datetime]
) -> dict[str, str]:
    """Variables by name; ``capture`` is the endpoint's DataCaptureConfig, ``times`` the window's start and end."""
    start = f"{times[0]:{STAMP}}"
    environment = {
        PUBLISH: "Disabled",
        **definition["Environment"],
        "dataset_format": json.dumps(_format(definition, capture)),
        "dataset_source": definition["Endpoint"]["LocalPath"],
        "output_path": definition["Output"]["LocalPath"],
        "start_time": start,
        "end_time": f"{times[1]:{STAMP}}",
        "sagemaker_endpoint_name": execution["EndpointName"],
        "sagemaker_monitoring_schedule_name": execution["MonitoringScheduleName"],
    }
    source, monitoring = definition["Endpoint"], definition["MonitoringType"]
    environment |= {name: str(source[member]) for name, member in ATTRIBUTES.items() if member in source}
    if monitoring in ANALYSES:
        environment |= {"analysis_type": ANALYSES[monitoring], "metric_time": start}
    if "ProblemType" in definition["Application"]:
        environment["problem_type"] = definition["Application"]["ProblemType"]
    return environment


def _format(definition: Definition, capture: Mapping[str, Any]) -> dict[str, Any]:
    """The quality of predictions needs no features, so an analyzer of quality reads outputs alone."""
    modes = {option["CaptureMode"] for option in capture["CaptureOptions"]}
    names = [("endpointInput", {"Input", "InputAndOutput"}), ("endpointOutput", {"Output", "InputAndOutput"})]
    indices = [name for name, wanted in names if modes & wanted]
    if definition["MonitoringType"] == "ModelQuality":
        indices = ["endpointOutput"]
    return {MERGED if "GroundTruth" in definition else CAPTURED: {"captureIndexNames": indices}}
