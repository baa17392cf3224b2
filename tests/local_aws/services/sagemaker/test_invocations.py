"""InvokeEndpoint: what reaches the model, what comes back, and what is captured.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_runtime_InvokeEndpoint.html and
https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-data-capture-endpoint.html
"""

from __future__ import annotations

import base64
import json
import re
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError
from local_server import eventually

pytestmark = pytest.mark.stack


def capture_config(name: str, percentage: int = 100, **more: Any) -> dict[str, Any]:
    return {
        "EnableCapture": True,
        "InitialSamplingPercentage": percentage,
        "DestinationS3Uri": f"s3://jobs/capture/{name}",
        "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
        "CaptureContentTypeHeader": {"JsonContentTypes": ["application/json"]},
        **more,
    }


def captured(hosting: Any, name: str) -> list[tuple[str, dict[str, Any]]]:
    """Each captured record with the key of its object, in the order of the keys and lines."""
    found = []
    for entry in hosting.s3.list_objects_v2(Bucket="jobs", Prefix=f"capture/{name}/").get("Contents", []):
        text = hosting.s3.get_object(Bucket="jobs", Key=entry["Key"])["Body"].read().decode()
        found += [(entry["Key"], json.loads(line)) for line in text.splitlines()]
    return found


def test_the_model_gets_the_callers_headers_and_its_own_go_back(hosting: Any, name: str) -> None:
    hosting.serve(name)
    answer = hosting.invoke(name, Accept="application/json", CustomAttributes="trace=1", InferenceId="case-1")
    headers = answer["Body"]["headers"]
    assert headers["content-type"] == headers["accept"] == "application/json"
    assert headers["x-amzn-sagemaker-custom-attributes"] == "trace=1"
    assert headers["x-amzn-sagemaker-inference-id"] == "case-1"
    assert answer["CustomAttributes"] == "trace=1-seen"
    assert answer["ContentType"] == "application/json; charset=utf-8"
    assert answer["InvokedProductionVariant"] == name


@pytest.mark.parametrize(("status", "kind"), [(400, "client"), (422, "client"), (500, "server"), (503, "server")])
def test_an_error_of_the_model_is_a_model_error_with_its_status(
    hosting: Any, shared_endpoint: str, status: int, kind: str
) -> None:
    with pytest.raises(hosting.runtime.exceptions.ModelError) as failed:
        hosting.invoke(shared_endpoint, {"status": status})
    response = failed.value.response
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 424
    assert response["OriginalStatusCode"] == status
    assert json.loads(response["OriginalMessage"])["version"] == shared_endpoint
    assert f'Received {kind} error ({status}) from primary with message "' in response["Error"]["Message"]


def test_a_model_that_takes_too_long_is_a_model_error(hosting: Any, shared_endpoint: str) -> None:
    with pytest.raises(hosting.runtime.exceptions.ModelError, match="invocation timed out") as failed:
        hosting.invoke(shared_endpoint, {"seconds": 5})
    assert failed.value.response["OriginalStatusCode"] == 0


def test_a_body_over_six_megabytes_is_refused(hosting: Any, shared_endpoint: str) -> None:
    limit = 6 * 1024 * 1024
    assert hosting.invoke(shared_endpoint, b"x" * limit)["Body"]["received"] == limit
    with pytest.raises(ClientError, match="length less than or equal to 6291456") as refused:
        hosting.invoke(shared_endpoint, b"x" * (limit + 1))
    assert refused.value.response["Error"]["Code"] == "ValidationError"
    with pytest.raises(hosting.runtime.exceptions.ModelError, match="larger than"):
        hosting.invoke(shared_endpoint, {"padding": limit})


def test_an_unknown_endpoint_is_not_found_in_sagemakers_words(hosting: Any, name: str) -> None:
    with pytest.raises(ClientError, match=f"Endpoint {name} of account 123456789012 not found") as refused:
        hosting.invoke(name)
    assert refused.value.response["Error"]["Code"] == "ValidationError"


def test_captured_records_have_model_monitors_form(hosting: Any, name: str) -> None:
    hosting.serve(name, capture_config(name))
    before = datetime.now(UTC).replace(microsecond=0)
    hosting.invoke(name, {"case": 1}, InferenceId="case-1", CustomAttributes="trace=1")
    key, record = eventually(lambda: captured(hosting, name))[0]
    pattern = rf"capture/{name}/{name}/{name}/\d{{4}}/\d\d/\d\d/\d\d/\d\d-\d\d-\d{{3}}-[0-9a-f-]{{36}}\.jsonl"
    assert re.fullmatch(pattern, key)
    assert record["eventVersion"] == "0"
    assert record["captureData"]["endpointInput"] == {
        "observedContentType": "application/json",
        "mode": "INPUT",
        "data": '{"case": 1}',
        "encoding": "JSON",
    }
    output = record["captureData"]["endpointOutput"]
    assert (output["mode"], output["encoding"]) == ("OUTPUT", "JSON")
    assert output["observedContentType"] == "application/json; charset=utf-8"
    assert json.loads(output["data"])["version"] == name
    metadata = record["eventMetadata"]
    assert set(metadata) == {"eventId", "inferenceId", "customAttributes", "inferenceTime"}
    assert (metadata["inferenceId"], metadata["customAttributes"]) == ("case-1", ["trace=1"])
    assert datetime.fromisoformat(metadata["inferenceTime"]) >= before
    assert hosting.describe(name)["DataCaptureConfig"]["CaptureStatus"] == "Started"


def test_records_are_captured_in_order_and_content_of_no_named_type_in_base64(hosting: Any, name: str) -> None:
    hosting.serve(name, capture_config(name, CaptureOptions=[{"CaptureMode": "Input"}]))
    for number in range(30):
        hosting.invoke(name, f"{number}".encode(), ContentType="text/csv")
    records = eventually(lambda: len(found := captured(hosting, name)) == 30 and found)
    sides = [record["captureData"] for _, record in records]
    assert {side["endpointInput"]["encoding"] for side in sides} == {"BASE64"}
    assert [int(base64.b64decode(side["endpointInput"]["data"])) for side in sides] == list(range(30))
    assert all("endpointOutput" not in side for side in sides)


def test_a_share_of_the_requests_is_captured(hosting: Any, name: str) -> None:
    hosting.serve(name, capture_config(name, percentage=25))
    for number in range(12):
        hosting.invoke(name, {"case": number})
    eventually(lambda: len(captured(hosting, name)) == 3)


def test_failed_requests_and_disabled_capture_leave_no_record(hosting: Any, name: str) -> None:
    hosting.serve(name, capture_config(name, EnableCapture=False))
    hosting.invoke(name)
    on = f"{name}-on"
    hosting.serve(on, capture_config(on))
    with pytest.raises(hosting.runtime.exceptions.ModelError):
        hosting.invoke(on, {"status": 400})
    hosting.invoke(on, {"case": 1})
    assert len(eventually(lambda: captured(hosting, on))) == 1
    assert captured(hosting, f"{name}/{name}") == []
