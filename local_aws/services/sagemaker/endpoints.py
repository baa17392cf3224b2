"""CreateEndpoint, UpdateEndpoint, DescribeEndpoint, ListEndpoints, DeleteEndpoint.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateEndpoint.html
"""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Mapping
from typing import Any, TypedDict, cast

from local_aws.api import Context, operation
from local_aws.services.sagemaker import deployments, tags
from local_aws.services.sagemaker.endpoint_configs import find_config
from local_aws.services.sagemaker.errors import already_exists, not_found, validation_error
from local_aws.services.sagemaker.hosting_shapes import (
    CreateEndpointRequest,
    DeployedVariant,
    Deployment,
    Endpoint,
    EndpointArnResponse,
    EndpointNameRequest,
    ProductionVariant,
    UpdateEndpointRequest,
)
from local_aws.services.sagemaker.listing import select
from local_aws.services.sagemaker.models import container_of, find_model
from local_aws.services.sagemaker.records import DEPLOYMENT, ENDPOINT, PENDING_DEPLOYMENT, change, now
from local_aws.services.sagemaker.runtime import runtime
from local_aws.services.sagemaker.serving import endpoints_root
from local_aws.services.sagemaker.shapes import ListRequest

SUMMARY = ("EndpointName", "EndpointArn", "CreationTime", "LastModifiedTime", "EndpointStatus")
IN_PROGRESS = ("Creating", "Updating", "Deleting")


class ListEndpointsResponse(TypedDict, total=False):
    Endpoints: list[dict[str, Any]]
    NextToken: str


@operation("sagemaker", "CreateEndpoint")
def create_endpoint(aws: Context, request: CreateEndpointRequest) -> EndpointArnResponse:
    name = request["EndpointName"]
    arn = endpoint_arn(aws, name)
    deployment = _plan(aws, request["EndpointConfigName"])
    moment = now()
    with aws.store.transaction():
        if aws.store.get(ENDPOINT, name) is not None:
            raise already_exists("endpoint", arn)
        endpoint: Endpoint = {
            "EndpointName": name,
            "EndpointArn": arn,
            "EndpointConfigName": request["EndpointConfigName"],
            "EndpointStatus": "Creating",
            "CreationTime": moment,
            "LastModifiedTime": moment,
        }
        aws.store.put(ENDPOINT, name, endpoint)
        aws.store.put(PENDING_DEPLOYMENT, name, deployment)
    tags.keep(aws, arn, request.get("Tags"))
    deployments.create(aws, name)
    return {"EndpointArn": arn}


@operation("sagemaker", "UpdateEndpoint")
def update_endpoint(aws: Context, request: UpdateEndpointRequest) -> EndpointArnResponse:
    """The old servers answer until the new ones pass /ping; what they have begun they finish."""
    name = request["EndpointName"]
    with aws.store.transaction():
        endpoint = _find(aws, name)
        _refuse_in_progress(endpoint)
        if endpoint["EndpointStatus"] == "Failed":
            raise validation_error(
                f'Cannot update endpoint "{endpoint["EndpointArn"]}" in status Failed: delete it and create it again.'
            )
        aws.store.put(PENDING_DEPLOYMENT, name, _plan(aws, request["EndpointConfigName"]))
        change(aws, ENDPOINT, name, EndpointStatus="Updating", FailureReason=None)
    deployments.update(aws, name)
    return {"EndpointArn": endpoint["EndpointArn"]}


@operation("sagemaker", "DescribeEndpoint")
def describe_endpoint(aws: Context, request: EndpointNameRequest) -> Endpoint:
    return _find(aws, request["EndpointName"])


@operation("sagemaker", "ListEndpoints")
def list_endpoints(aws: Context, request: ListRequest) -> ListEndpointsResponse:
    endpoints = [document for _, document in aws.store.list(ENDPOINT)]
    page, more = select(endpoints, request, name="EndpointName", status="EndpointStatus", summary=_summary)
    return cast(ListEndpointsResponse, {"Endpoints": page, **more})


@operation("sagemaker", "DeleteEndpoint")
def delete_endpoint(aws: Context, request: EndpointNameRequest) -> None:
    name = request["EndpointName"]
    with aws.store.transaction():
        _refuse_in_progress(_find(aws, name))
        change(aws, ENDPOINT, name, EndpointStatus="Deleting")
    deployments.remove(aws, name, lambda: _forget(aws, name))


def resume(context: Context) -> None:
    """Serve what was in service, and go on with what was under way.

    An endpoint stays InService while its servers come up again; requests wait for them.
    """
    shutil.rmtree(endpoints_root(context), ignore_errors=True)
    for name, endpoint in context.store.list(ENDPOINT):
        status = endpoint["EndpointStatus"]
        if deployments.busy(context, name):
            continue  # a request that came before this resumption has begun it
        if status == "Creating":
            deployments.create(context, name)
        elif status == "Deleting":
            _forget(context, name)
        elif status != "Failed":
            deployments.restore(context, name, then_update=status == "Updating")


def shutdown(context: Context) -> None:
    deployments.close(runtime(context))


def endpoint_arn(context: Context, name: str) -> str:
    return context.arn("sagemaker", f"endpoint/{name}")


def _find(context: Context, name: str) -> Endpoint:
    endpoint = context.store.get(ENDPOINT, name)
    if endpoint is None:
        raise not_found("endpoint", endpoint_arn(context, name))
    return cast(Endpoint, endpoint)


def _refuse_in_progress(endpoint: Endpoint) -> None:
    if endpoint["EndpointStatus"] in IN_PROGRESS:
        raise validation_error(f'Cannot update in-progress endpoint "{endpoint["EndpointArn"]}".')


def _forget(context: Context, name: str) -> None:
    with context.store.transaction():
        for kind in (ENDPOINT, DEPLOYMENT, PENDING_DEPLOYMENT):
            context.store.delete(kind, name)
        tags.forget(context, endpoint_arn(context, name))


def _plan(context: Context, config_name: str) -> Deployment:
    """A deployment of what the configuration and its models are now."""
    config = find_config(context, config_name)
    return {
        "EndpointConfigName": config_name,
        "Generation": uuid.uuid4().hex[:12],
        "Variants": [_variant(context, variant) for variant in config["ProductionVariants"]],
        "DataCaptureConfig": config.get("DataCaptureConfig"),
    }


def _variant(context: Context, variant: ProductionVariant) -> DeployedVariant:
    limit = variant.get("ContainerStartupHealthCheckTimeoutInSeconds")
    model = find_model(context, variant["ModelName"])
    return {
        "VariantName": variant["VariantName"],
        "Weight": variant.get("InitialVariantWeight", 1.0),
        "InstanceCount": variant.get("InitialInstanceCount", 1),
        "Container": container_of(model),
        "Role": model.get("ExecutionRoleArn"),
        "Isolated": model.get("EnableNetworkIsolation", False),
        "PingLimitSeconds": float(limit or runtime(context).settings.ping_limit_seconds),
    }


def _summary(endpoint: Mapping[str, Any]) -> dict[str, Any]:
    return {member: endpoint[member] for member in SUMMARY}
