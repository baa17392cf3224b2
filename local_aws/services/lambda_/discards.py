"""What a mapping gives up goes to its on-failure destination: where the records are, not the records themselves.

https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-errors.html
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from local_aws.api import ApiError, Context
from local_aws.services import deliveries
from local_aws.services.lambda_ import model
from local_aws.times import iso_milliseconds, iso_seconds, utc

EXHAUSTED, TOO_OLD = "RetryAttemptsExhausted", "RecordAgeExceeded"
DESTINATIONS = (":sqs:", ":sns:")


def check_destination(config: dict[str, Any] | None) -> None:
    """Queues and topics take what is given up; buckets and others are not provided."""
    arn = ((config or {}).get("OnFailure") or {}).get("Destination")
    if arn and (not any(service in arn for service in DESTINATIONS) or arn.endswith(".fifo")):
        raise ApiError(
            "InvalidParameterValueException",
            f"The destination ARN {arn} is invalid here: only standard SQS queues and SNS topics",
        )


def discard(
    aws: Context, mapping: dict[str, Any], shard: str, records: Sequence[dict[str, Any]], condition: str, attempts: int
) -> None:
    """Order the message about records that will not come again, inside the caller's transaction."""
    arn = ((mapping.get("DestinationConfig") or {}).get("OnFailure") or {}).get("Destination")
    if not arn or not records:
        return
    first, last = records[0]["dynamodb"], records[-1]["dynamodb"]
    message = {
        "requestContext": {
            "requestId": str(uuid.uuid4()),
            "functionArn": mapping["FunctionArn"],
            "condition": condition,
            "approximateInvokeCount": attempts,
        },
        "responseContext": {"statusCode": 200, "executedVersion": model.LATEST, "functionError": "Unhandled"},
        "version": "1.0",
        "timestamp": iso_milliseconds(datetime.now(UTC)),
        "DDBStreamBatchInfo": {
            "shardId": shard,
            "startSequenceNumber": first["SequenceNumber"],
            "endSequenceNumber": last["SequenceNumber"],
            "approximateArrivalOfFirstRecord": _time(first),
            "approximateArrivalOfLastRecord": _time(last),
            "batchSize": len(records),
            "streamArn": mapping["EventSourceArn"],
        },
    }
    if condition == TOO_OLD:
        del message["responseContext"]
    deliveries.add(aws, {"arn": arn, "payload": json.dumps(message)})


def _time(change: dict[str, Any]) -> str:
    return iso_seconds(utc(float(change.get("ApproximateCreationDateTime", 0))))
