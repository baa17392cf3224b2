"""What becomes of an asynchronous event's outcome: destinations, and the function's dead-letter queue.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from local_aws.api import Context
from local_aws.services import deliveries, event_bus
from local_aws.services.lambda_ import model
from local_aws.services.lambda_.async_settings import settings_of
from local_aws.services.lambda_.worker import Outcome
from local_aws.times import iso_milliseconds

SUCCESS, EXHAUSTED, TOO_OLD = "Success", "RetriesExhausted", "EventAgeExceeded"
LONGEST_MESSAGE = 1024


def report(
    aws: Context,
    function: dict[str, Any],
    entry: dict[str, Any],
    outcome: Outcome | None,
    condition: str,
    attempts: int,
) -> None:
    """Order what follows from an event that is finished. ``outcome`` is that of the last attempt, if there was one."""
    configuration = function["configuration"]
    settings = settings_of(aws, configuration["FunctionName"])
    which = "OnSuccess" if condition == SUCCESS else "OnFailure"
    arn = ((settings.get("DestinationConfig") or {}).get(which) or {}).get("Destination")
    dead_letters = (configuration.get("DeadLetterConfig") or {}).get("TargetArn")
    with aws.store.transaction():
        if arn:
            _send(aws, arn, configuration["FunctionArn"], _record(configuration, entry, outcome, condition, attempts))
        if dead_letters and condition != SUCCESS:
            _bury(aws, dead_letters, entry, outcome)


def _record(
    configuration: dict[str, Any], entry: dict[str, Any], outcome: Outcome | None, condition: str, attempts: int
) -> dict[str, Any]:
    record: dict[str, Any] = {
        "version": "1.0",
        "timestamp": iso_milliseconds(datetime.now(UTC)),
        "requestContext": {
            "requestId": entry.get("id", ""),
            "functionArn": f"{configuration['FunctionArn']}:{model.LATEST}",
            "condition": condition,
            "approximateInvokeCount": attempts,
        },
        "requestPayload": entry["event"],
    }
    if outcome is not None:
        context: dict[str, Any] = {"statusCode": 200, "executedVersion": model.LATEST}
        record["responseContext"] = {**context, **({"functionError": "Unhandled"} if outcome.failed else {})}
        record["responsePayload"] = json.loads(outcome.payload)
    return record


def _send(aws: Context, arn: str, function_arn: str, record: dict[str, Any]) -> None:
    if ":events:" not in arn:
        deliveries.add(aws, {"arn": arn, "payload": json.dumps(record)})
        return
    result = "Success" if record["requestContext"]["condition"] == SUCCESS else "Failure"
    kind = f"Lambda Function Invocation Result - {result}"
    resources = [arn, f"{function_arn}:{model.LATEST}"]
    event_bus.accept(aws, event_bus.envelope(aws, "lambda", kind, resources, record), arn.rpartition("/")[2])


def _bury(aws: Context, arn: str, entry: dict[str, Any], outcome: Outcome | None) -> None:
    """https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html#invocation-dlq"""
    error = json.loads(outcome.payload).get("errorMessage", "") if outcome is not None else ""
    attributes = {"RequestID": ("String", entry.get("id", "-")), "ErrorCode": ("Number", "200")}
    attributes["ErrorMessage"] = ("String", str(error)[:LONGEST_MESSAGE] or "-")
    typed = {name: {"DataType": kind, "StringValue": value} for name, (kind, value) in attributes.items()}
    deliveries.add(aws, {"arn": arn, "payload": json.dumps(entry["event"]), "parameters": {"MessageAttributes": typed}})
