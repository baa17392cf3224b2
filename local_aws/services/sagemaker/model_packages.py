"""Create-, Describe-, BatchDescribe-, Update-, List- and DeleteModelPackage.

A package of a group gets the next version number of that group, which is never used again.
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateModelPackage.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypedDict, cast

from local_aws.api import ApiError, Context, operation
from local_aws.services.sagemaker import tags
from local_aws.services.sagemaker.announcements import announce
from local_aws.services.sagemaker.errors import validation_error
from local_aws.services.sagemaker.hosting_shapes import (
    ContainerDefinition,
    CreateModelPackageRequest,
    ModelPackage,
    ModelPackageArnResponse,
    ModelPackageNameRequest,
    UpdateModelPackageRequest,
)
from local_aws.services.sagemaker.listing import only, select
from local_aws.services.sagemaker.model_package_groups import find_group
from local_aws.services.sagemaker.records import CLIENT_TOKEN, MODEL_PACKAGE, MODEL_PACKAGE_GROUP, now
from local_aws.services.sagemaker.shapes import ListRequest

SUMMARY = (
    "ModelPackageName",
    "ModelPackageGroupName",
    "ModelPackageVersion",
    "ModelPackageArn",
    "ModelPackageDescription",
    "CreationTime",
    "ModelPackageStatus",
    "ModelApprovalStatus",
    "ModelLifeCycle",
    "ModelPackageRegistrationType",
)
BATCH_SUMMARY = (*SUMMARY[1:-2], "ModelPackageRegistrationType", "InferenceSpecification")
REPLACED = (
    "ModelApprovalStatus",
    "ApprovalDescription",
    "InferenceSpecification",
    "SourceUri",
    "ModelCard",
    "ModelLifeCycle",
    "ModelPackageRegistrationType",
)
#: What UpdatedModelPackageFields of the event may name.
ANNOUNCED_FIELDS = {
    "ModelLifeCycle": "ModelLifeCycle",
    "ModelApprovalStatus": "ModelApprovalStatus",
    "ApprovalDescription": "ApprovalDescription",
    "SourceUri": "sourceUri",
    "CustomerMetadataProperties": "CustomerMetadataProperties",
    "CustomerMetadataPropertiesToRemove": "CustomerMetadataProperties",
    "InferenceSpecification": "InferenceSpecification",
}
EVENT_MEMBERS = (
    "ModelPackageName",
    "ModelPackageGroupName",
    "ModelPackageVersion",
    "ModelPackageArn",
    "ModelPackageDescription",
    "CreationTime",
    "InferenceSpecification",
    "ModelPackageStatus",
    "ModelPackageStatusDetails",
    "CertifyForMarketplace",
    "ModelApprovalStatus",
    "ApprovalDescription",
    "MetadataProperties",
    "ModelMetrics",
    "ModelLifeCycle",
    "LastModifiedTime",
)
METADATA_LIMIT = 50


class ListModelPackagesRequest(ListRequest, total=False):
    ModelPackageGroupName: str
    ModelPackageType: str
    ModelApprovalStatus: str


class BatchDescribeModelPackageRequest(TypedDict):
    ModelPackageArnList: list[str]


class BatchDescribeModelPackageResponse(TypedDict):
    ModelPackageSummaries: dict[str, dict[str, Any]]
    BatchDescribeModelPackageErrorMap: dict[str, dict[str, str]]


class ListModelPackagesResponse(TypedDict, total=False):
    ModelPackageSummaryList: list[dict[str, Any]]
    NextToken: str


@operation("sagemaker", "CreateModelPackage")
def create_model_package(aws: Context, request: CreateModelPackageRequest) -> ModelPackageArnResponse:
    with aws.store.transaction():
        token = request.get("ClientToken")
        if token and (known := aws.store.get(CLIENT_TOKEN, f"model-package/{token}")):
            return {"ModelPackageArn": known["ModelPackageArn"]}
        package = _new_package(aws, request)
        arn = package["ModelPackageArn"]
        aws.store.put(MODEL_PACKAGE, arn, package)
        if token:
            aws.store.put(CLIENT_TOKEN, f"model-package/{token}", {"ModelPackageArn": arn})
        tags.keep(aws, arn, request.get("Tags"))
        _announce(aws, package)
    return {"ModelPackageArn": arn}


@operation("sagemaker", "DescribeModelPackage")
def describe_model_package(aws: Context, request: ModelPackageNameRequest) -> ModelPackage:
    return _find(aws, request["ModelPackageName"])


@operation("sagemaker", "BatchDescribeModelPackage")
def batch_describe_model_package(
    aws: Context, request: BatchDescribeModelPackageRequest
) -> BatchDescribeModelPackageResponse:
    """Versioned packages only; what cannot be described is told in the map of errors."""
    summaries: dict[str, dict[str, Any]] = {}
    errors: dict[str, dict[str, str]] = {}
    for arn in request["ModelPackageArnList"]:
        try:
            package = _find(aws, arn)
            if "ModelPackageVersion" not in package:
                raise validation_error(f"ModelPackage {arn} is not versioned.")
            summaries[arn] = only(*BATCH_SUMMARY)(package)
        except ApiError as error:
            errors[arn] = {"ErrorCode": error.code, "ErrorResponse": error.message}
    return {"ModelPackageSummaries": summaries, "BatchDescribeModelPackageErrorMap": errors}


@operation("sagemaker", "UpdateModelPackage")
def update_model_package(aws: Context, request: UpdateModelPackageRequest) -> ModelPackageArnResponse:
    """Metadata given is added to what is there; the other members given replace it."""
    with aws.store.transaction():
        package: dict[str, Any] = {**_find(aws, request["ModelPackageArn"])}
        package.update({member: value for member, value in request.items() if member in REPLACED})
        _update_metadata(package, request)
        if added := request.get("AdditionalInferenceSpecificationsToAdd"):
            package["AdditionalInferenceSpecifications"] = [
                *package.get("AdditionalInferenceSpecifications", []),
                *added,
            ]
        package["LastModifiedTime"] = now()
        aws.store.put(MODEL_PACKAGE, package["ModelPackageArn"], package)
        updated = [ANNOUNCED_FIELDS[member] for member in request if member in ANNOUNCED_FIELDS]
        _announce(aws, package, UpdatedModelPackageFields=sorted(set(updated)))
    return {"ModelPackageArn": package["ModelPackageArn"]}


@operation("sagemaker", "ListModelPackages")
def list_model_packages(aws: Context, request: ListModelPackagesRequest) -> ListModelPackagesResponse:
    """Without a group's name, the packages that belong to no group."""
    group = request.get("ModelPackageGroupName")
    wanted = None if group is None else find_group(aws, group)["ModelPackageGroupName"]
    status = request.get("ModelApprovalStatus")
    kind = request.get("ModelPackageType", "Unversioned" if group is None else "Versioned")
    packages = [
        {**document, "Name": document["ModelPackageArn"]}
        for _, document in aws.store.list(MODEL_PACKAGE)
        if (group is None or document.get("ModelPackageGroupName") == wanted)
        and (kind == "Both" or (kind == "Versioned") == ("ModelPackageVersion" in document))
        and (status is None or document.get("ModelApprovalStatus") == status)
    ]
    page, more = select(packages, request, name="Name", status="ModelPackageStatus", summary=only(*SUMMARY))
    return cast(ListModelPackagesResponse, {"ModelPackageSummaryList": page, **more})


@operation("sagemaker", "DeleteModelPackage")
def delete_model_package(aws: Context, request: ModelPackageNameRequest) -> None:
    with aws.store.transaction():
        package = _find(aws, request["ModelPackageName"])
        aws.store.delete(MODEL_PACKAGE, package["ModelPackageArn"])
        _announce(aws, package, ModelPackageStatus="Deleting")
        tags.forget(aws, package["ModelPackageArn"])


def _update_metadata(package: dict[str, Any], request: UpdateModelPackageRequest) -> None:
    metadata = {**package.get("CustomerMetadataProperties", {}), **request.get("CustomerMetadataProperties", {})}
    for key in request.get("CustomerMetadataPropertiesToRemove", []):
        metadata.pop(key, None)
    if len(metadata) > METADATA_LIMIT:
        raise validation_error(f"A model package has at most {METADATA_LIMIT} CustomerMetadataProperties.")
    if metadata or "CustomerMetadataProperties" in package:
        package["CustomerMetadataProperties"] = metadata


def _announce(context: Context, package: Mapping[str, Any], **more: Any) -> None:
    detail = {member: package[member] for member in EVENT_MEMBERS if member in package}
    arn = package["ModelPackageArn"]
    tagged = {"Tags": tags.read(context, arn)}
    announce(context, "SageMaker Model Package State Change", arn, {**detail, **tagged, **more})


def _new_package(context: Context, request: CreateModelPackageRequest) -> ModelPackage:
    name, group = request.get("ModelPackageName"), request.get("ModelPackageGroupName")
    if (name is None) == (group is None):
        raise validation_error("Exactly one of ModelPackageName and ModelPackageGroupName must be given.")
    package: dict[str, Any] = {
        **{key: value for key, value in request.items() if key not in ("Tags", "ClientToken")},
        "ModelPackageStatus": "Completed",
        "ModelPackageStatusDetails": {"ValidationStatuses": [], "ImageScanStatuses": []},
        "CreationTime": now(),
    }
    if group is not None:
        version = _next_version(context, group)
        package.setdefault("ModelApprovalStatus", "PendingManualApproval")
        group_name = group.rsplit("/", 1)[-1]
        package |= {"ModelPackageGroupName": group_name, "ModelPackageVersion": version}
        package["ModelPackageArn"] = context.arn("sagemaker", f"model-package/{group_name}/{version}")
    else:
        package["ModelPackageArn"] = context.arn("sagemaker", f"model-package/{name}")
        if context.store.get(MODEL_PACKAGE, package["ModelPackageArn"]) is not None:
            raise validation_error(f"Model Package already exists: {package['ModelPackageArn']}")
    return cast(ModelPackage, package)


def _next_version(context: Context, group_name: str) -> int:
    group = find_group(context, group_name)
    version = group.get("LastVersion", 0) + 1
    context.store.put(MODEL_PACKAGE_GROUP, group["ModelPackageGroupName"], {**group, "LastVersion": version})
    return version


def _find(context: Context, name_or_arn: str) -> ModelPackage:
    arn = name_or_arn if name_or_arn.startswith("arn:") else context.arn("sagemaker", f"model-package/{name_or_arn}")
    package = context.store.get(MODEL_PACKAGE, arn)
    if package is None:
        raise validation_error(f"ModelPackage {arn} does not exist.")
    return cast(ModelPackage, package)


def packaged_container(context: Context, container: ContainerDefinition) -> ContainerDefinition:
    """A model's container with the image and artefact of the package it names; without one it is as it was.

    Raises a ValidationException for a package that is not approved: it is not to be deployed
    (https://docs.aws.amazon.com/sagemaker/latest/dg/model-registry-approve.html).
    """
    if "ModelPackageName" not in container:
        return container
    package = _find(context, container["ModelPackageName"])
    arn, approval = package["ModelPackageArn"], package.get("ModelApprovalStatus")
    if "ModelPackageVersion" in package and approval != "Approved":
        raise validation_error(
            f"Model package {arn} cannot be deployed: its ModelApprovalStatus is {approval}, not Approved."
        )
    containers = package.get("InferenceSpecification", {}).get("Containers", [])
    if len(containers) != 1 or "Image" not in containers[0]:
        raise validation_error(f"local_aws deploys a model package with one container that has an Image, unlike {arn}.")
    packaged = containers[0]
    environment = {**packaged.get("Environment", {}), **container.get("Environment", {})}
    return cast(ContainerDefinition, {**packaged, "Environment": environment})
