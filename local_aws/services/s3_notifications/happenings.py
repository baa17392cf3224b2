"""What is told of an object that came or went.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html and
https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.parse import quote_plus

from local_aws.api import Context
from local_aws.services import deliveries, event_bus
from local_aws.times import iso_milliseconds

#: By event: the detail type on the bus and the reason, the API operation.
ON_THE_BUS = {
    "s3:ObjectCreated:Put": ("Object Created", "PutObject"),
    "s3:ObjectCreated:Post": ("Object Created", "POST Object"),
    "s3:ObjectCreated:Copy": ("Object Created", "CopyObject"),
    "s3:ObjectCreated:CompleteMultipartUpload": ("Object Created", "CompleteMultipartUpload"),
    "s3:ObjectRemoved:Delete": ("Object Deleted", "DeleteObject"),
    "s3:ObjectRemoved:DeleteMarkerCreated": ("Object Deleted", "DeleteObject"),
    "s3:ObjectTagging:Put": ("Object Tags Added", None),
    "s3:ObjectTagging:Delete": ("Object Tags Deleted", None),
    "s3:ObjectAcl:Put": ("Object ACL Updated", None),
}
LOCAL_ADDRESS = "127.0.0.1"


class Happening(NamedTuple):
    """``size`` (bytes) and ``etag`` are None for what is gone, ``version`` in a bucket without versions."""

    event: str
    bucket: str
    bucket_arn: str
    key: str
    version: str | None
    size: int | None
    etag: str | None


def tell(aws: Context, happening: Happening, wanted: Sequence[tuple[str, str]], *, on_bus: bool) -> None:
    """Order a message for each target (ARN and id of its configuration), and put the event on the bus."""
    request_id, sequencer = uuid.uuid4().hex[:16].upper(), f"{time.time_ns():018X}"
    for arn, configuration in wanted:
        record = _record(aws, happening, configuration, request_id, sequencer)
        deliveries.add(aws, {"arn": arn, "payload": json.dumps({"Records": [record]})})
    if on_bus and happening.event in ON_THE_BUS:
        kind, reason = ON_THE_BUS[happening.event]
        detail = _detail(aws, happening, reason, request_id, sequencer)
        event_bus.emit(aws, "aws.s3", kind, [happening.bucket_arn], detail)


def tell_test(aws: Context, bucket: str, arns: Sequence[str]) -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/how-to-enable-disable-notification-intro.html"""
    message = {
        "Service": "Amazon S3",
        "Event": "s3:TestEvent",
        "Time": iso_milliseconds(datetime.now(UTC)),
        "Bucket": bucket,
        "RequestId": uuid.uuid4().hex[:16].upper(),
        "HostId": uuid.uuid4().hex,
    }
    for arn in arns:
        deliveries.add(aws, {"arn": arn, "payload": json.dumps(message)})


def _record(aws: Context, happening: Happening, configuration: str, request_id: str, sequencer: str) -> dict[str, Any]:
    found = {"size": happening.size, "eTag": happening.etag, "versionId": happening.version}
    return {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": aws.region,
        "eventTime": iso_milliseconds(datetime.now(UTC)),
        "eventName": happening.event.removeprefix("s3:"),
        "userIdentity": {"principalId": f"AWS:{aws.account}"},
        "requestParameters": {"sourceIPAddress": LOCAL_ADDRESS},
        "responseElements": {"x-amz-request-id": request_id, "x-amz-id-2": request_id},
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": configuration,
            "bucket": {
                "name": happening.bucket,
                "ownerIdentity": {"principalId": aws.account},
                "arn": happening.bucket_arn,
            },
            "object": {
                "key": quote_plus(happening.key, safe="/"),
                **{name: value for name, value in found.items() if value is not None},
                "sequencer": sequencer,
            },
        },
    }


def _detail(aws: Context, happening: Happening, reason: str | None, request_id: str, sequencer: str) -> dict[str, Any]:
    found = {"size": happening.size, "etag": happening.etag, "version-id": happening.version, "sequencer": sequencer}
    detail: dict[str, Any] = {
        "version": "0",
        "bucket": {"name": happening.bucket},
        "object": {"key": happening.key, **{name: value for name, value in found.items() if value is not None}},
        "request-id": request_id,
        "requester": aws.account,
        "source-ip-address": LOCAL_ADDRESS,
    }
    if reason:
        detail["reason"] = reason
    if happening.event.startswith("s3:ObjectRemoved:"):
        marker = happening.event.endswith("DeleteMarkerCreated")
        detail["deletion-type"] = "Delete Marker Created" if marker else "Permanently Deleted"
    return detail
