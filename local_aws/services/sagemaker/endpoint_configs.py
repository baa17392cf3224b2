"""CreateEndpointConfig, DescribeEndpointConfig, ListEndpointConfigs, DeleteEndpointConfig.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateEndpointConfig.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypedDict, cast

from local_aws.api import Context, operation
from local_aws.services.s3_transfer import TransferError, split_uri
from local_aws.services.sagemaker import tags
from local_aws.services.sagemaker.errors import already_exists, not_found, validation_error
from local_aws.services.sagemaker.hosting_shapes import (
    CreateEndpointConfigRequest,
    EndpointConfig,
    EndpointConfigNameRequest,
)
from local_aws.services.sagemaker.listing import select
from local_aws.services.sagemaker.models import find_model
from local_aws.services.sagemaker.records import ENDPOINT_CONFIG, now
from local_aws.services.sagemaker.shapes import ListRequest

SUMMARY = ("EndpointConfigName", "EndpointConfigArn", "CreationTime")
UNSUPPORTED = ("AsyncInferenceConfig", "ExplainerConfig", "ShadowProductionVariants")


class EndpointConfigArnResponse(TypedDict):
    EndpointConfigArn: str


class ListEndpointConfigsResponse(TypedDict, total=False):
    EndpointConfigs: list[dict[str, Any]]
    NextToken: str


@operation("sagemaker", "CreateEndpointConfig")
def create_endpoint_config(aws: Context, request: CreateEndpointConfigRequest) -> EndpointConfigArnResponse:
    name = request["EndpointConfigName"]
    arn = config_arn(aws, name)
    _check(aws, request)
    with aws.store.transaction():
        if aws.store.get(ENDPOINT_CONFIG, name) is not None:
            raise already_exists("endpoint configuration", arn)
        stored = {key: value for key, value in request.items() if key != "Tags"}
        aws.store.put(ENDPOINT_CONFIG, name, {**stored, "EndpointConfigArn": arn, "CreationTime": now()})
    tags.keep(aws, arn, request.get("Tags"))
    return {"EndpointConfigArn": arn}


@operation("sagemaker", "DescribeEndpointConfig")
def describe_endpoint_config(aws: Context, request: EndpointConfigNameRequest) -> EndpointConfig:
    return find_config(aws, request["EndpointConfigName"])


@operation("sagemaker", "ListEndpointConfigs")
def list_endpoint_configs(aws: Context, request: ListRequest) -> ListEndpointConfigsResponse:
    configs = [document for _, document in aws.store.list(ENDPOINT_CONFIG)]
    page, more = select(configs, request, name="EndpointConfigName", summary=_summary)
    return cast(ListEndpointConfigsResponse, {"EndpointConfigs": page, **more})


@operation("sagemaker", "DeleteEndpointConfig")
def delete_endpoint_config(aws: Context, request: EndpointConfigNameRequest) -> None:
    config = find_config(aws, request["EndpointConfigName"])
    aws.store.delete(ENDPOINT_CONFIG, request["EndpointConfigName"])
    tags.forget(aws, config["EndpointConfigArn"])


def config_arn(context: Context, name: str) -> str:
    return context.arn("sagemaker", f"endpoint-config/{name}")


def find_config(context: Context, name: str) -> EndpointConfig:
    """Raises ``Could not find endpoint configuration "arn:…".``"""
    config = context.store.get(ENDPOINT_CONFIG, name)
    if config is None:
        raise not_found("endpoint configuration", config_arn(context, name))
    return cast(EndpointConfig, config)


def _check(context: Context, request: CreateEndpointConfigRequest) -> None:
    if given := [member for member in UNSUPPORTED if member in request]:
        raise validation_error(f"local_aws serves real-time production variants only: leave {', '.join(given)} out.")
    names = [variant["VariantName"] for variant in request["ProductionVariants"]]
    if len(set(names)) < len(names):
        raise validation_error(f"Variant names must be unique in an endpoint configuration, not {', '.join(names)}.")
    if sum(variant.get("InitialVariantWeight", 1.0) for variant in request["ProductionVariants"]) <= 0:
        raise validation_error("At least one production variant must have a weight greater than zero.")
    for variant in request["ProductionVariants"]:
        find_model(context, variant["ModelName"])
    if capture := request.get("DataCaptureConfig"):
        try:
            split_uri(capture["DestinationS3Uri"])
        except TransferError as error:
            raise validation_error(f"DataCaptureConfig.DestinationS3Uri: {error}.") from error


def _summary(config: Mapping[str, Any]) -> dict[str, Any]:
    return {member: config[member] for member in SUMMARY}
