"""AddTags, ListTags, DeleteTags: tags of any SageMaker resource, by its ARN."""

from __future__ import annotations

from typing import Required, TypedDict

from local_aws.api import Context, operation
from local_aws.services.sagemaker.records import TAGS
from local_aws.services.sagemaker.shapes import Tag


class AddTagsRequest(TypedDict):
    ResourceArn: str
    Tags: list[Tag]


class DeleteTagsRequest(TypedDict):
    ResourceArn: str
    TagKeys: list[str]


class ListTagsRequest(TypedDict, total=False):
    ResourceArn: Required[str]
    NextToken: str
    MaxResults: int


class TagsResponse(TypedDict):
    Tags: list[Tag]


def keep(context: Context, arn: str, tags: list[Tag] | None) -> list[Tag]:
    """Add tags to a resource, replacing those of the same key; returns all of them."""
    with context.store.transaction():
        merged = read(context, arn) | {tag["Key"]: tag["Value"] for tag in tags or []}
        context.store.put(TAGS, arn, merged)
    return _listed(merged)


def read(context: Context, arn: str) -> dict[str, str]:
    return context.store.get(TAGS, arn) or {}


def forget(context: Context, arn: str) -> None:
    context.store.delete(TAGS, arn)


@operation("sagemaker", "AddTags")
def add_tags(aws: Context, request: AddTagsRequest) -> TagsResponse:
    return {"Tags": keep(aws, request["ResourceArn"], request["Tags"])}


@operation("sagemaker", "ListTags")
def list_tags(aws: Context, request: ListTagsRequest) -> TagsResponse:
    return {"Tags": _listed(read(aws, request["ResourceArn"]))}


@operation("sagemaker", "DeleteTags")
def delete_tags(aws: Context, request: DeleteTagsRequest) -> None:
    with aws.store.transaction():
        left = {key: value for key, value in read(aws, request["ResourceArn"]).items() if key not in request["TagKeys"]}
        aws.store.put(TAGS, request["ResourceArn"], left)


def _listed(tags: dict[str, str]) -> list[Tag]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]
