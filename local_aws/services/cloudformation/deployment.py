"""Carrying out a stack: make what is missing, update what changed, remove what is gone, go back on failure."""

from __future__ import annotations

import hashlib
import json
import logging
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local_aws.api import ApiError, Context
from local_aws.services.cloudformation import stacks
from local_aws.services.cloudformation.graph import creation_order
from local_aws.services.cloudformation.intrinsics import Scope, resolve
from local_aws.services.cloudformation.parameters import resolved_values
from local_aws.services.cloudformation.resources import TYPES, Site
from local_aws.services.cloudformation.template import Template, parse_template

logger = logging.getLogger(__name__)

NOT_ENFORCED = "Accepted; not enforced by local_aws"
KEPT_AS_IT_IS = "local_aws does not update resources of this type; it stays as it is"


class ResourceFailedError(Exception):
    """A resource could not be made or changed; the stack goes back."""


def create(aws: Context, stack: dict[str, Any]) -> None:
    stacks.set_status(aws, stack, "CREATE_IN_PROGRESS", "User Initiated")
    try:
        _apply(aws, stack)
    except ResourceFailedError as error:
        fail_create(aws, stack, str(error))
    else:
        stacks.set_status(aws, stack, "CREATE_COMPLETE")


def update(aws: Context, stack: dict[str, Any]) -> None:
    stacks.set_status(aws, stack, "UPDATE_IN_PROGRESS", "User Initiated")
    try:
        _apply(aws, stack)
    except ResourceFailedError as error:
        go_back(aws, stack, str(error))
        return
    stacks.set_status(aws, stack, "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")
    wanted = _wanted(*_template_and_scope(aws, stack))
    _remove(aws, stack, [name for name in stack["Resources"] if name not in wanted])
    stack["Previous"] = None
    stacks.set_status(aws, stack, "UPDATE_COMPLETE")


def delete(aws: Context, stack: dict[str, Any]) -> None:
    stacks.set_status(aws, stack, "DELETE_IN_PROGRESS", "User Initiated")
    failed = _remove(aws, stack, list(stack["Resources"]))
    if failed:
        stacks.set_status(aws, stack, "DELETE_FAILED", f"The following resource(s) failed to delete: {failed}. ")
        return
    stacks.set_status(aws, stack, "DELETE_COMPLETE")
    with aws.store.transaction():
        aws.store.delete(stacks.KIND, stack["StackName"])
        aws.store.put(stacks.DELETED_KIND, stack["StackId"], stack)


def go_back(aws: Context, stack: dict[str, Any], reason: str) -> None:
    """Undo a failed update: remove what is new, apply the previous template again."""
    stacks.set_status(aws, stack, "UPDATE_ROLLBACK_IN_PROGRESS", reason)
    previous = stack["Previous"]
    stack.update(TemplateBody=previous["TemplateBody"], ParameterValues=previous["ParameterValues"])
    try:
        _apply(aws, stack)
    except ResourceFailedError as error:
        stacks.set_status(aws, stack, "UPDATE_ROLLBACK_FAILED", str(error))
        return
    wanted = _wanted(*_template_and_scope(aws, stack))
    _remove(aws, stack, [name for name in stack["Resources"] if name not in wanted])
    stack["Previous"] = None
    stacks.set_status(aws, stack, "UPDATE_ROLLBACK_COMPLETE", reason)


def fail_create(aws: Context, stack: dict[str, Any], reason: str) -> None:
    """Undo a failed creation, unless the caller asked to keep what was made."""
    if stack["DisableRollback"]:
        stacks.set_status(aws, stack, "CREATE_FAILED", reason)
        return
    stacks.set_status(aws, stack, "ROLLBACK_IN_PROGRESS", f"{reason} Rollback requested by user.")
    failed = _remove(aws, stack, list(stack["Resources"]))
    stacks.set_status(aws, stack, "ROLLBACK_FAILED" if failed else "ROLLBACK_COMPLETE", reason)


def _apply(aws: Context, stack: dict[str, Any]) -> None:
    """Make or change every wanted resource, then work out the outputs."""
    try:
        template, scope = _template_and_scope(aws, stack)
        order = creation_order(template, _wanted(template, scope))
    except (ApiError, ClientError) as error:
        raise ResourceFailedError(_message(error)) from error
    for name in order:
        try:
            _apply_resource(aws, stack, name, template.resources[name], scope)
        except Exception as error:
            reason = _reason(name, error)
            verb = "UPDATE" if stack["Resources"].get(name, {}).get("PhysicalResourceId") else "CREATE"
            kind = template.resources[name]["Type"]
            stacks.set_resource(aws, stack, name, f"{verb}_FAILED", reason, ResourceType=kind)
            raise ResourceFailedError(
                f"The following resource(s) failed to {verb.lower()}: [{name}]. {reason}"
            ) from error
    try:
        stack["Outputs"] = _outputs(template, scope)
    except ApiError as error:
        raise ResourceFailedError(_message(error)) from error


def _apply_resource(aws: Context, stack: dict[str, Any], name: str, resource: dict[str, Any], scope: Scope) -> None:
    kind = TYPES[resource["Type"]]
    properties = resolve(resource.get("Properties", {}), scope)
    kind.check(properties)
    site = Site(aws, stack["StackName"], name)
    present = stack["Resources"].get(name, {})
    digest = hashlib.sha256(json.dumps(properties, sort_keys=True).encode()).hexdigest()
    reason = NOT_ENFORCED if kind.policy_only else None
    if not present.get("PhysicalResourceId"):
        stacks.set_resource(aws, stack, name, "CREATE_IN_PROGRESS", ResourceType=kind.name)
        made = kind.create(site, properties)
        status = "CREATE_COMPLETE"
    elif present["Digest"] != digest:
        stacks.set_resource(aws, stack, name, "UPDATE_IN_PROGRESS")
        status = "UPDATE_COMPLETE"
        if kind.update is None:
            stacks.set_resource(aws, stack, name, status, reason or KEPT_AS_IT_IS, Digest=digest)
            _learn(scope, name, present["PhysicalResourceId"], present["Attributes"])
            return
        made = kind.update(site, present["PhysicalResourceId"], properties)
    else:
        _learn(scope, name, present["PhysicalResourceId"], present["Attributes"])
        return
    _learn(scope, name, made.physical_id, made.attributes)
    stacks.set_resource(
        aws,
        stack,
        name,
        status,
        reason,
        PhysicalResourceId=made.physical_id,
        Attributes=made.attributes,
        Digest=digest,
    )


def _learn(scope: Scope, name: str, physical_id: str, attributes: dict[str, Any]) -> None:
    scope.physical_ids[name] = physical_id
    scope.attributes[name] = attributes


def _template_and_scope(aws: Context, stack: dict[str, Any]) -> tuple[Template, Scope]:
    template = parse_template(stack["TemplateBody"])
    pseudo = {
        "AWS::AccountId": aws.account,
        "AWS::Region": aws.region,
        "AWS::Partition": "aws",
        "AWS::URLSuffix": "amazonaws.com",
        "AWS::StackName": stack["StackName"],
        "AWS::StackId": stack["StackId"],
        "AWS::NotificationARNs": stack["NotificationARNs"],
    }
    parameters = resolved_values(aws, template.parameters, stack["ParameterValues"])
    scope = Scope(parameters, pseudo, template.mappings, template.conditions, frozenset(template.resources))
    return template, scope


def _wanted(template: Template, scope: Scope) -> list[str]:
    """The resources whose condition holds."""
    return [
        name
        for name, resource in template.resources.items()
        if "Condition" not in resource or scope.condition(resource["Condition"])
    ]


def _outputs(template: Template, scope: Scope) -> list[dict[str, Any]]:
    outputs = []
    for name, output in template.outputs.items():
        if "Condition" in output and not scope.condition(output["Condition"]):
            continue
        made = {"OutputKey": name, "OutputValue": str(resolve(output["Value"], scope))}
        if "Description" in output:
            made["Description"] = output["Description"]
        if "Export" in output:
            made["ExportName"] = str(resolve(output["Export"]["Name"], scope))
        outputs.append(made)
    return outputs


def _remove(aws: Context, stack: dict[str, Any], names: list[str]) -> list[str]:
    """Delete resources, the newest first; returns the names of those that could not be deleted."""
    failed = []
    for name in sorted(names, key=list(stack["Resources"]).index, reverse=True):
        resource = stack["Resources"][name]
        kind = TYPES[resource["ResourceType"]]
        if not resource["PhysicalResourceId"]:
            del stack["Resources"][name]  # it was never made
            continue
        stacks.set_resource(aws, stack, name, "DELETE_IN_PROGRESS")
        try:
            if kind.delete is not None:
                kind.delete(Site(aws, stack["StackName"], name), resource["PhysicalResourceId"])
        except (ApiError, ClientError, BotoCoreError) as error:
            failed.append(name)
            stacks.set_resource(aws, stack, name, "DELETE_FAILED", _message(error))
            continue
        stacks.set_resource(aws, stack, name, "DELETE_COMPLETE")
        del stack["Resources"][name]
    stacks.save(aws, stack)
    return failed


def _reason(name: str, error: Exception) -> str:
    """Why a resource failed, for its event; what only a programming error explains goes to the log."""
    if isinstance(error, KeyError):
        return f"Property {error} is missing"
    if not isinstance(error, ApiError | ClientError | BotoCoreError | ValueError | TypeError):
        logger.error("resource %s failed", name, exc_info=error)
    return _message(error)


def _message(error: Exception) -> str:
    if isinstance(error, ClientError):
        details = error.response["Error"]
        return f"{details.get('Message')} (Service: {error.operation_name}; Error Code: {details.get('Code')})"
    return error.message if isinstance(error, ApiError) else str(error)
