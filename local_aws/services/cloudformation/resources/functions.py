"""Lambda functions, their permissions and their event sources."""

from __future__ import annotations

import io
import zipfile
from typing import Any

from local_aws.services.cloudformation.resources.registry import (
    Created,
    Properties,
    Site,
    chosen,
    creates,
    deletes,
    flag,
    tags,
    updates,
    whole_numbers,
)

CONFIGURATION = (
    "Description",
    "Handler",
    "Runtime",
    "Role",
    "Environment",
    "LoggingConfig",
    "DeadLetterConfig",
    "TracingConfig",
    "EphemeralStorage",
)
MAPPING_NUMBERS = (
    "BatchSize",
    "MaximumBatchingWindowInSeconds",
    "MaximumRetryAttempts",
    "MaximumRecordAgeInSeconds",
    "ParallelizationFactor",
)
MAPPING_SETTINGS = ("FunctionResponseTypes", "FilterCriteria", "DestinationConfig")


@creates(
    "AWS::Lambda::Function",
    properties=(
        "FunctionName",
        "Code",
        "Timeout",
        "MemorySize",
        "Architectures",
        "PackageType",
        "ReservedConcurrentExecutions",
        *CONFIGURATION,
    ),
)
def create_function(site: Site, properties: Properties) -> Created:
    name = properties.get("FunctionName") or site.generated_name(64)
    made = site.client("lambda").create_function(
        FunctionName=name,
        Code=_code(properties["Code"]),
        Tags=tags(properties),
        **chosen(properties, "Architectures", "PackageType"),
        **_configuration(properties),
    )
    return Created(name, {"Arn": made["FunctionArn"]})


@updates("AWS::Lambda::Function")
def update_function(site: Site, physical_id: str, properties: Properties) -> Created:
    client = site.client("lambda")
    client.update_function_code(FunctionName=physical_id, **_code(properties["Code"]))
    made = client.update_function_configuration(FunctionName=physical_id, **_configuration(properties))
    return Created(physical_id, {"Arn": made["FunctionArn"]})


@deletes("AWS::Lambda::Function")
def delete_function(site: Site, physical_id: str) -> None:
    site.client("lambda").delete_function(FunctionName=physical_id)


def _code(code: dict[str, Any]) -> dict[str, Any]:
    """Code from S3; ``ZipFile`` in a template is the source text of a module ``index``."""
    if "ZipFile" not in code:
        return chosen(code, "S3Bucket", "S3Key", "S3ObjectVersion")

    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("index.py", code["ZipFile"])
    return {"ZipFile": content.getvalue()}


def _configuration(properties: Properties) -> dict[str, Any]:
    settings = chosen(properties, *CONFIGURATION)
    if "Environment" in settings:
        variables = settings["Environment"].get("Variables", {})
        settings["Environment"] = {"Variables": {key: str(value) for key, value in variables.items()}}
    return {**settings, **whole_numbers(properties, "Timeout", "MemorySize")}


@creates(
    "AWS::Lambda::Permission",
    properties=("Action", "FunctionName", "Principal", "SourceArn", "SourceAccount", "EventSourceToken"),
)
def create_permission(site: Site, properties: Properties) -> Created:
    statement = site.generated_name(100)
    site.client("lambda").add_permission(
        StatementId=statement,
        **chosen(properties, "Action", "FunctionName", "Principal", "SourceArn", "SourceAccount", "EventSourceToken"),
    )
    return Created(statement, {"Id": statement})


@creates(
    "AWS::Lambda::EventSourceMapping",
    properties=(
        "EventSourceArn",
        "FunctionName",
        "Enabled",
        "StartingPosition",
        "BisectBatchOnFunctionError",
        *MAPPING_NUMBERS,
        *MAPPING_SETTINGS,
    ),
)
def create_mapping(site: Site, properties: Properties) -> Created:
    made = site.client("lambda").create_event_source_mapping(
        **chosen(properties, "EventSourceArn", "FunctionName", "StartingPosition"), **_mapping_settings(properties)
    )
    return Created(made["UUID"], {"Id": made["UUID"]})


@updates("AWS::Lambda::EventSourceMapping")
def update_mapping(site: Site, physical_id: str, properties: Properties) -> Created:
    site.client("lambda").update_event_source_mapping(
        UUID=physical_id, FunctionName=properties["FunctionName"], **_mapping_settings(properties)
    )
    return Created(physical_id, {"Id": physical_id})


@deletes("AWS::Lambda::EventSourceMapping")
def delete_mapping(site: Site, physical_id: str) -> None:
    site.client("lambda").delete_event_source_mapping(UUID=physical_id)


def _mapping_settings(properties: Properties) -> dict[str, Any]:
    flags: dict[str, Any] = {
        key: flag(properties[key]) for key in ("Enabled", "BisectBatchOnFunctionError") if key in properties
    }
    return {**chosen(properties, *MAPPING_SETTINGS), **whole_numbers(properties, *MAPPING_NUMBERS), **flags}
