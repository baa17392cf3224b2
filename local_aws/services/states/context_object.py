"""The parts of the context object that are the same in every state of an execution.

https://docs.aws.amazon.com/step-functions/latest/dg/input-output-contextobject.html
"""

from __future__ import annotations

from typing import Any

from local_aws.services.states.jsontext import loads
from local_aws.services.states.models import Execution
from local_aws.times import iso_milliseconds


def fixed_parts(execution: Execution) -> dict[str, Any]:
    machine = {"Id": execution["machine"], "Name": execution["machine_name"]}
    return {"Execution": _shown_execution(execution), "StateMachine": machine}


def _shown_execution(execution: Execution) -> dict[str, Any]:
    """``Execution`` of the context object; Express executions have no RedriveCount (recorded behaviour)."""
    shown: dict[str, Any] = {
        "Id": execution["arn"],
        "Input": loads(execution["input"]),
        "StartTime": iso_milliseconds(execution["started"]),
        "Name": execution["name"],
        "RoleArn": execution["role"],
    }
    if execution.get("type", "STANDARD") == "STANDARD":
        shown["RedriveCount"] = execution.get("redrives", 0)
    redriven = execution.get("redriven")
    if redriven is not None:
        shown["RedriveTime"] = iso_milliseconds(redriven)
    return shown
