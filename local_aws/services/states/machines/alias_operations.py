"""The operations on aliases: names that send new executions to one or two versions of a machine.

https://docs.aws.amazon.com/step-functions/latest/dg/concepts-state-machine-alias.html; messages are recorded behaviour.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from local_aws.api import ApiError, Context, operation
from local_aws.services.states.machines import version_requests as api
from local_aws.services.states.machines.machine_checks import check_arn
from local_aws.services.states.machines.machine_references import (
    MACHINE_ARN,
    changeable_machine,
    find_machine,
    machine_part,
    version_number,
)
from local_aws.services.states.models import Alias, Route
from local_aws.services.states.paging import page
from local_aws.services.states.records import Records
from local_aws.services.states.requests import Empty

MAX_ALIASES = 100
WHOLE = 100


@operation("stepfunctions", "CreateStateMachineAlias")
def create_state_machine_alias(aws: Context, request: api.CreateAliasRequest) -> api.CreateAliasResponse:
    """Creating what exists already with the same description and routes answers as the first time."""
    routes, description = request["routingConfiguration"], request.get("description")
    with aws.store.transaction():
        records = Records(aws.store)
        machine = _routed_machine(aws, routes)
        arn = f"{machine}:{request['name']}"
        existing = records.alias(arn)
        if existing is not None:
            if (existing["routes"], existing["description"]) != (routes, description):
                raise ApiError(
                    "ConflictException",
                    "Failed to create alias because an alias with the same name and a different routing "
                    "configuration already exists.",
                    409,
                )
            return {"stateMachineAliasArn": arn, "creationDate": existing["created"]}
        if len(records.aliases(machine)) >= MAX_ALIASES:
            message = f"A state machine may have {MAX_ALIASES} aliases: delete some first"
            raise ApiError("ServiceQuotaExceededException", message, 402)
        now = datetime.now(UTC)
        alias: Alias = {
            "arn": arn,
            "name": request["name"],
            "machine": machine,
            "description": description,
            "routes": routes,
            "created": now,
            "updated": now,
        }
        records.save_alias(alias)
    return {"stateMachineAliasArn": arn, "creationDate": now}


@operation("stepfunctions", "UpdateStateMachineAlias")
def update_state_machine_alias(aws: Context, request: api.UpdateAliasRequest) -> api.UpdateAliasResponse:
    if "description" not in request and "routingConfiguration" not in request:
        message = "Either the description or the routing configuration of the alias is required"
        raise ApiError("ValidationException", message)
    with aws.store.transaction():
        alias = _find(aws, request["stateMachineAliasArn"])
        changeable_machine(aws, alias["machine"])
        if "routingConfiguration" in request:
            routes = request["routingConfiguration"]
            if _routed_machine(aws, routes) != alias["machine"]:
                raise _of_one_machine(routes)
            alias["routes"] = routes
        alias["description"] = request.get("description", alias["description"])
        alias["updated"] = datetime.now(UTC)
        Records(aws.store).save_alias(alias)
    return {"updateDate": alias["updated"]}


@operation("stepfunctions", "DescribeStateMachineAlias")
def describe_state_machine_alias(aws: Context, request: api.AliasRequest) -> api.DescribeAliasResponse:
    alias = _find(aws, request["stateMachineAliasArn"])
    described: api.DescribeAliasResponse = {
        "stateMachineAliasArn": alias["arn"],
        "name": alias["name"],
        "routingConfiguration": alias["routes"],
        "creationDate": alias["created"],
        "updateDate": alias["updated"],
    }
    if alias["description"] is not None:
        described["description"] = alias["description"]
    return described


@operation("stepfunctions", "ListStateMachineAliases")
def list_state_machine_aliases(aws: Context, request: api.ListAliasesRequest) -> api.ListAliasesResponse:
    """Aliases of a machine, or those that route to a version; in the order of their creation, as recorded."""
    arn = request["stateMachineArn"]
    machine = find_machine(aws, machine_part(arn))
    version = arn if version_number(arn) is not None else None
    if version is not None and Records(aws.store).version(version) is None:
        raise _not_found()
    items: list[api.AliasItem] = [
        {"stateMachineAliasArn": alias["arn"], "creationDate": alias["created"]}
        for alias in Records(aws.store).aliases(machine["arn"])
        if version is None or version in [route["stateMachineVersionArn"] for route in alias["routes"]]
    ]
    shown, token = page(items, f"aliases {arn}", request.get("maxResults"), request.get("nextToken"))
    return {"stateMachineAliases": shown, "nextToken": token} if token else {"stateMachineAliases": shown}


@operation("stepfunctions", "DeleteStateMachineAlias")
def delete_state_machine_alias(aws: Context, request: api.AliasRequest) -> Empty:
    """Its versions stay. Deleting what is not there is no error (recorded behaviour)."""
    check_arn(request["stateMachineAliasArn"], MACHINE_ARN)
    Records(aws.store).delete_alias(request["stateMachineAliasArn"])
    return {}


def _find(aws: Context, arn: str) -> Alias:
    check_arn(arn, MACHINE_ARN)
    alias = Records(aws.store).alias(arn)
    if alias is None:
        raise _not_found()
    return alias


def _not_found() -> ApiError:
    return ApiError("ResourceNotFound", "Request references a resource that does not exist.")


def _routed_machine(aws: Context, routes: Sequence[Route]) -> str:
    """The machine of the routes' versions. Raises ``ApiError`` for routes that an alias cannot have."""
    arns = [route["stateMachineVersionArn"] for route in routes]
    received = f"Received: [{', '.join(arns)}]"
    for arn in arns:
        check_arn(arn, MACHINE_ARN)
    if any(version_number(arn) is None for arn in arns):
        message = f"Routing configuration must contain state machine version ARNs. {received}"
        raise ApiError("ValidationException", message)
    if len(set(arns)) != len(arns):
        message = f"Routing configuration must contain distinct state machine version ARNs. {received}"
        raise ApiError("ValidationException", message)
    weights = [route["weight"] for route in routes]
    if sum(weights) != WHOLE:
        message = f"Sum of routing configuration weights must equal {WHOLE}. Received: {weights}"
        raise ApiError("ValidationException", message)
    if len({machine_part(arn) for arn in arns}) != 1:
        raise _of_one_machine(routes)
    records = Records(aws.store)
    if any(records.version(arn) is None for arn in arns):
        raise _not_found()
    return changeable_machine(aws, machine_part(arns[0]))["arn"]


def _of_one_machine(routes: Sequence[Route]) -> ApiError:
    arns = ", ".join(route["stateMachineVersionArn"] for route in routes)
    message = f"Routing configuration must contain versions of the alias's own state machine. Received: [{arns}]"
    return ApiError("ValidationException", message)
