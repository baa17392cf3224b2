"""Stacks as they are stored, their events, and how the API tells of them."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

from local_aws.api import ApiError, Context
from local_aws.services.cloudformation.parameters import shown
from local_aws.services.cloudformation.template import parse_template

KIND = "cloudformation_stack"
DELETED_KIND = "cloudformation_deleted_stack"
STACK_TYPE = "AWS::CloudFormation::Stack"


def new_stack(aws: Context, name: str, request: dict[str, Any], values: dict[str, str]) -> dict[str, Any]:
    identifier = aws.arn("cloudformation", f"stack/{name}/{uuid.uuid4()}")
    return {
        "StackId": identifier,
        "StackName": name,
        "StackStatus": "CREATE_IN_PROGRESS",
        "CreationTime": datetime.now(UTC),
        "Capabilities": request.get("Capabilities", []),
        "NotificationARNs": request.get("NotificationARNs", []),
        "Tags": request.get("Tags", []),
        "DisableRollback": bool(request.get("DisableRollback")) or request.get("OnFailure") == "DO_NOTHING",
        "RoleARN": request.get("RoleARN"),
        "TemplateBody": request["TemplateBody"],
        "ParameterValues": values,
        "Resources": {},
        "Outputs": [],
        # The template and values to go back to when an update fails.
        "Previous": None,
    }


def find(aws: Context, name_or_id: str) -> dict[str, Any]:
    """A stack by its name, or by its id even after it was deleted."""
    stack = aws.store.get(KIND, name_or_id)
    if stack is None:
        known = [each for kind in (KIND, DELETED_KIND) for _, each in aws.store.list(kind)]
        stack = next((each for each in known if each["StackId"] == name_or_id), None)
    if stack is None:
        raise ApiError("ValidationError", f"Stack with id {name_or_id} does not exist")
    return stack


def save(aws: Context, stack: dict[str, Any]) -> None:
    aws.store.put(KIND, stack["StackName"], stack)


def set_status(aws: Context, stack: dict[str, Any], status: str, reason: str | None = None) -> None:
    """Change the stack's status and record the event."""
    stack["StackStatus"] = status
    stack["StackStatusReason"] = reason
    if status != "CREATE_IN_PROGRESS":
        stack["LastUpdatedTime"] = datetime.now(UTC)
    with aws.store.transaction():
        save(aws, stack)
        add_event(aws, stack, stack["StackName"], stack["StackId"], STACK_TYPE, status, reason)


def set_resource(
    aws: Context, stack: dict[str, Any], logical_id: str, status: str, reason: str | None = None, **changes: Any
) -> None:
    """Change a resource of the stack and record the event."""
    resource = stack["Resources"].setdefault(logical_id, {"PhysicalResourceId": "", "Attributes": {}})
    resource.update(changes, ResourceStatus=status, ResourceStatusReason=reason, Timestamp=datetime.now(UTC))
    with aws.store.transaction():
        save(aws, stack)
        add_event(aws, stack, logical_id, resource["PhysicalResourceId"], resource["ResourceType"], status, reason)


def add_event(
    aws: Context, stack: dict[str, Any], logical_id: str, physical_id: str, kind: str, status: str, reason: str | None
) -> None:
    aws.store.append(
        events_of(stack),
        {
            "StackId": stack["StackId"],
            "EventId": f"{logical_id}-{status}-{uuid.uuid4()}",
            "StackName": stack["StackName"],
            "LogicalResourceId": logical_id,
            "PhysicalResourceId": physical_id,
            "ResourceType": kind,
            "Timestamp": datetime.now(UTC),
            "ResourceStatus": status,
            "ResourceStatusReason": reason,
        },
    )


def events_of(stack: dict[str, Any]) -> str:
    return f"cloudformation/{stack['StackId']}"


def described(stack: dict[str, Any]) -> dict[str, Any]:
    """A stack as DescribeStacks tells it."""
    template = parse_template(stack["TemplateBody"])
    kept = ("Resources", "ParameterValues", "TemplateBody", "Previous")
    return {
        **{key: value for key, value in stack.items() if key not in kept},
        "Description": template.description,
        "Parameters": shown(template.parameters, stack["ParameterValues"]),
    }


def described_resources(stack: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "StackName": stack["StackName"],
            "StackId": stack["StackId"],
            "LogicalResourceId": name,
            "LastUpdatedTimestamp": resource["Timestamp"],
            **{key: value for key, value in resource.items() if key not in ("Attributes", "Digest")},
        }
        for name, resource in stack["Resources"].items()
    ]
