"""StartExecution and StartSyncExecution."""

from __future__ import annotations

import threading
import time
import uuid
from datetime import UTC, datetime

from local_aws.api import ApiError, Context, operation
from local_aws.services.states import requests as api
from local_aws.services.states.engine import engine_of
from local_aws.services.states.executions import express
from local_aws.services.states.jsontext import MAX_BYTES, loads, size
from local_aws.services.states.machines.machine_checks import check_name
from local_aws.services.states.machines.machine_references import Reference, resolve
from local_aws.services.states.models import Execution, Machine
from local_aws.services.states.records import Records
from local_aws.settings import StatesSettings

#: Two starts of one name must not both find it free.
_STARTING = threading.Lock()
#: An execution that is out of time is ended by its own flow; the answer waits a little longer for it.
GRACE_SECONDS = 5.0


@operation("stepfunctions", "StartExecution")
def start_execution(aws: Context, request: api.StartExecutionRequest) -> api.StartExecutionResponse:
    """Starting a running execution again with the same name and input answers as the first time.

    Names of Express executions may be used again at once: each start makes a new one.
    """
    reference = _startable(aws, request["stateMachineArn"])
    name, text = request.get("name") or str(uuid.uuid4()), request.get("input", "{}")
    check_name(name)
    _check_input(text)
    if machine_type(reference.machine) == "EXPRESS":
        refuse_too_many(aws)
        execution = _express_execution(reference, name, text, request.get("traceHeader"))
        engine_of(aws).start(execution)
        return {"executionArn": execution["arn"], "startDate": execution["started"]}
    arn = executions_of(reference.machine) + name
    with _STARTING:
        existing = Records(aws.store).execution(arn)
        if existing is not None:
            if existing["status"] != "RUNNING" or loads(existing["input"]) != loads(text):
                raise ApiError("ExecutionAlreadyExists", f"Execution Already Exists: '{arn}'")
            return {"executionArn": arn, "startDate": existing["started"]}
        refuse_too_many(aws)
        execution = _new_execution(reference, arn, name, text)
        execution["trace_header"] = request.get("traceHeader")
        engine_of(aws).start(execution)
    return {"executionArn": arn, "startDate": execution["started"]}


@operation("stepfunctions", "StartSyncExecution")
def start_sync_execution(aws: Context, request: api.StartSyncExecutionRequest) -> api.StartSyncExecutionResponse:
    """Answers when the execution has ended, at the latest after five minutes. A server that ends forgets it."""
    reference = _startable(aws, request["stateMachineArn"])
    if machine_type(reference.machine) != "EXPRESS":
        raise ApiError("StateMachineTypeNotSupported", "This operation is not supported by this type of state machine")
    name, text = request.get("name") or str(uuid.uuid4()), request.get("input", "{}")
    check_name(name)
    _check_input(text)
    refuse_too_many(aws)
    execution = _express_execution(reference, name, text, request.get("traceHeader"))
    execution["synchronous"] = True
    runtime = engine_of(aws).start(execution)
    ended = None if runtime is None else runtime.ended_within(express.LONGEST_SECONDS + GRACE_SECONDS)
    if ended is None:
        raise ApiError("ServiceUnavailable", "The server ended before the execution: start it again", 503)
    return _answer(ended)


def executions_of(machine: Machine) -> str:
    """What the ARNs of a machine's executions begin with."""
    return f"{machine['arn'].replace(':stateMachine:', ':execution:')}:"


def machine_type(machine: Machine) -> str:
    return machine.get("type", "STANDARD")


def refuse_too_many(aws: Context) -> None:
    """Raises ``ApiError`` ExecutionLimitExceeded when as many executions run as may."""
    most = StatesSettings.from_environment().open_executions
    if engine_of(aws).open_executions() >= most:
        message = f"{most} executions run, the most that may: wait for some to end, or raise LOCAL_AWS_OPEN_EXECUTIONS"
        raise ApiError("ExecutionLimitExceeded", message)


def _startable(aws: Context, arn: str) -> Reference:
    reference = resolve(aws, arn)
    current = Records(aws.store).machine(reference.machine["arn"])
    if current is not None and current.get("deleting"):
        raise ApiError("StateMachineDeleting", f"State Machine is being deleted: '{arn}'")
    return reference


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


def _express_execution(reference: Reference, name: str, text: str, trace_header: str | None) -> Execution:
    """The ARN ends in an id of its own: names may repeat."""
    arn = f"{executions_of(reference.machine).replace(':execution:', ':express:')}{name}:{uuid.uuid4()}"
    execution = _new_execution(reference, arn, name, text)
    latest = time.time() + express.LONGEST_SECONDS
    execution["deadline"] = min(latest, execution["deadline"] or latest)
    execution["trace_header"] = trace_header
    return execution


def _new_execution(reference: Reference, arn: str, name: str, text: str) -> Execution:
    machine = reference.machine
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
        "type": machine.get("type", "STANDARD"),
        "version": None if reference.version is None else reference.version["arn"],
        "alias": None if reference.alias is None else reference.alias["arn"],
        "logging": machine["logging"],
        "tracing": machine["tracing"],
    }


def _answer(ended: Execution) -> api.StartSyncExecutionResponse:
    stopped = ended["stopped"] or datetime.now(UTC)
    answer: api.StartSyncExecutionResponse = {
        "executionArn": ended["arn"],
        "stateMachineArn": ended["machine"],
        "name": ended["name"],
        "startDate": ended["started"],
        "stopDate": stopped,
        # A machine that is deleted meanwhile ends it; the API has no ABORTED here.
        "status": "FAILED" if ended["status"] == "ABORTED" else ended["status"],
        "input": ended["input"],
        "inputDetails": {"included": True},
        "outputDetails": {"included": True},
        "billingDetails": express.billed(ended["started"], stopped),
    }
    if ended["output"] is not None:
        answer["output"] = ended["output"]
    if ended["error"] is not None:
        answer["error"] = ended["error"]
    if ended["cause"] is not None:
        answer["cause"] = ended["cause"]
    header = ended.get("trace_header")
    if header is not None:
        answer["traceHeader"] = header
    return answer
