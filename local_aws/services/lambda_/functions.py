"""Functions: create, update, read, delete, and who may invoke them."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from typing import Any

from local_aws.api import ApiError, Context, operation
from local_aws.services.lambda_ import code, model, published, requests
from local_aws.services.lambda_.pool import pool_of
from local_aws.services.pages import numbered_page

#: What CreateFunction and UpdateFunctionConfiguration may set, and what it is when nobody does.
DEFAULTS: dict[str, Any] = {
    "Description": "",
    "Timeout": model.DEFAULT_TIMEOUT_SECONDS,
    "MemorySize": model.DEFAULT_MEMORY_MB,
    "Runtime": None,
    "Handler": None,
    "Role": None,
    "Environment": None,
    "LoggingConfig": None,
    "DeadLetterConfig": None,
    "TracingConfig": {"Mode": "PassThrough"},
    "EphemeralStorage": {"Size": 512},
    "KMSKeyArn": None,
}
PYTHON_RUNTIME = "python3."


@operation("lambda", "CreateFunction")
def create_function(aws: Context, request: dict[str, Any]) -> dict[str, Any]:
    name = model.name_of(request["FunctionName"])
    arn = model.arn_of(aws, name)
    if aws.store.get(model.KIND, name) is not None:
        raise ApiError("ResourceConflictException", f"Function already exist: {name}", 409)
    _check_runtime(request.get("Runtime"))
    if not request.get("Handler"):
        raise ApiError("InvalidParameterValueException", "Handler is mandatory for functions from a zip archive")
    stored = code.store_code(aws, request["Code"])
    settings = {key: request.get(key, default) for key, default in DEFAULTS.items()}
    group = (settings["LoggingConfig"] or {}).get("LogGroup", f"/aws/lambda/{name}")
    settings["LoggingConfig"] = {"LogFormat": "Text", **(settings["LoggingConfig"] or {}), "LogGroup": group}
    function = {
        "configuration": {
            "FunctionName": name,
            "FunctionArn": arn,
            "PackageType": "Zip",
            "Architectures": request.get("Architectures", ["x86_64"]),
            **settings,
        },
        "tags": request.get("Tags", {}),
        "policy": [],
    }
    _set_code(function, stored)
    _save(aws, function)
    return model.configuration(published.publish(aws, function) if request.get("Publish") else function)


@operation("lambda", "UpdateFunctionCode")
def update_function_code(aws: Context, request: dict[str, Any]) -> dict[str, Any]:
    function = model.find(aws, request["FunctionName"])
    _check_revision(function, request)
    stored = code.store_code(aws, request)
    if not request.get("DryRun"):
        _set_code(function, stored)
        _save(aws, function)
        if request.get("Publish"):
            function = published.publish(aws, function)
    return model.configuration(function)


@operation("lambda", "UpdateFunctionConfiguration")
def update_function_configuration(aws: Context, request: dict[str, Any]) -> dict[str, Any]:
    function = model.find(aws, request["FunctionName"])
    _check_revision(function, request)
    if "Runtime" in request:
        _check_runtime(request["Runtime"])
    changes = {key: request[key] for key in DEFAULTS if key in request}
    if "LoggingConfig" in changes:
        changes["LoggingConfig"] = {**function["configuration"]["LoggingConfig"], **changes["LoggingConfig"]}
    function["configuration"].update(changes)
    _save(aws, function)
    return model.configuration(function)


@operation("lambda", "GetFunction")
def get_function(aws: Context, request: requests.FunctionRequest) -> dict[str, Any]:
    function = published.resolve(aws, request["FunctionName"], request.get("Qualifier"))
    folder = code.folder_of(aws, function["digest"])
    reserved = aws.store.get(model.CONCURRENCY_KIND, function["configuration"]["FunctionName"])
    return {
        **({"Concurrency": reserved} if reserved else {}),
        "Configuration": model.configuration(function),
        "Code": {"RepositoryType": "S3", "Location": folder.as_uri()},
        "Tags": function["tags"],
    }


@operation("lambda", "GetFunctionConfiguration")
def get_function_configuration(aws: Context, request: requests.FunctionRequest) -> dict[str, Any]:
    return model.configuration(published.resolve(aws, request["FunctionName"], request.get("Qualifier")))


@operation("lambda", "ListFunctions")
def list_functions(aws: Context, request: requests.ListRequest) -> dict[str, Any]:
    functions = [function for _, function in aws.store.list(model.KIND)]
    return page("Functions", [model.configuration(function) for function in functions], request)


@operation("lambda", "DeleteFunction")
def delete_function(aws: Context, request: requests.FunctionRequest) -> None:
    """With a version's number as its qualifier, that version alone."""
    name, qualifier = published.split(request["FunctionName"], request.get("Qualifier"))
    if qualifier != model.LATEST:
        published.remove(aws, name, qualifier)
        pool_of(aws).discard(name)
        return
    model.find(aws, name)
    with aws.store.transaction():
        aws.store.delete(model.KIND, name)
        aws.store.delete(model.ASYNC_KIND, name)
        aws.store.delete(model.CONCURRENCY_KIND, name)
        published.forget(aws, name)
    pool_of(aws).discard(name)


@operation("lambda", "AddPermission")
def add_permission(aws: Context, request: requests.AddPermissionRequest) -> dict[str, Any]:
    """Kept and shown; like the rest of IAM it is not enforced here."""
    function = model.find(aws, request["FunctionName"])
    if any(statement["Sid"] == request["StatementId"] for statement in function["policy"]):
        raise ApiError(
            "ResourceConflictException", f"The statement id ({request['StatementId']}) provided already exists.", 409
        )
    statement: dict[str, Any] = {
        "Sid": request["StatementId"],
        "Effect": "Allow",
        "Principal": {"Service": request["Principal"]},
        "Action": request["Action"],
        "Resource": function["configuration"]["FunctionArn"],
    }
    if "SourceArn" in request:
        statement["Condition"] = {"ArnLike": {"AWS:SourceArn": request["SourceArn"]}}
    function["policy"].append(statement)
    _save(aws, function)
    return {"Statement": json.dumps(statement)}


@operation("lambda", "RemovePermission")
def remove_permission(aws: Context, request: requests.RemovePermissionRequest) -> None:
    function = model.find(aws, request["FunctionName"])
    kept = [statement for statement in function["policy"] if statement["Sid"] != request["StatementId"]]
    if len(kept) == len(function["policy"]):
        raise ApiError("ResourceNotFoundException", f"Statement {request['StatementId']} is not found", 404)
    function["policy"] = kept
    _save(aws, function)


@operation("lambda", "GetPolicy")
def get_policy(aws: Context, request: requests.FunctionRequest) -> dict[str, Any]:
    function = model.find(aws, request["FunctionName"])
    if not function["policy"]:
        raise ApiError("ResourceNotFoundException", "The resource you requested does not exist.", 404)
    policy = {"Version": "2012-10-17", "Id": "default", "Statement": function["policy"]}
    return {"Policy": json.dumps(policy), "RevisionId": function["configuration"]["RevisionId"]}


@operation("lambda", "ListTags")
def list_tags(aws: Context, request: requests.ResourceRequest) -> dict[str, Any]:
    return {"Tags": model.find(aws, request["Resource"])["tags"]}


@operation("lambda", "TagResource")
def tag_resource(aws: Context, request: requests.TagResourceRequest) -> None:
    function = model.find(aws, request["Resource"])
    function["tags"].update(request["Tags"])
    aws.store.put(model.KIND, function["configuration"]["FunctionName"], function)


def page(name: str, items: list[dict[str, Any]], request: Mapping[str, Any]) -> dict[str, Any]:
    """One page of a Lambda list; a marker is the number of items already seen."""
    refusal = ApiError("InvalidParameterValueException", f"Marker {request.get('Marker')!r} was not given by this API")
    chosen, more = numbered_page(items, request, int(request.get("MaxItems", 50)), refusal, member="Marker")
    return {name: chosen, **({"NextMarker": more["NextToken"]} if more else {})}


def _check_runtime(runtime: str | None) -> None:
    if not (runtime or "").startswith(PYTHON_RUNTIME):
        raise ApiError("InvalidParameterValueException", f"only Python runtimes are provided here, not {runtime!r}")


def _check_revision(function: dict[str, Any], request: dict[str, Any]) -> None:
    if request.get("RevisionId", function["configuration"]["RevisionId"]) != function["configuration"]["RevisionId"]:
        raise ApiError(
            "PreconditionFailedException", "The Revision Id provided does not match the latest Revision Id.", 412
        )


def _set_code(function: dict[str, Any], stored: code.Code) -> None:
    function["digest"] = stored.digest
    function["configuration"].update(CodeSha256=stored.sha256_base64, CodeSize=stored.size)


def _save(aws: Context, function: dict[str, Any]) -> None:
    function["configuration"].update(LastModified=model.now_text(), RevisionId=str(uuid.uuid4()))
    aws.store.put(model.KIND, function["configuration"]["FunctionName"], function)
