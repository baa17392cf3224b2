"""The CloudFormation API."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any
from urllib.parse import urlparse

from botocore.exceptions import ClientError

from local_aws.api import ApiError, Context, operation
from local_aws.services.cloudformation import deployment, stacks
from local_aws.services.cloudformation.graph import creation_order
from local_aws.services.cloudformation.parameters import parameter_values
from local_aws.services.cloudformation.resources import TYPES
from local_aws.services.cloudformation.template import Template, parse_template
from local_aws.services.pages import numbered_page

UPDATABLE = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE")
IAM_TYPES = "AWS::IAM::"
PAGE = 100


@operation("cloudformation", "CreateStack")
def create_stack(aws: Context, request: dict[str, Any]) -> dict[str, Any]:
    name = request["StackName"]
    existing = aws.store.get(stacks.KIND, name)
    if existing is not None:
        raise ApiError("AlreadyExistsException", f"Stack [{name}] already exists")
    request = {**request, "TemplateBody": _template_text(aws, request, None)}
    template = _checked(request["TemplateBody"], request)
    values = parameter_values(template.parameters, request.get("Parameters", []), {})
    stack = stacks.new_stack(aws, name, request, values)
    stacks.save(aws, stack)
    _in_background(deployment.create, aws, stack)
    return {"StackId": stack["StackId"]}


@operation("cloudformation", "UpdateStack")
def update_stack(aws: Context, request: dict[str, Any]) -> dict[str, Any]:
    stack = stacks.find(aws, request["StackName"])
    if stack["StackStatus"] not in UPDATABLE:
        raise ApiError(
            "ValidationError",
            f"Stack:{stack['StackId']} is in {stack['StackStatus']} state and can not be updated.",
        )
    text = _template_text(aws, request, stack)
    template = _checked(text, request)
    values = parameter_values(template.parameters, request.get("Parameters", []), stack["ParameterValues"])
    if (text, values) == (stack["TemplateBody"], stack["ParameterValues"]):
        raise ApiError("ValidationError", "No updates are to be performed.")
    stack["Previous"] = {key: stack[key] for key in ("TemplateBody", "ParameterValues")}
    stack.update(TemplateBody=text, ParameterValues=values, StackStatus="UPDATE_IN_PROGRESS")
    stacks.save(aws, stack)
    _in_background(deployment.update, aws, stack)
    return {"StackId": stack["StackId"]}


@operation("cloudformation", "DeleteStack")
def delete_stack(aws: Context, request: dict[str, Any]) -> None:
    try:
        stack = stacks.find(aws, request["StackName"])
    except ApiError:
        return  # deleting what does not exist succeeds
    if stack["StackStatus"] == "DELETE_COMPLETE":
        return
    if stack["StackStatus"].endswith("_IN_PROGRESS"):
        raise ApiError(
            "ValidationError", f"Stack [{stack['StackName']}] cannot be deleted while in status {stack['StackStatus']}"
        )
    stack["StackStatus"] = "DELETE_IN_PROGRESS"
    stacks.save(aws, stack)
    _in_background(deployment.delete, aws, stack)


@operation("cloudformation", "DescribeStacks")
def describe_stacks(aws: Context, request: dict[str, Any]) -> dict[str, Any]:
    if "StackName" in request:
        return {"Stacks": [stacks.described(stacks.find(aws, request["StackName"]))]}
    every = [stacks.described(stack) for _, stack in aws.store.list(stacks.KIND)]
    return _page("Stacks", every, request)


@operation("cloudformation", "ListStacks")
def list_stacks(aws: Context, request: dict[str, Any]) -> dict[str, Any]:
    every = [stack for kind in (stacks.KIND, stacks.DELETED_KIND) for _, stack in aws.store.list(kind)]
    wanted = request.get("StackStatusFilter")
    fitting = [stack for stack in every if not wanted or stack["StackStatus"] in wanted]
    return _page("StackSummaries", fitting, request)


@operation("cloudformation", "DescribeStackEvents")
def describe_stack_events(aws: Context, request: dict[str, Any]) -> dict[str, Any]:
    """Newest first, as AWS does."""
    stack = stacks.find(aws, request["StackName"])
    events = [event for _, event in reversed(aws.store.read(stacks.events_of(stack)))]
    return _page("StackEvents", events, request)


@operation("cloudformation", "DescribeStackResources")
def describe_stack_resources(aws: Context, request: dict[str, Any]) -> dict[str, Any]:
    if "StackName" not in request:
        raise ApiError("ValidationError", "StackName must be given on this server")
    resources = stacks.described_resources(stacks.find(aws, request["StackName"]))
    wanted = request.get("LogicalResourceId")
    return {"StackResources": [each for each in resources if wanted in (None, each["LogicalResourceId"])]}


@operation("cloudformation", "DescribeStackResource")
def describe_stack_resource(aws: Context, request: dict[str, Any]) -> dict[str, Any]:
    for each in stacks.described_resources(stacks.find(aws, request["StackName"])):
        if each["LogicalResourceId"] == request["LogicalResourceId"]:
            return {"StackResourceDetail": each}
    raise ApiError(
        "ValidationError", f"Resource {request['LogicalResourceId']} does not exist for stack {request['StackName']}"
    )


@operation("cloudformation", "ListStackResources")
def list_stack_resources(aws: Context, request: dict[str, Any]) -> dict[str, Any]:
    resources = stacks.described_resources(stacks.find(aws, request["StackName"]))
    return _page("StackResourceSummaries", resources, request)


@operation("cloudformation", "GetTemplate")
def get_template(aws: Context, request: dict[str, Any]) -> dict[str, Any]:
    return {"TemplateBody": stacks.find(aws, request["StackName"])["TemplateBody"], "StagesAvailable": ["Original"]}


@operation("cloudformation", "ValidateTemplate")
def validate_template(aws: Context, request: dict[str, Any]) -> dict[str, Any]:
    template = _checked(_template_text(aws, request, None), {"Capabilities": ["CAPABILITY_NAMED_IAM"]})
    return {
        "Description": template.description,
        "Parameters": [
            {
                "ParameterKey": name,
                "DefaultValue": None if "Default" not in each else str(each["Default"]),
                "NoEcho": bool(each.get("NoEcho", False)),
                "Description": each.get("Description"),
            }
            for name, each in template.parameters.items()
        ],
    }


def _checked(text: str, request: dict[str, Any]) -> Template:
    """The template, refused at once where AWS refuses before it makes anything."""
    template = parse_template(text)
    types = {resource["Type"] for resource in template.resources.values()}
    unknown = sorted(types - set(TYPES))
    if unknown:
        raise ApiError(
            "ValidationError",
            f"Template format error: Unrecognized resource types: {unknown} (not provided by local_aws, and not listed "
            "as policy-only)",
        )
    creation_order(template, list(template.resources))
    if any(each.startswith(IAM_TYPES) for each in types) and not request.get("Capabilities"):
        raise ApiError("InsufficientCapabilitiesException", "Requires capabilities : [CAPABILITY_NAMED_IAM]")
    return template


def _template_text(aws: Context, request: dict[str, Any], stack: dict[str, Any] | None) -> str:
    if request.get("TemplateBody"):
        return str(request["TemplateBody"])
    if request.get("UsePreviousTemplate") and stack is not None:
        return str(stack["TemplateBody"])
    if not request.get("TemplateURL"):
        raise ApiError("ValidationError", "Either Template URL or Template Body must be specified.")
    url = urlparse(request["TemplateURL"])
    host, path = url.hostname or "", url.path.lstrip("/")
    if ".s3" in host:
        bucket, key = host.split(".s3", 1)[0], path
    else:
        bucket, _, key = path.partition("/")
    try:
        return str(aws.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read().decode())
    except ClientError as error:
        raise ApiError("ValidationError", f"S3 error: {error.response['Error']['Message']}") from error


def _page(name: str, items: list[dict[str, Any]], request: dict[str, Any]) -> dict[str, Any]:
    refusal = ApiError("ValidationError", "NextToken is not one that this API gave")
    chosen, more = numbered_page(items, request, PAGE, refusal)
    return {name: chosen, **more}


def _in_background(function: Callable[..., None], aws: Context, stack: dict[str, Any], *more: str) -> None:
    name = f"stack-{stack['StackName']}"
    threading.Thread(target=function, args=(aws, stack, *more), name=name, daemon=True).start()


def resume(context: Context) -> None:
    """Finish what a stopped server left half done: a deletion goes on, anything else goes back."""
    interrupted = "local_aws was stopped meanwhile"
    for _, stack in context.store.list(stacks.KIND):
        status = stack["StackStatus"]
        if not status.endswith("_IN_PROGRESS"):
            continue
        if status == "DELETE_IN_PROGRESS":
            _in_background(deployment.delete, context, stack)
        elif stack["Previous"] is not None:
            _in_background(deployment.go_back, context, stack, interrupted)
        else:
            _in_background(deployment.fail_create, context, stack, interrupted)
