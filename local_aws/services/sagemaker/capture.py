"""Data capture: one JSON line for each captured request, written to S3 behind the answers' back.

Format and keys: https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-data-capture-endpoint.html.
Content types that no header list names are captured in base64 (API_DataCaptureConfig).
"""

from __future__ import annotations

import base64
import json
import logging
import queue
import threading
import time
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local_aws.api import Context
from local_aws.services.s3_transfer import join_uri, split_uri
from local_aws.services.sagemaker.hosting_shapes import DataCaptureConfig

logger = logging.getLogger(__name__)

GATHER_SECONDS = 0.5
GATHER_RECORDS = 200
ATTEMPTS = 3
PAUSE_SECONDS = 0.5
CLOSE_LIMIT_SECONDS = 15.0


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


@dataclass(frozen=True)
class _Line:
    folder: str
    kms_key: str | None
    moment: datetime
    text: str


class CaptureWriter:
    """Samples invocations and writes them in order, several lines to an object. Nothing waits for it but ``close``."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._lines: queue.SimpleQueue[_Line | None] = queue.SimpleQueue()
        self._due: dict[str, int] = {}
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def record(self, invocation: Invocation, config: DataCaptureConfig | None) -> None:
        if config is None or not config.get("EnableCapture", True):
            return
        with self._lock:
            if not self._sampled(invocation.endpoint, config["InitialSamplingPercentage"]):
                return
            if self._thread is None:
                self._thread = threading.Thread(target=self._write_all, name="sagemaker-capture", daemon=True)
                self._thread.start()
            self._lines.put(_line(invocation, config))

    def close(self) -> None:
        """Write what is left; waits with a limit."""
        with self._lock:
            thread = self._thread
        if thread is not None:
            self._lines.put(None)
            thread.join(CLOSE_LIMIT_SECONDS)

    def _sampled(self, endpoint: str, percentage: int) -> bool:
        # Every n-th request rather than a throw of dice: the share is exact and a run can be repeated.
        due = self._due.get(endpoint, 0) + percentage
        self._due[endpoint] = due % 100
        return due >= 100

    def _write_all(self) -> None:
        closing = False
        while not closing:
            first = self._lines.get()
            lines, closing = self._gather(first)
            for (folder, kms_key), group in groupby(lines, key=lambda line: (line.folder, line.kms_key)):
                self._write(folder, kms_key, list(group))

    def _gather(self, first: _Line | None) -> tuple[list[_Line], bool]:
        lines: list[_Line] = []
        deadline = time.monotonic() + GATHER_SECONDS
        line = first
        while line is not None:
            lines.append(line)
            if len(lines) == GATHER_RECORDS:
                return lines, False
            try:
                line = self._lines.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                return lines, False
        return lines, True

    def _write(self, folder: str, kms_key: str | None, lines: list[_Line]) -> None:
        moment = lines[0].moment
        name = f"{moment:%M-%S}-{moment.microsecond // 1000:03d}-{uuid.uuid4()}.jsonl"
        bucket, key = split_uri(join_uri(folder, name))
        options: dict[str, Any] = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": kms_key} if kms_key else {}
        body = "".join(line.text + "\n" for line in lines).encode()
        for attempt in range(1, ATTEMPTS + 1):
            try:
                self._context.client("s3").put_object(Bucket=bucket, Key=key, Body=body, **options)
                return
            except (ClientError, BotoCoreError) as error:
                logger.warning(
                    "attempt %d to write %d captured requests: %s", attempt, len(lines), type(error).__name__
                )
                time.sleep(PAUSE_SECONDS * attempt)
        logger.error("%d captured requests to %s are lost: s3://%s cannot be written", len(lines), folder, bucket)


def _line(invocation: Invocation, config: DataCaptureConfig) -> _Line:
    moment = invocation.moment.astimezone(UTC)
    folder = join_uri(config["DestinationS3Uri"], invocation.endpoint, invocation.variant, f"{moment:%Y/%m/%d/%H}")
    text = json.dumps(event(invocation, config), separators=(",", ":"), ensure_ascii=False)
    return _Line(folder, config.get("KmsKeyId"), moment, text)


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
