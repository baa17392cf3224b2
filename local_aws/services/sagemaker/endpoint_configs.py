"""CreateEndpointConfig, DescribeEndpointConfig, ListEndpointConfigs, DeleteEndpointConfig.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateEndpointConfig.html
"""

from __future__ import annotations

from typing import Any, TypedDict, cast

from local_aws.api import Context, operation
from local_aws.services.s3_transfer import TransferError, split_uri
from local_aws.services.sagemaker.errors import validation_error
from local_aws.services.sagemaker.hosting_shapes import (
    CreateEndpointConfigRequest,
    EndpointConfig,
    EndpointConfigNameRequest,
    ProductionVariant,
)
from local_aws.services.sagemaker.models import find_model
from local_aws.services.sagemaker.named import Named
from local_aws.services.sagemaker.records import ENDPOINT_CONFIG
from local_aws.services.sagemaker.shapes import ListRequest

CONFIGS = Named(
    kind=ENDPOINT_CONFIG,
    member="EndpointConfig",
    path="endpoint-config",
    words="endpoint configuration",
    event="SageMaker Endpoint Config State Change",
)
UNSUPPORTED = ("AsyncInferenceConfig", "ExplainerConfig")


class EndpointConfigArnResponse(TypedDict):
    EndpointConfigArn: str


class ListEndpointConfigsResponse(TypedDict, total=False):
    EndpointConfigs: list[dict[str, Any]]
    NextToken: str


@operation("sagemaker", "CreateEndpointConfig")
def create_endpoint_config(aws: Context, request: CreateEndpointConfigRequest) -> EndpointConfigArnResponse:
    _check(aws, request)
    return {"EndpointConfigArn": CONFIGS.create(aws, request)}


@operation("sagemaker", "DescribeEndpointConfig")
def describe_endpoint_config(aws: Context, request: EndpointConfigNameRequest) -> EndpointConfig:
    return find_config(aws, request["EndpointConfigName"])


@operation("sagemaker", "ListEndpointConfigs")
def list_endpoint_configs(aws: Context, request: ListRequest) -> ListEndpointConfigsResponse:
    page, more = CONFIGS.page(aws, request)
    return cast(ListEndpointConfigsResponse, {"EndpointConfigs": page, **more})


@operation("sagemaker", "DeleteEndpointConfig")
def delete_endpoint_config(aws: Context, request: EndpointConfigNameRequest) -> None:
    CONFIGS.delete(aws, request["EndpointConfigName"])


def find_config(context: Context, name: str) -> EndpointConfig:
    """Raises ``Could not find endpoint configuration "arn:…".``"""
    return cast(EndpointConfig, CONFIGS.find(context, name))


def _check(context: Context, request: CreateEndpointConfigRequest) -> None:
    if given := [member for member in UNSUPPORTED if member in request]:
        raise validation_error(f"local_aws serves real-time production variants only: leave {', '.join(given)} out.")
    shadows = request.get("ShadowProductionVariants", [])
    if shadows and (len(shadows) > 1 or len(request["ProductionVariants"]) > 1):
        # API_CreateEndpointConfig, ShadowProductionVariants
        raise validation_error("With a shadow variant, give exactly one production variant and one shadow variant.")
    variants = [*request["ProductionVariants"], *shadows]
    names = [variant["VariantName"] for variant in variants]
    if len(set(names)) < len(names):
        raise validation_error(f"Variant names must be unique in an endpoint configuration, not {', '.join(names)}.")
    if sum(variant.get("InitialVariantWeight", 1.0) for variant in request["ProductionVariants"]) <= 0:
        raise validation_error("At least one production variant must have a weight greater than zero.")
    for variant in variants:
        _check_variant(context, variant)
    if capture := request.get("DataCaptureConfig"):
        try:
            split_uri(capture["DestinationS3Uri"])
        except TransferError as error:
            raise validation_error(f"DataCaptureConfig.DestinationS3Uri: {error}.") from error


def _check_variant(context: Context, variant: ProductionVariant) -> None:
    name = variant["VariantName"]
    if "ServerlessConfig" in variant:
        raise validation_error(f"local_aws serves variants on instances only: leave ServerlessConfig of {name} out.")
    if "ModelName" not in variant:
        raise validation_error(f"local_aws serves variants with a model, no inference components: name one for {name}.")
    find_model(context, variant["ModelName"])
