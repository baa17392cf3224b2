"""CreateEndpoint, UpdateEndpoint, UpdateEndpointWeightsAndCapacities, DescribeEndpoint, ListEndpoints, DeleteEndpoint.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateEndpoint.html
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from typing import Any, TypedDict, cast

from local_aws.api import Context, operation
from local_aws.services.sagemaker import deployments, rollback_alarms, tags
from local_aws.services.sagemaker.announcements import announce_endpoint, change_endpoint
from local_aws.services.sagemaker.deployment_plans import check_weights, instances, plan, retain
from local_aws.services.sagemaker.deployment_policy import policy_of
from local_aws.services.sagemaker.deployment_shapes import (
    DeployedVariant,
    Deployment,
    DeploymentConfig,
    DesiredWeightAndCapacity,
    PendingDeployment,
    UpdateEndpointRequest,
    UpdateEndpointWeightsAndCapacitiesRequest,
)
from local_aws.services.sagemaker.descriptions import describe_pending, describe_variants
from local_aws.services.sagemaker.errors import already_exists, not_found, validation_error
from local_aws.services.sagemaker.hosting_shapes import (
    CreateEndpointRequest,
    Endpoint,
    EndpointArnResponse,
    EndpointNameRequest,
)
from local_aws.services.sagemaker.listing import select
from local_aws.services.sagemaker.records import DEPLOYMENT, ENDPOINT, PENDING_DEPLOYMENT, now
from local_aws.services.sagemaker.runtime import runtime
from local_aws.services.sagemaker.serving import endpoints_root
from local_aws.services.sagemaker.shapes import ListRequest

SUMMARY = ("EndpointName", "EndpointArn", "CreationTime", "LastModifiedTime", "EndpointStatus")
IN_PROGRESS = ("Creating", "Updating", "RollingBack", "Deleting")


class ListEndpointsResponse(TypedDict, total=False):
    Endpoints: list[dict[str, Any]]
    NextToken: str


@operation("sagemaker", "CreateEndpoint")
def create_endpoint(aws: Context, request: CreateEndpointRequest) -> EndpointArnResponse:
    name = request["EndpointName"]
    arn = endpoint_arn(aws, name)
    config = cast(DeploymentConfig | None, request.get("DeploymentConfig"))
    pending = _pending(plan(aws, request["EndpointConfigName"]), config)
    moment = now()
    with aws.store.transaction():
        if aws.store.get(ENDPOINT, name) is not None:
            raise already_exists("endpoint", arn)
        endpoint: Endpoint = {
            "EndpointName": name,
            "EndpointArn": arn,
            "EndpointConfigName": request["EndpointConfigName"],
            "EndpointStatus": "Creating",
            "PendingDeploymentSummary": _creating(pending),
            "CreationTime": moment,
            "LastModifiedTime": moment,
        }
        if config is not None:
            endpoint["LastDeploymentConfig"] = cast(dict[str, Any], config)
        aws.store.put(ENDPOINT, name, endpoint)
        aws.store.put(PENDING_DEPLOYMENT, name, pending)
        tags.keep(aws, arn, request.get("Tags"))
        announce_endpoint(aws, endpoint)
    deployments.create(aws, name)
    return {"EndpointArn": arn}


@operation("sagemaker", "UpdateEndpoint")
def update_endpoint(aws: Context, request: UpdateEndpointRequest) -> EndpointArnResponse:
    """The old servers answer until traffic has moved to the new ones; what they have begun they finish."""
    name = request["EndpointName"]
    config = _deployment_config(_find(aws, name), request)
    alarms = (config or {}).get("AutoRollbackConfiguration", {}).get("Alarms", [])
    rollback_alarms.check_exist(aws, [alarm["AlarmName"] for alarm in alarms])
    with aws.store.transaction():
        endpoint = _find(aws, name)
        _refuse_in_progress(endpoint)
        if endpoint["EndpointStatus"] == "Failed":
            raise validation_error(
                f'Cannot update endpoint "{endpoint["EndpointArn"]}" in status Failed: delete it and create it again.'
            )
        deployment = plan(aws, request["EndpointConfigName"])
        retain(aws, deployment, request)
        pending = _pending(deployment, config)
        aws.store.put(PENDING_DEPLOYMENT, name, pending)
        last = {} if config is None else {"LastDeploymentConfig": config}
        summary = _creating(pending)
        change_endpoint(
            aws, name, EndpointStatus="Updating", FailureReason=None, PendingDeploymentSummary=summary, **last
        )
    deployments.update(aws, name)
    return {"EndpointArn": endpoint["EndpointArn"]}


@operation("sagemaker", "UpdateEndpointWeightsAndCapacities")
def update_endpoint_weights_and_capacities(
    aws: Context, request: UpdateEndpointWeightsAndCapacitiesRequest
) -> EndpointArnResponse:
    """Weights hold from the next request on. One process serves all instances of a variant, however many."""
    name = request["EndpointName"]
    with aws.store.transaction():
        endpoint = _find(aws, name)
        _refuse_in_progress(endpoint)
        if endpoint["EndpointStatus"] != "InService":
            raise validation_error(f'Cannot update endpoint "{endpoint["EndpointArn"]}": it is not in service.')
        deployment = cast(Deployment, aws.store.get(DEPLOYMENT, name))
        _set_desired(deployment["Variants"], request["DesiredWeightsAndCapacities"], name)
        aws.store.put(DEPLOYMENT, name, deployment)
        change_endpoint(aws, name, EndpointStatus="Updating")
        variants = describe_variants(deployment["Variants"])
        change_endpoint(aws, name, EndpointStatus="InService", ProductionVariants=variants)
        if fleet := runtime(aws).router.fleet(name):
            fleet.reweigh({variant["VariantName"]: variant["Weight"] for variant in deployment["Variants"]})
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
        change_endpoint(aws, name, EndpointStatus="Deleting")
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
            deployments.restore(context, name)


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


def _deployment_config(endpoint: Endpoint, request: UpdateEndpointRequest) -> DeploymentConfig | None:
    if "DeploymentConfig" in request:
        return request["DeploymentConfig"]
    if request.get("RetainDeploymentConfig"):
        return cast(DeploymentConfig | None, endpoint.get("LastDeploymentConfig"))
    return None


def _pending(deployment: Deployment, config: DeploymentConfig | None) -> PendingDeployment:
    policy_of(config, instances(deployment))  # refuses what cannot be carried out
    pending = cast(PendingDeployment, {**deployment, "StartTime": now()})
    if config is not None:
        pending["Config"] = config
    return pending


def _creating(pending: PendingDeployment) -> dict[str, Any]:
    return describe_pending(pending, "Creating", f"Launching {instances(pending)} instance(s).", 0)


def _set_desired(variants: list[DeployedVariant], desired: list[DesiredWeightAndCapacity], endpoint: str) -> None:
    served = {variant["VariantName"]: variant for variant in variants}
    for one in desired:
        variant = served.get(one["VariantName"])
        if variant is None:
            raise validation_error(f"Variant {one['VariantName']} not found for endpoint {endpoint}.")
        if "ServerlessUpdateConfig" in one:
            raise validation_error("local_aws serves no serverless variants: leave ServerlessUpdateConfig out.")
        if one.get("DesiredInstanceCount") == 0:
            raise validation_error(f"DesiredInstanceCount of variant {one['VariantName']} must be at least 1.")
        variant["Weight"] = one.get("DesiredWeight", variant["Weight"])
        variant["InstanceCount"] = one.get("DesiredInstanceCount", variant["InstanceCount"])
    check_weights(variants)


def _summary(endpoint: Mapping[str, Any]) -> dict[str, Any]:
    return {member: endpoint[member] for member in SUMMARY}
