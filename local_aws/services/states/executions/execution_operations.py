"""The operations on executions and their histories."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from local_aws.api import ApiError, Context, operation
from local_aws.services.states import history
from local_aws.services.states import requests as api
from local_aws.services.states.engine import engine_of
from local_aws.services.states.executions.execution_start import machine_type
from local_aws.services.states.machines.machine_checks import check_arn
from local_aws.services.states.machines.machine_references import find_machine, machine_part, qualifier, version_number
from local_aws.services.states.maps.map_run_operations import children_of
from local_aws.services.states.models import Execution
from local_aws.services.states.paging import page
from local_aws.services.states.records import Records
from local_aws.services.states.redrive.redrivability import MAX_EVENTS_BEFORE, redrive_status

EXECUTION_ARN = re.compile(r"arn:aws[\w-]*:states:[\w-]+:\d{12}:execution:[^:]+:.+")


@operation("stepfunctions", "DescribeExecution")
def describe_execution(aws: Context, request: api.ExecutionRequest) -> api.DescribeExecutionResponse:
    execution = find_execution(aws, request["executionArn"])
    too_long = history.is_longer(aws.store, execution["arn"], MAX_EVENTS_BEFORE)
    redrivable, reason = redrive_status(execution, too_long=too_long)
    described: api.DescribeExecutionResponse = {
        "executionArn": execution["arn"],
        "stateMachineArn": execution["machine"],
        "name": execution["name"],
        "status": execution["status"],
        "startDate": execution["started"],
        "input": execution["input"],
        "inputDetails": {"included": True},
        "redriveCount": execution.get("redrives", 0),
        "redriveStatus": redrivable,
    }
    described.update(_known({**_origins(execution), "redriveStatusReason": reason}))
    described.update(_known({field: execution[field] for field in ("error", "cause")}))
    described.update(_known({"traceHeader": execution.get("trace_header")}))
    if execution["output"] is not None:
        described.update({"output": execution["output"], "outputDetails": {"included": True}})
    return described


@operation("stepfunctions", "DescribeStateMachineForExecution")
def describe_state_machine_for_execution(
    aws: Context, request: api.ExecutionRequest
) -> api.DescribeStateMachineForExecutionResponse:
    """The definition that the execution started with."""
    execution = find_execution(aws, request["executionArn"])
    described: api.DescribeStateMachineForExecutionResponse = {
        "stateMachineArn": execution["machine"],
        "name": execution["machine_name"],
        "definition": execution["definition"],
        "roleArn": execution["role"],
        "updateDate": execution["machine_updated"],
    }
    if "logging" in execution and "tracing" in execution:
        described["loggingConfiguration"] = execution["logging"]
        described["tracingConfiguration"] = execution["tracing"]
    if execution["revision"] is not None:
        described["revisionId"] = execution["revision"]
    if "child_of" in execution:
        described.update({"mapRunArn": execution["child_of"]["run"], "label": execution["child_of"]["label"]})
    return described


@operation("stepfunctions", "StopExecution")
def stop_execution(aws: Context, request: api.StopExecutionRequest) -> api.StopExecutionResponse:
    """Waits end at once, tokens are spent, jobs that ``.sync`` waits for are stopped. Stopping twice is no error."""
    execution = find_execution(aws, request["executionArn"])
    stopped = engine_of(aws).stop(execution, request.get("error"), request.get("cause"))
    return {"stopDate": stopped or datetime.now(UTC)}


@operation("stepfunctions", "ListExecutions")
def list_executions(aws: Context, request: api.ListExecutionsRequest) -> api.ListExecutionsResponse:
    """The newest first; those of a machine, or those that were started through a version or an alias."""
    arn, status, redriven = (
        request.get("stateMachineArn", ""),
        request.get("statusFilter"),
        request.get("redriveFilter"),
    )
    _refuse_filters(request)
    if "mapRunArn" in request:
        return _list_children(aws, request)
    machine = find_machine(aws, machine_part(arn))
    if machine_type(machine) == "EXPRESS":
        raise ApiError("StateMachineTypeNotSupported", "This operation is not supported by this type of state machine")
    _check_qualifier(aws, arn)
    records = Records(aws.store)
    arns = list(reversed(records.execution_arns(machine["arn"], status)))
    if redriven is not None or qualifier(arn) is not None:
        arns = [one for one in arns if _is_wanted(records.execution(one), arn, redriven)]
    subject = f"{arn} {status or ''} {redriven or ''}"
    chosen, token = page(arns, subject, request.get("maxResults"), request.get("nextToken"))
    # Only those of this page are read; one that was forgotten meanwhile is left out.
    shown = [_item(execution) for one in chosen if (execution := records.execution(one)) is not None]
    return {"executions": shown, "nextToken": token} if token else {"executions": shown}


def _is_wanted(execution: Execution | None, arn: str, redriven: str | None) -> bool:
    """``arn`` may name a version or an alias, ``redriven`` is the request's filter."""
    return (
        execution is not None
        and redriven in (None, _redriven(execution))
        and (qualifier(arn) is None or arn in (execution.get("version"), execution.get("alias")))
    )


def _refuse_filters(request: api.ListExecutionsRequest) -> None:
    if ("stateMachineArn" in request) == ("mapRunArn" in request):
        message = "Exactly one of stateMachineArn and mapRunArn is required"
        raise ApiError("ValidationException", message)
    if request.get("statusFilter") == "PENDING_REDRIVE" and "mapRunArn" not in request:
        raise ApiError("ValidationException", "The status filter PENDING_REDRIVE is for a mapRunArn only")


def _check_qualifier(aws: Context, arn: str) -> None:
    records = Records(aws.store)
    if qualifier(arn) is None:
        return
    known = records.version(arn) if version_number(arn) is not None else records.alias(arn)
    if known is None:
        raise ApiError("ResourceNotFound", f"Resource not found: '{arn}'")


def _redriven(execution: Execution) -> str:
    return "REDRIVEN" if execution.get("redrives", 0) else "NOT_REDRIVEN"


@operation("stepfunctions", "GetExecutionHistory")
def get_execution_history(aws: Context, request: api.GetExecutionHistoryRequest) -> api.GetExecutionHistoryResponse:
    arn, backwards = request["executionArn"], request.get("reverseOrder", False)
    find_execution(aws, arn)
    events = history.events(aws.store, arn, with_data=request.get("includeExecutionData", True))
    if backwards:
        events.reverse()
    subject = f"{arn} {backwards}"
    shown, token = page(events, subject, request.get("maxResults"), request.get("nextToken"))
    return {"events": shown, "nextToken": token} if token else {"events": shown}


def _list_children(aws: Context, request: api.ListExecutionsRequest) -> api.ListExecutionsResponse:
    """Those of a map run, the newest first."""
    run, status = request["mapRunArn"], request.get("statusFilter")
    found = [_item(child) for child in reversed(children_of(aws, run)) if status in (None, child["status"])]
    shown, token = page(found, f"{run} {status or ''}", request.get("maxResults"), request.get("nextToken"))
    return {"executions": shown, "nextToken": token} if token else {"executions": shown}


def find_execution(aws: Context, arn: str) -> Execution:
    check_arn(arn, EXECUTION_ARN)
    execution = Records(aws.store).execution(arn)
    if execution is None:
        raise ApiError("ExecutionDoesNotExist", f"Execution Does Not Exist: '{arn}'")
    return execution


def _item(execution: Execution) -> api.ExecutionItem:
    item: api.ExecutionItem = {
        "executionArn": execution["arn"],
        "stateMachineArn": execution["machine"],
        "name": execution["name"],
        "status": execution["status"],
        "startDate": execution["started"],
        "redriveCount": execution.get("redrives", 0),
    }
    item.update(_known(_origins(execution)))
    if "child_of" in execution:
        item["itemCount"] = execution["child_of"]["items"]
    return item


def _origins(execution: Execution) -> dict[str, Any]:
    """What both a description and a list tell of an execution, where it has it."""
    return {
        "stopDate": execution["stopped"],
        "redriveDate": execution.get("redriven"),
        "stateMachineVersionArn": execution.get("version"),
        "stateMachineAliasArn": execution.get("alias"),
        "mapRunArn": execution["child_of"]["run"] if "child_of" in execution else None,
    }


def _known(fields: dict[str, Any]) -> Any:
    return {name: value for name, value in fields.items() if value is not None}
