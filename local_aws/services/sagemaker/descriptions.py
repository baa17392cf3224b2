"""What DescribeEndpoint tells of a deployment."""

from __future__ import annotations

from typing import Any

from local_aws.services.sagemaker.deployment_shapes import DeployedVariant, Deployment, PendingDeployment
from local_aws.services.sagemaker.records import now


def describe_variants(variants: list[DeployedVariant]) -> list[dict[str, Any]]:
    """https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ProductionVariantSummary.html"""
    return [_variant(variant) for variant in variants]


def describe_shadows(deployment: Deployment) -> list[dict[str, Any]] | None:
    shadows = deployment.get("Shadows")
    return describe_variants(shadows) if shadows else None


def describe_pending(deployment: PendingDeployment, status: str, message: str, share: int) -> dict[str, Any]:
    """A deployment under way, with ``share`` percent of the traffic on it.

    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_PendingDeploymentSummary.html
    """
    stage = {"Status": status, "StatusMessage": message, "StartTime": now()}
    summary: dict[str, Any] = {
        "EndpointConfigName": deployment["EndpointConfigName"],
        "StartTime": deployment["StartTime"],
        "ProductionVariants": [_pending(variant, stage, share) for variant in deployment["Variants"]],
    }
    if shadows := deployment.get("Shadows"):
        summary["ShadowProductionVariants"] = [_pending(variant, stage, share) for variant in shadows]
    return summary


def describe_capture(deployment: Deployment) -> dict[str, Any] | None:
    """https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DataCaptureConfigSummary.html"""
    config = deployment["DataCaptureConfig"]
    if config is None:
        return None
    enabled = config.get("EnableCapture", True)
    return {
        "EnableCapture": enabled,
        "CaptureStatus": "Started" if enabled else "Stopped",
        "CurrentSamplingPercentage": config["InitialSamplingPercentage"],
        "DestinationS3Uri": config["DestinationS3Uri"],
        "KmsKeyId": config.get("KmsKeyId", ""),
    }


def _variant(variant: DeployedVariant) -> dict[str, Any]:
    image = variant["Container"]["Image"]
    return {
        "VariantName": variant["VariantName"],
        "DeployedImages": [{"SpecifiedImage": image, "ResolvedImage": image, "ResolutionTime": now()}],
        "CurrentWeight": variant["Weight"],
        "DesiredWeight": variant["Weight"],
        "CurrentInstanceCount": variant["InstanceCount"],
        "DesiredInstanceCount": variant["InstanceCount"],
    }


def _pending(variant: DeployedVariant, stage: dict[str, Any], share: int) -> dict[str, Any]:
    described = {**_variant(variant), "VariantStatus": [stage]}
    # As AWS shows it, the instances that have traffic so far.
    count = variant["InstanceCount"]
    described["CurrentInstanceCount"] = 0 if not share else max(1, count * share // 100)
    if not share:
        described["CurrentWeight"] = 0.0
    if "InstanceType" in variant:
        described["InstanceType"] = variant["InstanceType"]
    return described
