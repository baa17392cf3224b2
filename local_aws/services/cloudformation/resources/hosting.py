"""SageMaker's models and endpoints, and what monitors them."""

from __future__ import annotations

from typing import Any

from botocore import xform_name

from local_aws.services.cloudformation.resources.registry import (
    Created,
    Properties,
    Site,
    creates,
    deletes,
    updates,
)
from local_aws.services.cloudformation.resources.shaped import shaped

#: CloudFormation waits for an endpoint; it polls each second for up to an hour.
PATIENCE = {"Delay": 1, "MaxAttempts": 3600}
NAME_LIMIT = 63
MONITORS = ("DataQuality", "ModelQuality", "ModelBias", "ModelExplainability")


def _make(site: Site, kind: str, name_field: str, properties: Properties) -> tuple[str, dict[str, Any]]:
    """The new resource's name and the API's answer."""
    name = properties.get(name_field) or site.generated_name(NAME_LIMIT)
    request = shaped(site, "sagemaker", f"Create{kind}", {**properties, name_field: name})
    answer: dict[str, Any] = getattr(site.client("sagemaker"), xform_name(f"Create{kind}"))(**request)
    return name, answer


def _name(physical_id: str) -> str:
    return physical_id.rpartition("/")[2]


@creates(
    "AWS::SageMaker::Model",
    properties=(
        *("ModelName", "PrimaryContainer", "Containers", "ExecutionRoleArn", "EnableNetworkIsolation"),
        *("InferenceExecutionConfig", "VpcConfig"),
    ),
)
def create_model(site: Site, properties: Properties) -> Created:
    name, answer = _make(site, "Model", "ModelName", properties)
    return Created(answer["ModelArn"], {"ModelName": name})


@deletes("AWS::SageMaker::Model")
def delete_model(site: Site, physical_id: str) -> None:
    site.client("sagemaker").delete_model(ModelName=_name(physical_id))


@creates(
    "AWS::SageMaker::EndpointConfig",
    properties=(
        *("EndpointConfigName", "ProductionVariants", "ShadowProductionVariants", "DataCaptureConfig", "KmsKeyId"),
        *("AsyncInferenceConfig", "ExplainerConfig", "ExecutionRoleArn", "EnableNetworkIsolation", "VpcConfig"),
    ),
)
def create_endpoint_config(site: Site, properties: Properties) -> Created:
    name, answer = _make(site, "EndpointConfig", "EndpointConfigName", properties)
    return Created(answer["EndpointConfigArn"], {"EndpointConfigName": name})


@deletes("AWS::SageMaker::EndpointConfig")
def delete_endpoint_config(site: Site, physical_id: str) -> None:
    site.client("sagemaker").delete_endpoint_config(EndpointConfigName=_name(physical_id))


@creates(
    "AWS::SageMaker::Endpoint",
    properties=(
        *("EndpointName", "EndpointConfigName", "DeploymentConfig", "RetainAllVariantProperties"),
        *("ExcludeRetainedVariantProperties", "RetainDeploymentConfig"),
    ),
)
def create_endpoint(site: Site, properties: Properties) -> Created:
    """The properties that retain something concern updates only."""
    given = {name: value for name, value in properties.items() if "Retain" not in name}
    name, answer = _make(site, "Endpoint", "EndpointName", given)
    _wait(site, name)
    return Created(answer["EndpointArn"], {"EndpointName": name})


@updates("AWS::SageMaker::Endpoint")
def update_endpoint(site: Site, physical_id: str, properties: Properties) -> Created:
    name = _name(physical_id)
    given = {key: value for key, value in properties.items() if key != "Tags"}
    request = shaped(site, "sagemaker", "UpdateEndpoint", {**given, "EndpointName": name})
    site.client("sagemaker").update_endpoint(**request)
    _wait(site, name)
    return Created(physical_id, {"EndpointName": name})


@deletes("AWS::SageMaker::Endpoint")
def delete_endpoint(site: Site, physical_id: str) -> None:
    site.client("sagemaker").delete_endpoint(EndpointName=_name(physical_id))


def _wait(site: Site, name: str) -> None:
    site.client("sagemaker").get_waiter("endpoint_in_service").wait(EndpointName=name, WaiterConfig=PATIENCE)


@creates("AWS::SageMaker::MonitoringSchedule", properties=("MonitoringScheduleName", "MonitoringScheduleConfig"))
def create_monitoring_schedule(site: Site, properties: Properties) -> Created:
    _, answer = _make(site, "MonitoringSchedule", "MonitoringScheduleName", properties)
    arn = answer["MonitoringScheduleArn"]
    return Created(arn, {"MonitoringScheduleArn": arn})


@updates("AWS::SageMaker::MonitoringSchedule")
def update_monitoring_schedule(site: Site, physical_id: str, properties: Properties) -> Created:
    given = {"MonitoringScheduleConfig": properties["MonitoringScheduleConfig"]}
    request = shaped(
        site, "sagemaker", "UpdateMonitoringSchedule", {**given, "MonitoringScheduleName": _schedule(site, physical_id)}
    )
    site.client("sagemaker").update_monitoring_schedule(**request)
    return Created(physical_id, {"MonitoringScheduleArn": physical_id})


@deletes("AWS::SageMaker::MonitoringSchedule")
def delete_monitoring_schedule(site: Site, physical_id: str) -> None:
    site.client("sagemaker").delete_monitoring_schedule(MonitoringScheduleName=_schedule(site, physical_id))


def _schedule(site: Site, arn: str) -> str:
    """The schedule's name; its ARN has it in small letters only."""
    pages = site.client("sagemaker").get_paginator("list_monitoring_schedules").paginate()
    listed = (each for page in pages for each in page["MonitoringScheduleSummaries"])
    return next(
        (str(each["MonitoringScheduleName"]) for each in listed if each["MonitoringScheduleArn"] == arn), _name(arn)
    )


def _register_definition(monitor: str) -> None:
    """One type for each kind of monitoring job definition; they differ in the names of their properties only."""
    kind = f"{monitor}JobDefinition"
    type_name = f"AWS::SageMaker::{kind}"
    own = (f"{monitor}{part}" for part in ("BaselineConfig", "AppSpecification", "JobInput", "JobOutputConfig"))
    shared = ("JobDefinitionName", "JobResources", "NetworkConfig", "RoleArn", "StoppingCondition")

    @creates(type_name, properties=(*shared, *own))
    def create(site: Site, properties: Properties) -> Created:
        _, answer = _make(site, kind, "JobDefinitionName", properties)
        return Created(answer["JobDefinitionArn"], {"JobDefinitionArn": answer["JobDefinitionArn"]})

    @deletes(type_name)
    def delete(site: Site, physical_id: str) -> None:
        getattr(site.client("sagemaker"), xform_name(f"Delete{kind}"))(JobDefinitionName=_name(physical_id))


for _monitor in MONITORS:
    _register_definition(_monitor)
