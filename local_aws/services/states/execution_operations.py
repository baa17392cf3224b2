"""The operations on executions and their histories."""

from __future__ import annotations

import re
import threading
import time
import uuid
from datetime import UTC, datetime

from local_aws.api import ApiError, Context, operation
from local_aws.services.states import history
from local_aws.services.states import requests as api
from local_aws.services.states.engine import engine_of
from local_aws.services.states.jsontext import MAX_BYTES, loads, size
from local_aws.services.states.machine_operations import check_arn, check_name, find_machine
from local_aws.services.states.map_run_operations import children_of
from local_aws.services.states.models import Execution, Machine
from local_aws.services.states.paging import page
from local_aws.services.states.records import Records

EXECUTION_ARN = re.compile(r"arn:aws[\w-]*:states:[\w-]+:\d{12}:execution:[^:]+:.+")
#: Two starts of one name must not both find it free.
_STARTING = threading.Lock()


@operation("stepfunctions", "StartExecution")
def start_execution(aws: Context, request: api.StartExecutionRequest) -> api.StartExecutionResponse:
    """Starting a running execution again with the same name and input answers as the first time."""
    machine = find_machine(aws, request["stateMachineArn"])
    name, text = request.get("name") or str(uuid.uuid4()), request.get("input", "{}")
    check_name(name)
    _check_input(text)
    arn = _executions_of(machine) + name
    with _STARTING:
        existing = Records(aws.store).execution(arn)
        if existing is not None:
            if existing["status"] != "RUNNING" or loads(existing["input"]) != loads(text):
                raise ApiError("ExecutionAlreadyExists", f"Execution Already Exists: '{arn}'")
            return {"executionArn": arn, "startDate": existing["started"]}
        execution = _new_execution(machine, arn, name, text)
        engine_of(aws).start(execution)
    return {"executionArn": arn, "startDate": execution["started"]}


@operation("stepfunctions", "DescribeExecution")
def describe_execution(aws: Context, request: api.ExecutionRequest) -> api.DescribeExecutionResponse:
    execution = _find(aws, request["executionArn"])
    status = execution["status"]
    redrivable = status in ("FAILED", "ABORTED", "TIMED_OUT")
    described: api.DescribeExecutionResponse = {
        "executionArn": execution["arn"],
        "stateMachineArn": execution["machine"],
        "name": execution["name"],
        "status": status,
        "startDate": execution["started"],
        "input": execution["input"],
        "inputDetails": {"included": True},
        "redriveCount": 0,
        "redriveStatus": "REDRIVABLE" if redrivable else "NOT_REDRIVABLE",
    }
    if not redrivable:
        described["redriveStatusReason"] = f"Execution is {status} and cannot be redriven"
    if execution["stopped"] is not None:
        described["stopDate"] = execution["stopped"]
    if execution["output"] is not None:
        described.update({"output": execution["output"], "outputDetails": {"included": True}})
    if execution["error"] is not None:
        described["error"] = execution["error"]
    if execution["cause"] is not None:
        described["cause"] = execution["cause"]
    if "child_of" in execution:
        described["mapRunArn"] = execution["child_of"]["run"]
    return described


@operation("stepfunctions", "DescribeStateMachineForExecution")
def describe_state_machine_for_execution(
    aws: Context, request: api.ExecutionRequest
) -> api.DescribeStateMachineForExecutionResponse:
    """The definition that the execution started with."""
    execution = _find(aws, request["executionArn"])
    described: api.DescribeStateMachineForExecutionResponse = {
        "stateMachineArn": execution["machine"],
        "name": execution["machine_name"],
        "definition": execution["definition"],
        "roleArn": execution["role"],
        "updateDate": execution["machine_updated"],
    }
    if execution["revision"] is not None:
        described["revisionId"] = execution["revision"]
    if "child_of" in execution:
        described.update({"mapRunArn": execution["child_of"]["run"], "label": execution["child_of"]["label"]})
    return described


@operation("stepfunctions", "StopExecution")
def stop_execution(aws: Context, request: api.StopExecutionRequest) -> api.StopExecutionResponse:
    """Waits end at once, tokens are spent, jobs that ``.sync`` waits for are stopped. Stopping twice is no error."""
    execution = _find(aws, request["executionArn"])
    stopped = engine_of(aws).stop(execution, request.get("error"), request.get("cause"))
    return {"stopDate": stopped or datetime.now(UTC)}


@operation("stepfunctions", "ListExecutions")
def list_executions(aws: Context, request: api.ListExecutionsRequest) -> api.ListExecutionsResponse:
    """The newest first."""
    of, executions = _listed(aws, request)
    wanted = request.get("statusFilter")
    found = [_item(execution) for execution in reversed(executions) if wanted in (None, execution["status"])]
    subject = f"{of} {wanted or ''}"
    shown, token = page(found, subject, request.get("maxResults"), request.get("nextToken"))
    return {"executions": shown, "nextToken": token} if token else {"executions": shown}


@operation("stepfunctions", "GetExecutionHistory")
def get_execution_history(aws: Context, request: api.GetExecutionHistoryRequest) -> api.GetExecutionHistoryResponse:
    arn, backwards = request["executionArn"], request.get("reverseOrder", False)
    _find(aws, arn)
    events = history.events(aws.store, arn, with_data=request.get("includeExecutionData", True))
    if backwards:
        events.reverse()
    subject = f"{arn} {backwards}"
    shown, token = page(events, subject, request.get("maxResults"), request.get("nextToken"))
    return {"events": shown, "nextToken": token} if token else {"events": shown}


def _listed(aws: Context, request: api.ListExecutionsRequest) -> tuple[str, list[Execution]]:
    """What is asked about, and its executions in the order in which they started."""
    if "mapRunArn" in request:
        if "stateMachineArn" in request:
            raise ApiError("ValidationException", "Only one of stateMachineArn and mapRunArn may be given")
        return request["mapRunArn"], children_of(aws, request["mapRunArn"])
    machine = find_machine(aws, request.get("stateMachineArn", ""))
    return machine["arn"], Records(aws.store).executions(_executions_of(machine))


def _executions_of(machine: Machine) -> str:
    """What the ARNs of a machine's executions begin with."""
    return f"{machine['arn'].replace(':stateMachine:', ':execution:')}:"


def _find(aws: Context, arn: str) -> Execution:
    check_arn(arn, EXECUTION_ARN)
    execution = Records(aws.store).execution(arn)
    if execution is None:
        raise ApiError("ExecutionDoesNotExist", f"Execution Does Not Exist: '{arn}'")
    return execution


def _check_input(text: str) -> None:
    try:
        loads(text)
    except ValueError as error:
        message = f"Invalid State Machine Execution Input: '{error}'"
        raise ApiError("InvalidExecutionInput", message) from error
    if size(text) > MAX_BYTES:
        message = (
            f"Value at 'input' failed to satisfy constraint: Member must have length less than or equal to {MAX_BYTES}"
        )
        raise ApiError("ValidationException", f"1 validation error detected: {message}")


def _new_execution(machine: Machine, arn: str, name: str, text: str) -> Execution:
    timeout = loads(machine["definition"]).get("TimeoutSeconds")
    return {
        "arn": arn,
        "name": name,
        "machine": machine["arn"],
        "machine_name": machine["name"],
        "definition": machine["definition"],
        "role": machine["role"],
        "revision": machine["revision"],
        "machine_updated": machine["updated"],
        "input": text,
        "status": "RUNNING",
        "started": datetime.now(UTC),
        "stopped": None,
        "deadline": None if timeout is None else time.time() + timeout,
        "output": None,
        "error": None,
        "cause": None,
    }


def _item(execution: Execution) -> api.ExecutionItem:
    item: api.ExecutionItem = {
        "executionArn": execution["arn"],
        "stateMachineArn": execution["machine"],
        "name": execution["name"],
        "status": execution["status"],
        "startDate": execution["started"],
    }
    if execution["stopped"] is not None:
        item["stopDate"] = execution["stopped"]
    if "child_of" in execution:
        item.update({"mapRunArn": execution["child_of"]["run"], "itemCount": execution["child_of"]["items"]})
    return item
