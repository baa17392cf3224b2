"""Glue jobs and databases, state machines, model package groups."""

from __future__ import annotations

import json
import re
from typing import Any

from local_aws.api import ApiError
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

GLUE_NUMBERS = ("NumberOfWorkers", "Timeout", "MaxRetries", "AllocatedCapacity")
GLUE_SETTINGS = (
    "Description",
    "Role",
    "Command",
    "DefaultArguments",
    "NonOverridableArguments",
    "Connections",
    "GlueVersion",
    "WorkerType",
    "SecurityConfiguration",
    "ExecutionClass",
    "LogUri",
)
#: https://docs.aws.amazon.com/step-functions/latest/dg/concepts-sam-sfn.html
PLACEHOLDER = re.compile(r"\$\{([A-Za-z0-9_]+)\}")


@creates(
    "AWS::Glue::Job",
    properties=("Name", "ExecutionProperty", "NotificationProperty", "MaxCapacity", *GLUE_NUMBERS, *GLUE_SETTINGS),
)
def create_glue_job(site: Site, properties: Properties) -> Created:
    name = properties.get("Name") or site.generated_name(255)
    site.client("glue").create_job(Name=name, Tags=tags(properties), **_glue_job(properties))
    return Created(name)


@updates("AWS::Glue::Job")
def update_glue_job(site: Site, physical_id: str, properties: Properties) -> Created:
    site.client("glue").update_job(JobName=physical_id, JobUpdate=_glue_job(properties))
    return Created(physical_id)


@deletes("AWS::Glue::Job")
def delete_glue_job(site: Site, physical_id: str) -> None:
    site.client("glue").delete_job(JobName=physical_id)


def _glue_job(properties: Properties) -> dict[str, Any]:
    job = {**chosen(properties, *GLUE_SETTINGS), **whole_numbers(properties, *GLUE_NUMBERS)}
    if "MaxCapacity" in properties:
        job["MaxCapacity"] = float(properties["MaxCapacity"])
    if "ExecutionProperty" in properties:
        job["ExecutionProperty"] = {"MaxConcurrentRuns": int(properties["ExecutionProperty"]["MaxConcurrentRuns"])}
    if "DefaultArguments" in job:
        job["DefaultArguments"] = {key: str(value) for key, value in job["DefaultArguments"].items()}
    return job


@creates("AWS::Glue::Database", properties=("CatalogId", "DatabaseInput", "DatabaseName"))
def create_glue_database(site: Site, properties: Properties) -> Created:
    wanted = dict(properties["DatabaseInput"])
    wanted["Name"] = wanted.get("Name") or properties.get("DatabaseName") or site.generated_name(255).lower()
    site.client("glue").create_database(DatabaseInput=wanted)
    return Created(wanted["Name"])


@deletes("AWS::Glue::Database")
def delete_glue_database(site: Site, physical_id: str) -> None:
    site.client("glue").delete_database(Name=physical_id)


@creates(
    "AWS::StepFunctions::StateMachine",
    properties=(
        "StateMachineName",
        "StateMachineType",
        "RoleArn",
        "Definition",
        "DefinitionString",
        "DefinitionS3Location",
        "DefinitionSubstitutions",
        "LoggingConfiguration",
        "TracingConfiguration",
        "EncryptionConfiguration",
    ),
)
def create_state_machine(site: Site, properties: Properties) -> Created:
    name = properties.get("StateMachineName") or site.generated_name(80)
    made = site.client("stepfunctions").create_state_machine(
        name=name,
        type=properties.get("StateMachineType", "STANDARD"),
        definition=_definition(site, properties),
        roleArn=properties["RoleArn"],
        **_machine_settings(properties),
    )
    return Created(made["stateMachineArn"], {"Arn": made["stateMachineArn"], "Name": name})


@updates("AWS::StepFunctions::StateMachine")
def update_state_machine(site: Site, physical_id: str, properties: Properties) -> Created:
    site.client("stepfunctions").update_state_machine(
        stateMachineArn=physical_id,
        definition=_definition(site, properties),
        roleArn=properties["RoleArn"],
        **_machine_settings(properties),
    )
    return Created(physical_id, {"Arn": physical_id, "Name": physical_id.rpartition(":")[2]})


@deletes("AWS::StepFunctions::StateMachine")
def delete_state_machine(site: Site, physical_id: str) -> None:
    site.client("stepfunctions").delete_state_machine(stateMachineArn=physical_id)


def _definition(site: Site, properties: Properties) -> str:
    """The definition's text with its placeholders filled; one that stays is refused."""
    if "DefinitionS3Location" in properties:
        place = properties["DefinitionS3Location"]
        version = {"VersionId": place["Version"]} if "Version" in place else {}
        answer = site.client("s3").get_object(Bucket=place["Bucket"], Key=place["Key"], **version)
        text = answer["Body"].read().decode()
    elif "DefinitionString" in properties:
        text = properties["DefinitionString"]
    elif "Definition" in properties:
        text = json.dumps(properties["Definition"])
    else:
        raise ApiError("ValidationError", "a state machine needs Definition, DefinitionString or DefinitionS3Location")
    values = properties.get("DefinitionSubstitutions", {})
    missing = sorted(set(PLACEHOLDER.findall(text)) - set(values))
    if missing:
        raise ApiError("ValidationError", f"DefinitionSubstitutions lacks {', '.join(missing)}")
    return PLACEHOLDER.sub(lambda match: _inside_json(values[match[1]]), text)


def _inside_json(value: Any) -> str:
    """A value as it may stand inside a JSON text, where the placeholder stood."""
    if isinstance(value, bool):
        return str(value).lower()
    return json.dumps(str(value))[1:-1]


def _machine_settings(properties: Properties) -> dict[str, Any]:
    settings: dict[str, Any] = {}
    if "LoggingConfiguration" in properties:
        given = properties["LoggingConfiguration"]
        settings["loggingConfiguration"] = {
            "level": given.get("Level", "OFF"),
            "includeExecutionData": flag(given.get("IncludeExecutionData", False)),
            "destinations": [
                {"cloudWatchLogsLogGroup": {"logGroupArn": each["CloudWatchLogsLogGroup"]["LogGroupArn"]}}
                for each in given.get("Destinations", [])
            ],
        }
    if "TracingConfiguration" in properties:
        settings["tracingConfiguration"] = {"enabled": flag(properties["TracingConfiguration"]["Enabled"])}
    return settings


@creates(
    "AWS::SageMaker::ModelPackageGroup",
    properties=("ModelPackageGroupName", "ModelPackageGroupDescription", "ModelPackageGroupPolicy"),
)
def create_model_package_group(site: Site, properties: Properties) -> Created:
    made = site.client("sagemaker").create_model_package_group(
        **chosen(properties, "ModelPackageGroupName", "ModelPackageGroupDescription")
    )
    arn = made["ModelPackageGroupArn"]
    return Created(arn, {"ModelPackageGroupArn": arn, "ModelPackageGroupStatus": "Completed"})


@deletes("AWS::SageMaker::ModelPackageGroup")
def delete_model_package_group(site: Site, physical_id: str) -> None:
    site.client("sagemaker").delete_model_package_group(ModelPackageGroupName=physical_id.rpartition("/")[2])
