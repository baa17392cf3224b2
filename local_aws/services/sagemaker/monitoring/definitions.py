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


def definition_of(context: Context, config: MonitoringScheduleConfig) -> Definition:
    """Raises a ValidationException for what is not provided, ``ResourceNotFound`` for a definition that is gone."""
    inline, name = config.get("MonitoringJobDefinition"), config.get("MonitoringJobDefinitionName")
    if (inline is None) == (name is None):
        raise validation_error("Exactly one of MonitoringJobDefinition and MonitoringJobDefinitionName must be given.")
    if config.get("MonitoringType", DATA_QUALITY) != DATA_QUALITY:
        raise validation_error(
            f"local_aws runs schedules of MonitoringType DataQuality, not {config['MonitoringType']}: those need a "
            "merge with ground truth or an explainability container."
        )
    definition = _inline(inline) if inline is not None else _named(context, str(name))
    _check(definition)
    return definition


def _inline(given: dict[str, Any]) -> Definition:
    return _definition(
        given,
        application=given["MonitoringAppSpecification"],
        baseline=given.get("BaselineConfig", {}),
        data=given["MonitoringInputs"][0],
        output=given["MonitoringOutputConfig"],
        resources=given["MonitoringResources"],
        environment=given.get("Environment", {}),
    )


def _named(context: Context, name: str) -> Definition:
    given = JOB_DEFINITIONS[DATA_QUALITY].find(context, name)
    return _definition(
        given,
        application=given["DataQualityAppSpecification"],
        baseline=given.get("DataQualityBaselineConfig", {}),
        data=given["DataQualityJobInput"],
        output=given["DataQualityJobOutputConfig"],
        resources=given["JobResources"],
        environment=given["DataQualityAppSpecification"].get("Environment", {}),
    )


def _definition(
    given: dict[str, Any],
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
        "Application": application,
        "Baseline": baseline,
        "Endpoint": data["EndpointInput"],
        "Output": output["MonitoringOutputs"][0]["S3Output"],
        "Resources": resources,
        "Environment": environment,
        "RoleArn": given["RoleArn"],
    }
    if "KmsKeyId" in output:
        definition["KmsKeyId"] = output["KmsKeyId"]
    if "StoppingCondition" in given:
        definition["StoppingCondition"] = given["StoppingCondition"]
    if "NetworkConfig" in given:
        definition["NetworkConfig"] = given["NetworkConfig"]
    return definition


def _check(definition: Definition) -> None:
    baseline = definition["Baseline"]
    resources = [
        member for member in ("ConstraintsResource", "StatisticsResource") if "S3Uri" in baseline.get(member, {})
    ]
    if "BaseliningJobName" in baseline and not resources:
        raise validation_error(
            "local_aws reads a baseline from S3: give ConstraintsResource and StatisticsResource beside "
            "BaseliningJobName."
        )
