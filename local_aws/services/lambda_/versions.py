"""PublishVersion and ListVersionsByFunction.

https://docs.aws.amazon.com/lambda/latest/dg/configuration-versions.html
"""

from __future__ import annotations

from typing import Any

from local_aws.api import ApiError, Context, operation
from local_aws.services.lambda_ import model, published
from local_aws.services.lambda_.functions import page


@operation("lambda", "PublishVersion")
def publish_version(aws: Context, request: dict[str, Any]) -> dict[str, Any]:
    with aws.store.transaction():
        function = model.find(aws, request["FunctionName"])
        _check(function["configuration"], request)
        return model.configuration(published.publish(aws, function, request.get("Description")))


@operation("lambda", "ListVersionsByFunction")
def list_versions_by_function(aws: Context, request: dict[str, Any]) -> dict[str, Any]:
    function = model.find(aws, request["FunctionName"])
    name = function["configuration"]["FunctionName"]
    latest = model.configuration(function)
    latest["FunctionArn"] = f"{latest['FunctionArn']}:{model.LATEST}"
    versions = [model.configuration(version) for _, version in aws.store.list(published.KIND, f"{name}:")]
    return page("Versions", [latest, *versions], request)


def _check(settings: dict[str, Any], request: dict[str, Any]) -> None:
    if request.get("CodeSha256", settings["CodeSha256"]) != settings["CodeSha256"]:
        raise ApiError(
            "InvalidParameterValueException",
            f"CodeSHA256 ({request['CodeSha256']}) is different from current CodeSHA256 in $LATEST "
            f"({settings['CodeSha256']}). Please try again with the CodeSHA256 in $LATEST.",
        )
    if request.get("RevisionId", settings["RevisionId"]) != settings["RevisionId"]:
        raise ApiError(
            "PreconditionFailedException", "The Revision Id provided does not match the latest Revision Id.", 412
        )
