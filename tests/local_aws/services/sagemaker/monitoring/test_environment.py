"""What the containers of the four types are told.

https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-byoc-contract-inputs.html; for model quality as in a
recorded request (dataset_format, analysis_type, problem_type, metric_time); attributes: botocore model, EndpointInput
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from local_aws.services.sagemaker.monitoring.environment import environment_of

TIMES = (datetime(2026, 3, 4, 11, tzinfo=UTC), datetime(2026, 3, 4, 12, tzinfo=UTC))
EXECUTION: Any = {"EndpointName": "e", "MonitoringScheduleName": "s"}
CAPTURE = {"CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}]}


def told(monitoring: str, **more: Any) -> dict[str, str]:
    definition: Any = {
        "MonitoringType": monitoring,
        "Application": {},
        "Endpoint": {"LocalPath": "/in"},
        "Output": {"LocalPath": "/out"},
        "Environment": {},
        **more,
    }
    return environment_of(definition, EXECUTION, CAPTURE, TIMES)


@pytest.mark.parametrize(
    ("monitoring", "truth", "form", "indices", "analysis"),
    [
        ("DataQuality", {}, "sagemakerCaptureJson", ["endpointInput", "endpointOutput"], None),
        ("ModelQuality", {"GroundTruth": "s3://b/t"}, "sagemakerMergeJson", ["endpointOutput"], "MODEL_QUALITY"),
        (
            "ModelBias",
            {"GroundTruth": "s3://b/t"},
            "sagemakerMergeJson",
            ["endpointInput", "endpointOutput"],
            "MODEL_BIAS",
        ),
        (
            "ModelExplainability",
            {},
            "sagemakerCaptureJson",
            ["endpointInput", "endpointOutput"],
            "MODEL_EXPLAINABILITY",
        ),
    ],
)
def test_each_type_has_its_format_and_analysis(
    monitoring: str, truth: dict[str, str], form: str, indices: list[str], analysis: str | None
) -> None:
    environment = told(monitoring, **truth)
    assert json.loads(environment["dataset_format"]) == {form: {"captureIndexNames": indices}}
    assert environment.get("analysis_type") == analysis
    assert environment.get("metric_time") == (analysis and "2026-03-04T11:00:00Z")


def test_attributes_and_problem_type_are_passed_on() -> None:
    source = {"LocalPath": "/in", "InferenceAttribute": "0", "ProbabilityThresholdAttribute": 0.25}
    environment = told("ModelQuality", Endpoint=source, Application={"ProblemType": "BinaryClassification"})
    assert environment["inference_attribute"] == "0"
    assert environment["probability_threshold_attribute"] == "0.25"
    assert environment["problem_type"] == "BinaryClassification"
    assert "features_attribute" not in environment


def test_metrics_are_published_when_the_definition_says_so() -> None:
    assert told("DataQuality")["publish_cloudwatch_metrics"] == "Disabled"
    chosen = told("DataQuality", Environment={"publish_cloudwatch_metrics": "Enabled", "start_time": "never"})
    assert chosen["publish_cloudwatch_metrics"] == "Enabled"
    assert chosen["start_time"] == "2026-03-04T11:00:00Z"
