"""Aliases: names that point to a version, or share calls between two.

https://docs.aws.amazon.com/lambda/latest/dg/configuration-aliases.html,
https://docs.aws.amazon.com/lambda/latest/dg/configuring-alias-routing.html
"""

from __future__ import annotations

import uuid
from typing import Any

from local_aws.api import ApiError, Context, operation
from local_aws.services.lambda_ import model
from local_aws.services.lambda_.functions import page
from local_aws.services.lambda_.published import ALIAS_KIND, KIND, key_of, weights_of

SETTINGS = ("FunctionVersion", "Description", "RoutingConfig")


@operation("lambda", "CreateAlias")
def create_alias(aws: Context, request: dict[str, Any]) -> dict[str, Any]:
    name, alias = model.name_of(request["FunctionName"]), request["Name"]
    model.find(aws, name)
    if alias.isdigit() or alias == model.LATEST:
        raise ApiError("InvalidParameterValueException", f"{alias} cannot be the name of an alias: choose a word")
    arn = f"{model.arn_of(aws, name)}:{alias}"
    with aws.store.transaction():
        if aws.store.get(ALIAS_KIND, key_of(name, alias)) is not None:
            raise ApiError("ResourceConflictException", f"Alias already exists: {arn}", 409)
        return _save(aws, name, {"AliasArn": arn, "Name": alias, "Description": ""}, request)


@operation("lambda", "UpdateAlias")
def update_alias(aws: Context, request: dict[str, Any]) -> dict[str, Any]:
    with aws.store.transaction():
        alias = _find(aws, request)
        if request.get("RevisionId", alias["RevisionId"]) != alias["RevisionId"]:
            raise ApiError(
                "PreconditionFailedException", "The Revision Id provided does not match the latest Revision Id.", 412
            )
        return _save(aws, model.name_of(request["FunctionName"]), alias, request)


@operation("lambda", "GetAlias")
def get_alias(aws: Context, request: dict[str, Any]) -> dict[str, Any]:
    return _find(aws, request)


@operation("lambda", "ListAliases")
def list_aliases(aws: Context, request: dict[str, Any]) -> dict[str, Any]:
    name = model.find(aws, request["FunctionName"])["configuration"]["FunctionName"]
    found = [alias for _, alias in aws.store.list(ALIAS_KIND, f"{name}:")]
    version = request.get("FunctionVersion")
    if version is not None:
        found = [one for one in found if version == one["FunctionVersion"] or version in weights_of(one)]
    return page("Aliases", found, request)


@operation("lambda", "DeleteAlias")
def delete_alias(aws: Context, request: dict[str, Any]) -> None:
    """Deleting what is not there is no error."""
    aws.store.delete(ALIAS_KIND, key_of(model.name_of(request["FunctionName"]), request["Name"]))


def _find(aws: Context, request: dict[str, Any]) -> dict[str, Any]:
    name = model.name_of(request["FunctionName"])
    alias = aws.store.get(ALIAS_KIND, key_of(name, request["Name"]))
    if alias is None:
        arn = f"{model.arn_of(aws, name)}:{request['Name']}"
        raise ApiError("ResourceNotFoundException", f"Cannot find alias arn: {arn}", 404)
    return alias


def _save(aws: Context, name: str, alias: dict[str, Any], request: dict[str, Any]) -> dict[str, Any]:
    alias = {**alias, **{key: request[key] for key in SETTINGS if key in request}, "RevisionId": str(uuid.uuid4())}
    weights = weights_of(alias)
    for version in (alias["FunctionVersion"], *weights):
        known = version == model.LATEST or aws.store.get(KIND, key_of(name, version)) is not None
        if not known:
            arn = f"{model.arn_of(aws, name)}:{version}"
            raise ApiError("ResourceNotFoundException", f"Function not found: {arn}", 404)
    if weights:
        _check_weights(alias["FunctionVersion"], weights)
    aws.store.put(ALIAS_KIND, key_of(name, alias["Name"]), alias)
    return alias


def _check_weights(version: str, weights: dict[str, float]) -> None:
    if len(weights) > 1 or model.LATEST in (version, *weights) or version in weights:
        raise ApiError(
            "InvalidParameterValueException",
            "An alias shares calls between two different published versions: give one other version its weight.",
        )
    if not all(0 <= weight <= 1 for weight in weights.values()):
        raise ApiError("InvalidParameterValueException", "The weight of a version lies between 0 and 1.")
