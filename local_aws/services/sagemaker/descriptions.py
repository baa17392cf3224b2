"""What DescribeEndpoint tells of a deployment."""

from __future__ import annotations

from typing import Any

from local_aws.services.sagemaker.hosting_shapes import Deployment
from local_aws.services.sagemaker.records import now


def describe_variants(deployment: Deployment) -> list[dict[str, Any]]:
    """https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ProductionVariantSummary.html"""
    moment = now()
    return [
        {
            "VariantName": variant["VariantName"],
            "DeployedImages": [
                {
                    "SpecifiedImage": variant["Container"]["Image"],
                    "ResolvedImage": variant["Container"]["Image"],
                    "ResolutionTime": moment,
                }
            ],
            "CurrentWeight": variant["Weight"],
            "DesiredWeight": variant["Weight"],
            "CurrentInstanceCount": variant["InstanceCount"],
            "DesiredInstanceCount": variant["InstanceCount"],
        }
        for variant in deployment["Variants"]
    ]


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
