"""One captured request as Model Monitor reads it.

Format: https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-data-capture-endpoint.html. Content types that no
header list names are captured in base64 (API_DataCaptureConfig).
"""

from __future__ import annotations

import base64
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from local_aws.services.sagemaker.hosting_shapes import DataCaptureConfig

#: How Model Monitor's container tells a shadow's records from those of the callers' requests, and leaves them out.
SHADOW_SOURCE = "ShadowExperiment"


@dataclass(frozen=True)
class Payload:
    content_type: str
    body: bytes


@dataclass(frozen=True)
class Invocation:
    endpoint: str
    variant: str
    request: Payload
    response: Payload
    moment: datetime
    inference_id: str | None = None
    custom_attributes: str | None = None
    shadow: bool = False
    role: str | None = None
    """The model's execution role, in whose name the record is written."""


def event(invocation: Invocation, config: DataCaptureConfig) -> dict[str, Any]:
    """The captured event of one invocation."""
    modes = {option["CaptureMode"] for option in config["CaptureOptions"]}
    captured = {}
    if modes & {"Input", "InputAndOutput"}:
        captured["endpointInput"] = _side(invocation.request, "INPUT", config)
    if modes & {"Output", "InputAndOutput"}:
        captured["endpointOutput"] = _side(invocation.response, "OUTPUT", config)
    metadata: dict[str, Any] = {"eventId": str(uuid.uuid4())}
    if invocation.custom_attributes:
        metadata["customAttributes"] = [invocation.custom_attributes]
    if invocation.inference_id:
        metadata["inferenceId"] = invocation.inference_id
    if invocation.shadow:
        metadata["invocationSource"] = SHADOW_SOURCE
    metadata["inferenceTime"] = f"{invocation.moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    return {"captureData": captured, "eventMetadata": metadata, "eventVersion": "0"}


def _side(payload: Payload, mode: str, config: DataCaptureConfig) -> dict[str, str]:
    encoding = _encoding(payload.content_type, config)
    if encoding == "BASE64":
        data = base64.b64encode(payload.body).decode("ascii")
    else:
        data = payload.body.decode("utf-8", errors="replace")
    return {"observedContentType": payload.content_type, "mode": mode, "data": data, "encoding": encoding}


def _encoding(content_type: str, config: DataCaptureConfig) -> str:
    plain = content_type.partition(";")[0].strip().lower()
    headers = config.get("CaptureContentTypeHeader", {})
    if plain in [entry.lower() for entry in headers.get("CsvContentTypes", [])]:
        return "CSV"
    if plain in [entry.lower() for entry in headers.get("JsonContentTypes", [])]:
        return "JSON"
    return "BASE64"
