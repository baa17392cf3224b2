"""What belongs to state machines: activities, versions and aliases."""

from __future__ import annotations

from typing import Any

from local_aws.api import ApiError
from local_aws.services.cloudformation.resources.registry import (
    Created,
    Properties,
    Site,
    creates,
    deletes,
    tags,
    updates,
)

AT_ONCE = "ALL_AT_ONCE"


@creates("AWS::StepFunctions::Activity", properties=("Name",))
def create_activity(site: Site, properties: Properties) -> Created:
    own = [{"key": key, "value": value} for key, value in tags(properties).items()]
    name = properties["Name"]
    arn = site.client("stepfunctions").create_activity(name=name, tags=own)["activityArn"]
    return Created(arn, {"Arn": arn, "Name": name})


@deletes("AWS::StepFunctions::Activity")
def delete_activity(site: Site, physical_id: str) -> None:
    site.client("stepfunctions").delete_activity(activityArn=physical_id)


@creates(
    "AWS::StepFunctions::StateMachineVersion", properties=("StateMachineArn", "Description", "StateMachineRevisionId")
)
def create_version(site: Site, properties: Properties) -> Created:
    request = {"stateMachineArn": properties["StateMachineArn"]}
    if "Description" in properties:
        request["description"] = properties["Description"]
    if "StateMachineRevisionId" in properties:
        request["revisionId"] = properties["StateMachineRevisionId"]
    arn = site.client("stepfunctions").publish_state_machine_version(**request)["stateMachineVersionArn"]
    return Created(arn, {"Arn": arn})


@deletes("AWS::StepFunctions::StateMachineVersion")
def delete_version(site: Site, physical_id: str) -> None:
    site.client("stepfunctions").delete_state_machine_version(stateMachineVersionArn=physical_id)


@creates(
    "AWS::StepFunctions::StateMachineAlias",
    properties=("Name", "Description", "RoutingConfiguration", "DeploymentPreference"),
)
def create_alias(site: Site, properties: Properties) -> Created:
    routes = _routes(properties)
    name = properties.get("Name") or site.generated_name(80)
    answer = site.client("stepfunctions").create_state_machine_alias(name=name, **routes)
    return Created(answer["stateMachineAliasArn"], {"Arn": answer["stateMachineAliasArn"]})


@updates("AWS::StepFunctions::StateMachineAlias")
def update_alias(site: Site, physical_id: str, properties: Properties) -> Created:
    site.client("stepfunctions").update_state_machine_alias(stateMachineAliasArn=physical_id, **_routes(properties))
    return Created(physical_id, {"Arn": physical_id})


@deletes("AWS::StepFunctions::StateMachineAlias")
def delete_alias(site: Site, physical_id: str) -> None:
    site.client("stepfunctions").delete_state_machine_alias(stateMachineAliasArn=physical_id)


def _routes(properties: Properties) -> dict[str, Any]:
    """Gradual deployments (LINEAR, CANARY) are not made here."""
    preference = properties.get("DeploymentPreference")
    if preference is not None and (preference["Type"] != AT_ONCE or preference.get("Alarms")):
        raise ApiError("ValidationError", f"DeploymentPreference here is of Type {AT_ONCE}, without Alarms")
    if preference is not None:
        routes = [{"stateMachineVersionArn": preference["StateMachineVersionArn"], "weight": 100}]
    else:
        routes = [
            {"stateMachineVersionArn": each["StateMachineVersionArn"], "weight": int(each["Weight"])}
            for each in properties["RoutingConfiguration"]
        ]
    description = {"description": properties["Description"]} if "Description" in properties else {}
    return {"routingConfiguration": routes, **description}
