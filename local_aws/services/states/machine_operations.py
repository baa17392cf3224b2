"""The operations on state machines and their tags."""

from __future__ import annotations

import re
import uuid
from datetime import UTC, datetime
from typing import Any, cast

from local_aws.api import ApiError, Context, operation
from local_aws.services.states import requests as api
from local_aws.services.states.definition import check, diagnose
from local_aws.services.states.definition_diagnostics import answer
from local_aws.services.states.definition_problems import DefinitionError
from local_aws.services.states.jsontext import loads
from local_aws.services.states.models import Machine
from local_aws.services.states.paging import page
from local_aws.services.states.records import Records
from local_aws.services.states.variable_references import variable_references

#: https://docs.aws.amazon.com/step-functions/latest/apireference/API_CreateStateMachine.html
FORBIDDEN_IN_NAMES = re.compile(r"""[\s<>{}\[\]?*"#%\\^|~`$&,;:/\x00-\x1f\x7f-\x9f]""")
MAX_NAME = 80
MACHINE_ARN = re.compile(r"arn:aws[\w-]*:states:[\w-]+:\d{12}:stateMachine:.+")
DEFAULT_LOGGING: dict[str, Any] = {"level": "OFF", "includeExecutionData": False}
DEFAULT_TRACING: dict[str, Any] = {"enabled": False}


@operation("stepfunctions", "CreateStateMachine")
def create_state_machine(aws: Context, request: api.CreateStateMachineRequest) -> api.CreateStateMachineResponse:
    """Creating what exists already with the same definition and configuration answers as the first time."""
    check_name(request["name"])
    if request.get("type", "STANDARD") != "STANDARD":
        raise ApiError("StateMachineTypeNotSupported", "local_aws provides state machines of type STANDARD only")
    _refuse_publish(request.get("publish", False))
    _check_definition(request["definition"])
    records, arn = Records(aws.store), aws.arn("states", f"stateMachine:{request['name']}")
    logging = request.get("loggingConfiguration", DEFAULT_LOGGING)
    tracing = request.get("tracingConfiguration", DEFAULT_TRACING)
    with aws.store.transaction():
        existing = records.machine(arn)
        if existing is not None:
            same = (request["definition"], logging, tracing)
            if same != (existing["definition"], existing["logging"], existing["tracing"]):
                raise ApiError("StateMachineAlreadyExists", f"State Machine Already Exists: '{arn}'")
            return {"stateMachineArn": arn, "creationDate": existing["created"]}
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
        }
        records.save_machine(machine)
    return {"stateMachineArn": arn, "creationDate": now}


@operation("stepfunctions", "UpdateStateMachine")
def update_state_machine(aws: Context, request: api.UpdateStateMachineRequest) -> api.UpdateStateMachineResponse:
    """Running executions keep the definition that they started with."""
    if not any(field in request for field in ("definition", "roleArn", "loggingConfiguration", "tracingConfiguration")):
        raise ApiError(
            "MissingRequiredParameter", "Either the definition, the role ARN, or a configuration is required"
        )
    _refuse_publish(request.get("publish", False))
    if "definition" in request:
        _check_definition(request["definition"])
    revision = str(uuid.uuid4())
    with aws.store.transaction():
        machine = find_machine(aws, request["stateMachineArn"])
        machine["definition"] = request.get("definition", machine["definition"])
        machine["role"] = request.get("roleArn", machine["role"])
        machine["logging"] = request.get("loggingConfiguration", machine["logging"])
        machine["tracing"] = request.get("tracingConfiguration", machine["tracing"])
        machine.update({"updated": datetime.now(UTC), "revision": revision})
        Records(aws.store).save_machine(machine)
    return {"updateDate": machine["updated"], "revisionId": revision}


@operation("stepfunctions", "ValidateStateMachineDefinition")
def validate_state_machine_definition(
    aws: Context, request: api.ValidateStateMachineDefinitionRequest
) -> api.ValidateStateMachineDefinitionResponse:
    return answer(diagnose(request["definition"]), request.get("severity", "ERROR"), request.get("maxResults", 0))


@operation("stepfunctions", "DescribeStateMachine")
def describe_state_machine(aws: Context, request: api.StateMachineRequest) -> api.DescribeStateMachineResponse:
    machine = find_machine(aws, request["stateMachineArn"])
    described: api.DescribeStateMachineResponse = {
        "stateMachineArn": machine["arn"],
        "name": machine["name"],
        "status": "ACTIVE",
        "definition": machine["definition"],
        "roleArn": machine["role"],
        "type": "STANDARD",
        "creationDate": machine["created"],
        "loggingConfiguration": machine["logging"],
        "tracingConfiguration": machine["tracing"],
    }
    if machine["revision"] is not None:
        described["revisionId"] = machine["revision"]
    references = variable_references(loads(machine["definition"]))
    if references:
        described["variableReferences"] = references
    return described


@operation("stepfunctions", "ListStateMachines")
def list_state_machines(aws: Context, request: api.ListRequest) -> api.ListStateMachinesResponse:
    items: list[api.StateMachineItem] = [
        {
            "stateMachineArn": machine["arn"],
            "name": machine["name"],
            "type": "STANDARD",
            "creationDate": machine["created"],
        }
        for machine in Records(aws.store).machines()
    ]
    shown, token = page(items, "machines", request.get("maxResults"), request.get("nextToken"))
    return {"stateMachines": shown, "nextToken": token} if token else {"stateMachines": shown}


@operation("stepfunctions", "DeleteStateMachine")
def delete_state_machine(aws: Context, request: api.StateMachineRequest) -> api.Empty:
    """Its executions go on to their ends. Deleting what is not there is no error."""
    check_arn(request["stateMachineArn"], MACHINE_ARN)
    Records(aws.store).delete_machine(request["stateMachineArn"])
    return {}


@operation("stepfunctions", "TagResource")
def tag_resource(aws: Context, request: api.TagResourceRequest) -> api.Empty:
    with aws.store.transaction():
        machine = _tagged(aws, request["resourceArn"])
        tags = {tag["key"]: tag["value"] for tag in machine["tags"]}
        tags.update({tag["key"]: tag["value"] for tag in request["tags"]})
        machine["tags"] = [{"key": key, "value": value} for key, value in tags.items()]
        Records(aws.store).save_machine(machine)
    return {}


@operation("stepfunctions", "UntagResource")
def untag_resource(aws: Context, request: api.UntagResourceRequest) -> api.Empty:
    with aws.store.transaction():
        machine = _tagged(aws, request["resourceArn"])
        machine["tags"] = [tag for tag in machine["tags"] if tag["key"] not in request["tagKeys"]]
        Records(aws.store).save_machine(machine)
    return {}


@operation("stepfunctions", "ListTagsForResource")
def list_tags_for_resource(aws: Context, request: api.ResourceRequest) -> api.ListTagsForResourceResponse:
    return {"tags": cast("list[api.Tag]", _tagged(aws, request["resourceArn"])["tags"])}


def find_machine(aws: Context, arn: str) -> Machine:
    """Raises ``ApiError`` InvalidArn or StateMachineDoesNotExist."""
    check_arn(arn, MACHINE_ARN)
    machine = Records(aws.store).machine(arn)
    if machine is None:
        raise ApiError("StateMachineDoesNotExist", f"State Machine Does Not Exist: '{arn}'")
    return machine


def check_arn(arn: str, form: re.Pattern[str]) -> None:
    if not form.fullmatch(arn):
        raise ApiError("InvalidArn", f"Invalid Arn: 'Resource type not valid in this context: {arn}'")


def check_name(name: str) -> None:
    if not name or len(name) > MAX_NAME or FORBIDDEN_IN_NAMES.search(name):
        raise ApiError("InvalidName", f"Invalid Name: '{name}'")


def _check_definition(text: str) -> None:
    try:
        check(text)
    except DefinitionError as error:
        raise ApiError("InvalidDefinition", f"Invalid State Machine Definition: '{error}'") from error


def _refuse_publish(publish: bool) -> None:
    if publish:
        raise ApiError("ValidationException", "local_aws has no versions of state machines: leave publish out")


def _tagged(aws: Context, arn: str) -> Machine:
    machine = Records(aws.store).machine(arn)
    if machine is None:
        raise ApiError("ResourceNotFound", f"Resource not found: '{arn}'")
    return machine
