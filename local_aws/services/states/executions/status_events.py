"""The event that a Standard execution's change of status puts on the event bus.

https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from local_aws.api import Context
from local_aws.services import event_bus
from local_aws.services.states.models import Execution
from local_aws.services.states.redrive.redrivability import redrive_status
from local_aws.times import epoch_milliseconds

SOURCE = "aws.states"
DETAIL_TYPE = "Step Functions Execution Status Change"
#: What an event may hold of input and output together, as escaped JSON.
MAX_DATA_BYTES = 248 * 1024


def emit(aws: Context, execution: Execution) -> None:
    """Inside the transaction that changes the status. Express executions announce nothing."""
    if execution.get("type", "STANDARD") == "STANDARD":
        event_bus.emit(aws, SOURCE, DETAIL_TYPE, [execution["arn"]], detail(execution))


def detail(execution: Execution) -> dict[str, Any]:
    status, reason = redrive_status(execution)
    value, output = execution["input"], execution["output"]
    output_fits = output is None or _escaped(output) <= MAX_DATA_BYTES
    input_fits = _escaped(value) + (0 if output is None else _escaped(output)) <= MAX_DATA_BYTES
    return {
        "executionArn": execution["arn"],
        "stateMachineArn": execution["machine"],
        "stateMachineVersionArn": execution.get("version"),
        "stateMachineAliasArn": execution.get("alias"),
        "name": execution["name"],
        "status": execution["status"],
        "startDate": epoch_milliseconds(execution["started"]),
        "stopDate": _milliseconds(execution["stopped"]),
        "input": value if input_fits else None,
        "inputDetails": {"included": input_fits},
        "output": output if output_fits else None,
        "outputDetails": None if output is None else {"included": output_fits},
        "error": execution["error"],
        "cause": execution["cause"],
        "redriveCount": execution.get("redrives", 0),
        "redriveDate": _milliseconds(execution.get("redriven")),
        "redriveStatus": status,
        "redriveStatusReason": reason,
    }


def _escaped(text: str) -> int:
    return len(json.dumps(text, ensure_ascii=False).encode())


def _milliseconds(moment: datetime | None) -> int | None:
    return None if moment is None else epoch_milliseconds(moment)
