"""The operations on versions of state machines."""

from __future__ import annotations

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
from local_aws.services.states.machines.versions import publish
from local_aws.services.states.paging import page
from local_aws.services.states.records import Records
from local_aws.services.states.requests import Empty


@operation("stepfunctions", "PublishStateMachineVersion")
def publish_state_machine_version(aws: Context, request: api.PublishVersionRequest) -> api.PublishVersionResponse:
    """Publishing a revision twice answers with the version that exists."""
    with aws.store.transaction():
        machine = changeable_machine(aws, request["stateMachineArn"])
        version = publish(Records(aws.store), machine, request.get("description"), request.get("revisionId"))
    return {"stateMachineVersionArn": version["arn"], "creationDate": version["created"]}


@operation("stepfunctions", "ListStateMachineVersions")
def list_state_machine_versions(aws: Context, request: api.ListVersionsRequest) -> api.ListVersionsResponse:
    """The newest first."""
    machine = find_machine(aws, request["stateMachineArn"])
    items: list[api.VersionItem] = [
        {"stateMachineVersionArn": version["arn"], "creationDate": version["created"]}
        for version in reversed(Records(aws.store).versions(machine["arn"]))
    ]
    subject = f"versions {machine['arn']}"
    shown, token = page(items, subject, request.get("maxResults"), request.get("nextToken"))
    return {"stateMachineVersions": shown, "nextToken": token} if token else {"stateMachineVersions": shown}


@operation("stepfunctions", "DeleteStateMachineVersion")
def delete_state_machine_version(aws: Context, request: api.VersionRequest) -> Empty:
    """Its executions go on. Deleting what is not there is no error; one that an alias names is refused."""
    arn = request["stateMachineVersionArn"]
    check_arn(arn, MACHINE_ARN)
    if version_number(arn) is None:
        raise ApiError("ValidationException", f"The ARN of a state machine version is wanted here: '{arn}'")
    with aws.store.transaction():
        records = Records(aws.store)
        holders = [
            alias["name"]
            for alias in records.aliases(machine_part(arn))
            if arn in [route["stateMachineVersionArn"] for route in alias["routes"]]
        ]
        if holders:
            raise ApiError(
                "ConflictException",
                "Version to be deleted must not be referenced by an alias. "
                f"Current list of aliases referencing this version: [{', '.join(holders)}]",
                409,
            )
        records.delete_version(arn)
    return {}
