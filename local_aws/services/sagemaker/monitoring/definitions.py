"""What a schedule's monitoring job does: from the definition inside the schedule, or from a named one.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_MonitoringScheduleConfig.html
"""

from __future__ import annotations

from typing import Any

from local_aws.api import Context
from local_aws.services.sagemaker.errors import validation_error
from local_aws.services.sagemaker.monitoring.shapes import Definition, MonitoringScheduleConfig
from local_aws.services.sagemaker.tracking.kinds import JOB_DEFINITIONS

DATA_QUALITY = "DataQuality"
#: Types whose analyzer reads captured records merged with their labels.
WITH_GROUND_TRUTH = ("ModelQuality", "ModelBias")


def definition_of(context: Context, config: MonitoringScheduleConfig) -> Definition:
    """Raises a ValidationException for what is not provided, ``ResourceNotFound`` for a definition that is gone."""
    inline, name = config.get("MonitoringJobDefinition"), config.get("MonitoringJobDefinitionName")
    if (inline is None) == (name is None):
        raise validation_error("Exactly one of MonitoringJobDefinition and MonitoringJobDefinitionName must be given.")
    monitoring = config.get("MonitoringType", DATA_QUALITY)
    if inline is not None and monitoring != DATA_QUALITY:
        raise validation_error(
            f"A schedule of MonitoringType {monitoring} needs a MonitoringJobDefinitionName: an inline "
            "MonitoringJobDefinition has no place for what such a job needs."
        )
    definition = _inline(inline) if inline is not None else _named(context, monitoring, str(name))
    _check(definition)
    return definition


def _inline(given: dict[str, Any]) -> Definition:
    return _definition(
        given,
        DATA_QUALITY,
        application=given["MonitoringAppSpecification"],
        baseline=given.get("BaselineConfig", {}),
        data=given["MonitoringInputs"][0],
        output=given["MonitoringOutputConfig"],
        resources=given["MonitoringResources"],
        environment=given.get("Environment", {}),
    )


def _named(context: Context, monitoring: str, name: str) -> Definition:
    """The members of the four kinds differ by their prefix alone (API_CreateModelQualityJobDefinition)."""
    given = JOB_DEFINITIONS[monitoring].find(context, name)
    application = given[f"{monitoring}AppSpecification"]
    return _definition(
        given,
        monitoring,
        application=application,
        baseline=given.get(f"{monitoring}BaselineConfig", {}),
        data=given[f"{monitoring}JobInput"],
        output=given[f"{monitoring}JobOutputConfig"],
        resources=given["JobResources"],
        environment=application.get("Environment", {}),
    )


def _definition(
    given: dict[str, Any],
    monitoring: str,
    *,
    application: dict[str, Any],
    baseline: dict[str, Any],
    data: dict[str, Any],
    output: dict[str, Any],
    resources: dict[str, Any],
    environment: dict[str, str],
) -> Definition:
    if "EndpointInput" not in data:
        raise validation_error("local_aws monitors what endpoints have captured: give an EndpointInput.")
    definition: Definition = {
        "MonitoringType": monitoring,
        "Application": application,
        "Baseline": baseline,
        "Endpoint": data["EndpointInput"],
        "Output": output["MonitoringOutputs"][0]["S3Output"],
        "Resources": resources,
        "Environment": environment,
        "RoleArn": given["RoleArn"],
    }
    if "GroundTruthS3Input" in data:
        definition["GroundTruth"] = data["GroundTruthS3Input"].get("S3Uri", "")
    if "KmsKeyId" in output:
        definition["KmsKeyId"] = output["KmsKeyId"]
    if "StoppingCondition" in given:
        definition["StoppingCondition"] = given["StoppingCondition"]
    if "NetworkConfig" in given:
        definition["NetworkConfig"] = given["NetworkConfig"]
    return definition


def _check(definition: Definition) -> None:
    monitoring, baseline, source = definition["MonitoringType"], definition["Baseline"], definition["Endpoint"]
    resources = [
        member for member in ("ConstraintsResource", "StatisticsResource") if "S3Uri" in baseline.get(member, {})
    ]
    if "BaseliningJobName" in baseline and not resources:
        raise validation_error(
            "local_aws reads a baseline from S3: give ConstraintsResource and StatisticsResource beside "
            "BaseliningJobName."
        )
    if source.get("S3InputMode", "File") != "File":
        raise validation_error("local_aws gives a monitoring job its data in S3InputMode File only.")
    if monitoring in WITH_GROUND_TRUTH and not definition.get("GroundTruth"):
        raise validation_error(f"A {monitoring} job needs GroundTruthS3Input.S3Uri: the folder of the labels.")
    if monitoring == "ModelQuality" and "ProblemType" not in definition["Application"]:
        raise validation_error(
            "ModelQualityAppSpecification needs a ProblemType: BinaryClassification, MulticlassClassification or "
            "Regression."
        )
