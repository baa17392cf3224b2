"""``Invoke``: at once, as a queued event that survives a restart, or as a dry run."""

from __future__ import annotations

import base64
import json
from typing import Any

from local_aws.api import ApiError, Context, operation
from local_aws.services.lambda_ import model, published
from local_aws.services.lambda_.event_queue import queue_of
from local_aws.services.lambda_.running import run
from local_aws.services.lambda_.worker import LARGEST_PAYLOAD_BYTES

#: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
LARGEST_EVENT_BYTES = 1024 * 1024


@operation("lambda", "Invoke")
def invoke(aws: Context, request: dict[str, Any]) -> dict[str, Any]:
    function = published.resolve(aws, request["FunctionName"], request.get("Qualifier"))
    version = function["configuration"].get("Version", model.LATEST)
    payload = request.get("Payload") or b"{}"
    kind = request.get("InvocationType", "RequestResponse")
    event = _parsed(payload, LARGEST_EVENT_BYTES if kind == "Event" else LARGEST_PAYLOAD_BYTES)
    if kind == "DryRun":
        return {"StatusCode": 204, "Payload": b""}
    if kind == "Event":
        if version != model.LATEST:
            message = (
                f"asynchronous events go to {model.LATEST} here, not to version {version}: leave the Qualifier out"
            )
            raise ApiError("InvalidParameterValueException", message)
        queue_of(aws).add(function["configuration"]["FunctionName"], event)
        return {"StatusCode": 202, "Payload": b""}
    outcome = run(aws, function, event)
    answer: dict[str, Any] = {"StatusCode": 200, "ExecutedVersion": version, "Payload": outcome.payload}
    if outcome.failed:
        answer["FunctionError"] = "Unhandled"
    if request.get("LogType") == "Tail":
        answer["LogResult"] = base64.b64encode(outcome.log_tail).decode()
    return answer


def _parsed(payload: bytes, limit: int) -> Any:
    if len(payload) > limit:
        raise ApiError(
            "RequestTooLargeException",
            f"Request must be smaller than {limit} bytes for the InvokeFunction operation",
            413,
        )
    try:
        return json.loads(payload)
    except ValueError as error:
        raise ApiError("InvalidRequestContentException", f"Could not parse request body into json: {error}") from error
