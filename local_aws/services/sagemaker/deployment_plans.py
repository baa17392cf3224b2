"""A deployment as it is planned: the variants of a configuration with the containers of their models."""

from __future__ import annotations

import uuid
from typing import cast

from local_aws.api import Context
from local_aws.services.sagemaker.deployment_shapes import DeployedVariant, Deployment, UpdateEndpointRequest
from local_aws.services.sagemaker.endpoint_configs import find_config
from local_aws.services.sagemaker.errors import validation_error
from local_aws.services.sagemaker.hosting_shapes import ProductionVariant
from local_aws.services.sagemaker.models import deployable_container, find_model
from local_aws.services.sagemaker.records import DEPLOYMENT
from local_aws.services.sagemaker.runtime import runtime


def plan(context: Context, config_name: str) -> Deployment:
    """Raises ``Could not find …`` for a configuration or model that is gone."""
    config = find_config(context, config_name)
    deployment: Deployment = {
        "EndpointConfigName": config_name,
        "Generation": uuid.uuid4().hex[:12],
        "Variants": [_variant(context, variant) for variant in config["ProductionVariants"]],
        "DataCaptureConfig": config.get("DataCaptureConfig"),
    }
    if shadows := config.get("ShadowProductionVariants"):
        deployment["Shadows"] = [_variant(context, variant) for variant in shadows]
    return deployment


def retain(context: Context, deployment: Deployment, request: UpdateEndpointRequest) -> None:
    """Put the properties that the endpoint has now over those of the configuration, where the request asks for it.

    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_VariantProperty.html
    """
    now = cast(Deployment | None, context.store.get(DEPLOYMENT, request["EndpointName"]))
    if now is None or not request.get("RetainAllVariantProperties"):
        return
    excluded = {one["VariantPropertyType"] for one in request.get("ExcludeRetainedVariantProperties", [])}
    served = {variant["VariantName"]: variant for variant in now["Variants"]}
    for variant in deployment["Variants"]:
        old = served.get(variant["VariantName"])
        if old is not None and "DesiredWeight" not in excluded:
            variant["Weight"] = old["Weight"]
        if old is not None and "DesiredInstanceCount" not in excluded:
            variant["InstanceCount"] = old["InstanceCount"]
    if "DataCaptureConfig" not in excluded:
        deployment["DataCaptureConfig"] = now["DataCaptureConfig"]
    check_weights(deployment["Variants"])


def check_weights(variants: list[DeployedVariant]) -> None:
    if sum(variant["Weight"] for variant in variants) <= 0:
        raise validation_error("At least one production variant must have a weight greater than zero.")


def instances(deployment: Deployment) -> int:
    return sum(variant["InstanceCount"] for variant in deployment["Variants"])


def _variant(context: Context, variant: ProductionVariant) -> DeployedVariant:
    limit = variant.get("ContainerStartupHealthCheckTimeoutInSeconds")
    model = find_model(context, variant["ModelName"])
    deployed: DeployedVariant = {
        "VariantName": variant["VariantName"],
        "Weight": variant.get("InitialVariantWeight", 1.0),
        "InstanceCount": variant.get("InitialInstanceCount", 1),
        "Container": deployable_container(model),
        "Role": model.get("ExecutionRoleArn"),
        "Isolated": model.get("EnableNetworkIsolation", False),
        "PingLimitSeconds": float(limit or runtime(context).settings.ping_limit_seconds),
    }
    if "InstanceType" in variant:
        deployed["InstanceType"] = variant["InstanceType"]
    return deployed
