"""The operations on state machines."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, cast

from local_aws.api import ApiError, Context, operation
from local_aws.services.states import requests as api
from local_aws.services.states.engine import engine_of
from local_aws.services.states.jsontext import loads
from local_aws.services.states.languages.variable_references import variable_references
from local_aws.services.states.machines import deletions
from local_aws.services.states.machines.machine_checks import (
    check_arn,
    check_definition,
    check_encryption,
    check_name,
    check_tags,
    checked_logging,
    checked_tracing,
)
from local_aws.services.states.machines.machine_references import (
    MACHINE_ARN,
    Reference,
    changeable_machine,
    qualifier,
    resolve,
    version_number,
)
from local_aws.services.states.machines.versions import publish
from local_aws.services.states.models import Machine, MachineType
from local_aws.services.states.paging import page
from local_aws.services.states.records import Records

CHANGEABLE = ("definition", "roleArn", "loggingConfiguration", "tracingConfiguration", "encryptionConfiguration")


@operation("stepfunctions", "CreateStateMachine")
def create_state_machine(aws: Context, request: api.CreateStateMachineRequest) -> api.CreateStateMachineResponse:
    """Creating what exists already with the same definition and configuration answers as the first time."""
    check_name(request["name"])
    kind = cast(MachineType, request.get("type", "STANDARD"))
    check_tags(cast("list[dict[str, str]]", request.get("tags", [])))
    _check_publish(request)
    check_encryption(request.get("encryptionConfiguration"))
    check_definition(request["definition"], kind)
    records, arn = Records(aws.store), aws.arn("states", f"stateMachine:{request['name']}")
    logging = checked_logging(aws, request.get("loggingConfiguration", {}))
    tracing = checked_tracing(request.get("tracingConfiguration", {}))
    with aws.store.transaction():
        existing = records.machine(arn)
        if existing is not None:
            _refuse_other(existing, request, (kind, logging, tracing))
        machine = existing or _new_machine(arn, request, kind, logging, tracing)
        if existing is None:
            records.save_machine(machine)
        answer: api.CreateStateMachineResponse = {"stateMachineArn": arn, "creationDate": machine["created"]}
        if request.get("publish"):
            answer["stateMachineVersionArn"] = publish(records, machine, request.get("versionDescription"))["arn"]
    return answer


def _new_machine(
    arn: str,
    request: api.CreateStateMachineRequest,
    kind: MachineType,
    logging: dict[str, Any],
    tracing: dict[str, Any],
) -> Machine:
    now = datetime.now(UTC)
    machine: Machine = {
        "arn": arn,
        "name": request["name"],
        "definition": request["definition"],
        "role": request["roleArn"],
        "created": now,
        "updated": now,
        "revision": None,
        "logging": logging,
        "tracing": tracing,
        "tags": cast("list[dict[str, str]]", request.get("tags", [])),
        "type": kind,
    }
    if "encryptionConfiguration" in request:
        machine["encryption"] = request["encryptionConfiguration"]
    return machine


def _refuse_other(
    existing: Machine, request: api.CreateStateMachineRequest, configuration: tuple[str, dict[str, Any], dict[str, Any]]
) -> None:
    """Idempotency looks at name, definition, type and the two configurations; role and tags are ignored."""
    arn = existing["arn"]
    if existing.get("deleting"):
        raise ApiError("StateMachineDeleting", f"State Machine is being deleted: '{arn}'")
    known = (existing.get("type", "STANDARD"), existing["logging"], existing["tracing"])
    if (existing["definition"], known) != (request["definition"], configuration):
        raise ApiError("StateMachineAlreadyExists", f"State Machine Already Exists: '{arn}'")


@operation("stepfunctions", "UpdateStateMachine")
def update_state_machine(aws: Context, request: api.UpdateStateMachineRequest) -> api.UpdateStateMachineResponse:
    """Running executions keep the definition that they started with. Without a change the revision stays."""
    _check_publish(request)
    if not request.get("publish") and not any(field in request for field in CHANGEABLE):
        raise ApiError(
            "MissingRequiredParameter", "Either the definition, the role ARN, or a configuration is required"
        )
    check_encryption(request.get("encryptionConfiguration"))
    kind = changeable_machine(aws, request["stateMachineArn"]).get("type", "STANDARD")
    if "definition" in request:
        check_definition(request["definition"], kind)
    changes = _changes(aws, request)
    with aws.store.transaction():
        records, machine = Records(aws.store), changeable_machine(aws, request["stateMachineArn"])
        now = datetime.now(UTC)
        if any(machine.get(field) != value for field, value in changes.items()):
            machine.update(cast(Any, changes))
            machine.update({"updated": now, "revision": str(uuid.uuid4())})
            records.save_machine(machine)
        answer: api.UpdateStateMachineResponse = {"updateDate": now}
        if machine["revision"] is not None:
            answer["revisionId"] = machine["revision"]
        if request.get("publish"):
            answer["stateMachineVersionArn"] = publish(records, machine, request.get("versionDescription"))["arn"]
    return answer


def _changes(aws: Context, request: api.UpdateStateMachineRequest) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    if "definition" in request:
        changes["definition"] = request["definition"]
    if "roleArn" in request:
        changes["role"] = request["roleArn"]
    if "loggingConfiguration" in request:
        changes["logging"] = checked_logging(aws, request["loggingConfiguration"])
    if "tracingConfiguration" in request:
        changes["tracing"] = checked_tracing(request["tracingConfiguration"])
    if "encryptionConfiguration" in request:
        changes["encryption"] = request["encryptionConfiguration"]
    return changes


@operation("stepfunctions", "DescribeStateMachine")
def describe_state_machine(aws: Context, request: api.DescribeStateMachineRequest) -> api.DescribeStateMachineResponse:
    """A machine as it is, or one of its versions."""
    arn = request["stateMachineArn"]
    if qualifier(arn) is not None and version_number(arn) is None:
        raise ApiError("ValidationException", f"An alias cannot be described as a state machine: '{arn}'")
    reference = resolve(aws, arn)
    machine = reference.machine
    described: api.DescribeStateMachineResponse = {
        "stateMachineArn": arn,
        "name": machine["name"],
        "status": _status(aws, reference),
        "definition": "{}" if request.get("includedData") == "METADATA_ONLY" else machine["definition"],
        "roleArn": machine["role"],
        "type": machine.get("type", "STANDARD"),
        "creationDate": machine["created"] if reference.version is None else reference.version["created"],
        "loggingConfiguration": machine["logging"],
        "tracingConfiguration": machine["tracing"],
    }
    if machine["revision"] is not None:
        described["revisionId"] = machine["revision"]
    references = variable_references(loads(machine["definition"]))
    if references:
        described["variableReferences"] = references
    if "encryption" in machine:
        described["encryptionConfiguration"] = machine["encryption"]
    if reference.version is not None and reference.version["description"] is not None:
        described["description"] = reference.version["description"]
    return described


def _status(aws: Context, reference: Reference) -> str:
    current = Records(aws.store).machine(reference.machine["arn"])
    return "DELETING" if current is not None and current.get("deleting") else "ACTIVE"


@operation("stepfunctions", "ListStateMachines")
def list_state_machines(aws: Context, request: api.ListRequest) -> api.ListStateMachinesResponse:
    items: list[api.StateMachineItem] = [
        {
            "stateMachineArn": machine["arn"],
            "name": machine["name"],
            "type": machine.get("type", "STANDARD"),
            "creationDate": machine["created"],
        }
        for machine in Records(aws.store).machines()
    ]
    shown, token = page(items, "machines", request.get("maxResults"), request.get("nextToken"))
    return {"stateMachines": shown, "nextToken": token} if token else {"stateMachines": shown}


@operation("stepfunctions", "DeleteStateMachine")
def delete_state_machine(aws: Context, request: api.StateMachineRequest) -> api.Empty:
    """Its executions end at their next transitions; then it, its versions and its aliases are gone.

    Deleting what is not there is no error.
    """
    arn = request["stateMachineArn"]
    check_arn(arn, MACHINE_ARN)
    if qualifier(arn) is not None or "/" in arn:
        raise ApiError("ValidationException", f"Only a whole state machine can be deleted: '{arn}'")
    records = Records(aws.store)
    with aws.store.transaction():
        machine = records.machine(arn)
        if machine is None:
            return {}
        machine["deleting"] = True
        records.save_machine(machine)
    engine_of(aws).machine_deleted(arn)
    deletions.finish(records, arn)
    return {}


def _check_publish(request: Mapping[str, Any]) -> None:
    if request.get("versionDescription") is not None and not request.get("publish"):
        raise ApiError("ValidationException", "Version description can only be set when publish is true")
