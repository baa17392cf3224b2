"""CreateModelPackageGroup, DescribeModelPackageGroup, ListModelPackageGroups, DeleteModelPackageGroup.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateModelPackageGroup.html
"""

from __future__ import annotations

from typing import Any, TypedDict, cast

from local_aws.api import ApiError, Context, operation
from local_aws.services.sagemaker import tags
from local_aws.services.sagemaker.errors import validation_error
from local_aws.services.sagemaker.hosting_shapes import ModelPackageGroup, ModelPackageGroupRequest
from local_aws.services.sagemaker.listing import only, select
from local_aws.services.sagemaker.records import MODEL_PACKAGE, MODEL_PACKAGE_GROUP, MODEL_PACKAGE_GROUP_POLICY, now
from local_aws.services.sagemaker.shapes import ListRequest

SUMMARY = (
    "ModelPackageGroupName",
    "ModelPackageGroupArn",
    "ModelPackageGroupDescription",
    "CreationTime",
    "ModelPackageGroupStatus",
)


class ModelPackageGroupArnResponse(TypedDict):
    ModelPackageGroupArn: str


class ListModelPackageGroupsResponse(TypedDict, total=False):
    ModelPackageGroupSummaryList: list[dict[str, Any]]
    NextToken: str


@operation("sagemaker", "CreateModelPackageGroup")
def create_model_package_group(aws: Context, request: ModelPackageGroupRequest) -> ModelPackageGroupArnResponse:
    name = request["ModelPackageGroupName"]
    arn = aws.arn("sagemaker", f"model-package-group/{name}")
    with aws.store.transaction():
        if aws.store.get(MODEL_PACKAGE_GROUP, name) is not None:
            raise validation_error(f"Model Package Group already exists: {arn}")
        stored = {key: value for key, value in request.items() if key != "Tags"}
        group = {
            **stored,
            "ModelPackageGroupArn": arn,
            "ModelPackageGroupStatus": "Completed",
            "CreationTime": now(),
            "LastVersion": 0,
        }
        aws.store.put(MODEL_PACKAGE_GROUP, name, group)
    tags.keep(aws, arn, request.get("Tags"))
    return {"ModelPackageGroupArn": arn}


@operation("sagemaker", "DescribeModelPackageGroup")
def describe_model_package_group(aws: Context, request: ModelPackageGroupRequest) -> ModelPackageGroup:
    return find_group(aws, request["ModelPackageGroupName"])


@operation("sagemaker", "ListModelPackageGroups")
def list_model_package_groups(aws: Context, request: ListRequest) -> ListModelPackageGroupsResponse:
    groups = [document for _, document in aws.store.list(MODEL_PACKAGE_GROUP)]
    page, more = select(groups, request, name="ModelPackageGroupName", summary=only(*SUMMARY))
    return cast(ListModelPackageGroupsResponse, {"ModelPackageGroupSummaryList": page, **more})


@operation("sagemaker", "DeleteModelPackageGroup")
def delete_model_package_group(aws: Context, request: ModelPackageGroupRequest) -> None:
    """Only an empty group can be deleted."""
    with aws.store.transaction():
        group = find_group(aws, request["ModelPackageGroupName"])
        name, arn = group["ModelPackageGroupName"], group["ModelPackageGroupArn"]
        if any(one.get("ModelPackageGroupName") == name for _, one in aws.store.list(MODEL_PACKAGE)):
            raise ApiError(
                "ConflictException", f"Cannot delete Model Package Group {arn} because it contains Model Packages."
            )
        aws.store.delete(MODEL_PACKAGE_GROUP, name)
        aws.store.delete(MODEL_PACKAGE_GROUP_POLICY, name)
        tags.forget(aws, arn)


def find_group(context: Context, name_or_arn: str) -> ModelPackageGroup:
    """Raises a ValidationException when there is no such group."""
    name = name_or_arn.rsplit("/", 1)[-1]
    group = context.store.get(MODEL_PACKAGE_GROUP, name)
    if group is None:
        arn = context.arn("sagemaker", f"model-package-group/{name}")
        raise validation_error(f"ModelPackageGroup {arn} does not exist.")
    return cast(ModelPackageGroup, group)
