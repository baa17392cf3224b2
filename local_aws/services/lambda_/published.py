"""Published versions of functions and what names them: numbers and aliases.

A version is what a function was, under a number, for good:
https://docs.aws.amazon.com/lambda/latest/dg/configuration-versions.html
"""

from __future__ import annotations

import copy
import random
from typing import Any

from local_aws.api import ApiError, Context
from local_aws.services.lambda_ import model

KIND = "lambda_version"
ALIAS_KIND = "lambda_alias"
NUMBER_KIND = "lambda_last_version"


def publish(aws: Context, function: dict[str, Any], description: str | None = None) -> dict[str, Any]:
    """The new version; the last one where nothing has changed since. Numbers are never given twice."""
    settings = function["configuration"]
    name, revision = settings["FunctionName"], settings["RevisionId"]
    with aws.store.transaction():
        last = int((aws.store.get(NUMBER_KIND, name) or {"last": 0})["last"])
        newest = aws.store.get(KIND, key_of(name, str(last)))
        if newest is not None and newest["source_revision"] == revision:
            return newest
        number = str(last + 1)
        version = {**copy.deepcopy(function), "source_revision": revision}
        version["configuration"] |= {
            "FunctionArn": f"{settings['FunctionArn']}:{number}",
            "Version": number,
            "RevisionId": f"{revision}-{number}",
            **({} if description is None else {"Description": description}),
        }
        aws.store.put(KIND, key_of(name, number), version)
        aws.store.put(NUMBER_KIND, name, {"last": last + 1})
    return version


def resolve(aws: Context, reference: str, qualifier: str | None = None) -> dict[str, Any]:
    """The function, version or version behind an alias that is named; an alias with two chooses by their weights."""
    name, qualified = split(reference, qualifier)
    if qualified == model.LATEST:
        return model.find(aws, name)
    alias = aws.store.get(ALIAS_KIND, key_of(name, qualified))
    number = qualified if alias is None else _chosen(alias)
    if number == model.LATEST:
        return model.find(aws, name)
    version = aws.store.get(KIND, key_of(name, number))
    if version is None:
        raise ApiError("ResourceNotFoundException", f"Function not found: {model.arn_of(aws, name)}:{qualified}", 404)
    return version


def split(reference: str, qualifier: str | None) -> tuple[str, str]:
    """Name and qualifier. Raises an ``InvalidParameterValueException`` where reference and qualifier disagree."""
    match = model.REFERENCE.fullmatch(reference)
    if match is None:
        raise ApiError("InvalidParameterValueException", f"{reference!r} names no function")
    own = match["qualifier"]
    if own and qualifier and own != qualifier:
        raise ApiError(
            "InvalidParameterValueException",
            "The derived qualifier from the function name does not match the specified qualifier.",
        )
    return str(match["name"]), own or qualifier or model.LATEST


def key_of(name: str, qualifier: str) -> str:
    return f"{name}:{qualifier}"


def remove(aws: Context, name: str, number: str) -> None:
    """Delete one version. Raises an error for ``$LATEST``, an alias, and a version that an alias points to."""
    if not number.isdigit():
        raise ApiError("InvalidParameterValueException", f"{number} cannot be deleted alone: give a version's number")
    with aws.store.transaction():
        for _, alias in aws.store.list(ALIAS_KIND, f"{name}:"):
            if number == alias["FunctionVersion"] or number in weights_of(alias):
                raise ApiError(
                    "ResourceConflictException",
                    f"Unable to delete version because the following aliases reference it: [{alias['Name']}]",
                    409,
                )
        if aws.store.get(KIND, key_of(name, number)) is None:
            arn = f"{model.arn_of(aws, name)}:{number}"
            raise ApiError("ResourceNotFoundException", f"Function not found: {arn}", 404)
        aws.store.delete(KIND, key_of(name, number))


def forget(aws: Context, name: str) -> None:
    """Everything of a function that is deleted; inside that transaction."""
    for kind in (KIND, ALIAS_KIND):
        for key, _ in aws.store.list(kind, f"{name}:"):
            aws.store.delete(kind, key)
    aws.store.delete(NUMBER_KIND, name)


def weights_of(alias: dict[str, Any]) -> dict[str, float]:
    return dict(alias.get("RoutingConfig", {}).get("AdditionalVersionWeights", {}))


def _chosen(alias: dict[str, Any]) -> str:
    # A share of traffic, no secret.
    drawn = random.random()  # noqa: S311
    for version, weight in weights_of(alias).items():
        if drawn < weight:
            return version
        drawn -= weight
    return str(alias["FunctionVersion"])
