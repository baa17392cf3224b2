"""Shadow variants: copies of requests that no caller notices, whatever the shadow does.

https://docs.aws.amazon.com/sagemaker/latest/dg/model-shadow-deployment.html
"""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError
from local_server import eventually

pytestmark = pytest.mark.stack
CAPTURE = {
    "EnableCapture": True,
    "InitialSamplingPercentage": 100,
    "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
    "CaptureContentTypeHeader": {"JsonContentTypes": ["application/json"]},
}


def variant(name: str, weight: float = 1.0) -> dict[str, Any]:
    return {
        "VariantName": name,
        "ModelName": name,
        "InitialInstanceCount": 1,
        "InstanceType": "ml.m5.large",
        "InitialVariantWeight": weight,
    }


def serve(hosting: Any, name: str, weight: float = 1.0, **shadow: Any) -> str:
    """An endpoint with a shadow, which captures everything; returns the shadow's name."""
    hosting.model(name)
    hosting.model(f"{name}-shadow", abrupt=True, **shadow)
    hosting.api.create_endpoint_config(
        EndpointConfigName=name,
        ProductionVariants=[variant(name)],
        ShadowProductionVariants=[variant(f"{name}-shadow", weight)],
        DataCaptureConfig={**CAPTURE, "DestinationS3Uri": f"s3://jobs/shadows/{name}"},
    )
    hosting.api.create_endpoint(EndpointName=name, EndpointConfigName=name)
    assert hosting.settled(name)["EndpointStatus"] == "InService"
    return f"{name}-shadow"


def captured(hosting: Any, name: str, variant: str) -> list[dict[str, Any]]:
    found = []
    prefix = f"shadows/{name}/{name}/{variant}/"
    for entry in hosting.s3.list_objects_v2(Bucket="jobs", Prefix=prefix).get("Contents", []):
        text = hosting.s3.get_object(Bucket="jobs", Key=entry["Key"])["Body"].read().decode()
        found += [json.loads(line) for line in text.splitlines()]
    return found


def test_a_share_of_the_requests_is_copied_and_captured(hosting: Any, name: str) -> None:
    shadow = serve(hosting, name, weight=0.5)
    answers = [hosting.invoke(name, {"case": number}, InferenceId=f"case-{number}") for number in range(10)]
    assert {answer["InvokedProductionVariant"] for answer in answers} == {name}
    assert {answer["Body"]["version"] for answer in answers} == {name}
    records = eventually(lambda: len(found := captured(hosting, name, shadow)) == 5 and found)
    for record in records:
        assert record["eventMetadata"]["invocationSource"] == "ShadowExperiment"
        assert json.loads(record["captureData"]["endpointOutput"]["data"])["version"] == shadow
    assert {record["eventMetadata"]["inferenceId"] for record in records} <= {f"case-{n}" for n in range(10)}
    assert len(eventually(lambda: len(found := captured(hosting, name, name)) == 10 and found)) == 10
    described = hosting.describe(name)["ShadowProductionVariants"]
    assert [(one["VariantName"], one["CurrentWeight"]) for one in described] == [(shadow, 0.5)]


@pytest.mark.parametrize("behaviour", [{"status": 500}, {"seconds": 30}], ids=["failing", "hanging"])
def test_a_bad_shadow_hurts_nobody(hosting: Any, name: str, behaviour: dict[str, Any]) -> None:
    shadow = serve(hosting, name, **behaviour)
    began = time.monotonic()
    versions = {hosting.invoke(name, {"case": number})["Body"]["version"] for number in range(20)}
    assert versions == {name}
    assert time.monotonic() - began < 25  # the shadow alone would take 30 s a request
    assert captured(hosting, name, shadow) == []
    assert hosting.describe(name)["EndpointStatus"] == "InService"


def test_the_callers_cannot_ask_for_the_shadow(hosting: Any, name: str) -> None:
    shadow = serve(hosting, name)
    with pytest.raises(ClientError, match="not found for endpoint"):
        hosting.invoke(name, TargetVariant=shadow)


def test_one_production_variant_may_have_one_shadow(hosting: Any, name: str) -> None:
    hosting.model(name)
    with pytest.raises(ClientError, match="exactly one production variant and one shadow"):
        hosting.api.create_endpoint_config(
            EndpointConfigName=name,
            ProductionVariants=[variant(name), {**variant(name), "VariantName": "other"}],
            ShadowProductionVariants=[{**variant(name), "VariantName": "shadow"}],
        )
