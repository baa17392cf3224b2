"""Definitions of the types whose container is Clarify's, and what of a definition is refused.

botocore model: ModelBiasJobInput, ModelExplainabilityAppSpecification;
https://docs.aws.amazon.com/sagemaker/latest/dg/clarify-processing-job-configure-parameters.html
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from local_aws.api import ApiError, Context
from local_aws.services.sagemaker.monitoring.definitions import definition_of
from local_aws.services.sagemaker.monitoring.job import processing_request
from local_aws.services.sagemaker.tracking.kinds import JOB_DEFINITIONS

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
CAPTURE = {"CaptureOptions": [{"CaptureMode": "InputAndOutput"}], "DestinationS3Uri": "s3://b/capture"}
SOURCE = {"EndpointName": "e", "LocalPath": "/opt/ml/processing/input/endpoint"}


def keep(context: Context, monitoring: str, **data: Any) -> Any:
    """A named definition; returns the schedule's configuration."""
    output = {"S3Output": {"S3Uri": "s3://b/reports", "LocalPath": "/opt/ml/processing/output"}}
    document = {
        "JobDefinitionArn": "arn:aws:sagemaker:us-east-1:123456789012:job-definition/d",
        f"{monitoring}AppSpecification": {"ImageUri": "fake", "ConfigUri": "s3://b/config/analysis_config.json"},
        f"{monitoring}JobInput": {"EndpointInput": SOURCE, **data},
        f"{monitoring}JobOutputConfig": {"MonitoringOutputs": [output]},
        "JobResources": {"ClusterConfig": {"InstanceCount": 1}},
        "RoleArn": "arn:aws:iam::123456789012:role/monitor",
    }
    JOB_DEFINITIONS[monitoring].put(context, document)
    return {"ScheduleConfig": {}, "MonitoringJobDefinitionName": "d", "MonitoringType": monitoring}


@pytest.mark.parametrize(
    ("monitoring", "data"),
    [("ModelExplainability", {}), ("ModelBias", {"GroundTruthS3Input": {"S3Uri": "s3://b/truth"}})],
)
def test_clarify_gets_its_configuration_beside_the_data(
    context: Context, monitoring: str, data: dict[str, Any]
) -> None:
    definition = definition_of(context, keep(context, monitoring, **data))
    assert ("GroundTruth" in definition) == (monitoring == "ModelBias")
    execution: Any = {"JobName": "j", "EndpointName": "e", "MonitoringScheduleName": "s", "ScheduledTime": NOON}
    times = (NOON - timedelta(hours=1), NOON)
    request = processing_request(definition, execution, CAPTURE, times, ("s3://b/x/e", ["v/2026/03/04/11"]))
    staged = {one["S3Input"]["S3Uri"]: one["S3Input"]["LocalPath"] for one in request["ProcessingInputs"]}
    assert staged == {
        "s3://b/x/e/v/2026/03/04/11": "/opt/ml/processing/input/endpoint/e/v/2026/03/04/11",
        "s3://b/config/analysis_config.json": "/opt/ml/processing/input/config",
    }


def test_what_is_not_served_is_refused(context: Context) -> None:
    for monitoring, data, reason in (
        ("ModelBias", {"GroundTruthS3Input": {}}, "needs GroundTruthS3Input.S3Uri"),
        ("ModelExplainability", {"EndpointInput": {**SOURCE, "S3InputMode": "Pipe"}}, "S3InputMode File only"),
    ):
        with pytest.raises(ApiError, match=reason):
            definition_of(context, keep(context, monitoring, **data))
