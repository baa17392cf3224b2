"""What the operations of Lambda are sent, as https://docs.aws.amazon.com/lambda/latest/api/API_Operations.html says."""

from __future__ import annotations

from typing import NotRequired, TypedDict


class FunctionRequest(TypedDict):
    """One function by name, partial ARN or ARN. GetFunction, GetFunctionConfiguration, DeleteFunction ..."""

    FunctionName: str
    Qualifier: NotRequired[str]


class ListRequest(TypedDict):
    """``Marker`` as the last page gave it, ``MaxItems`` of a page."""

    Marker: NotRequired[str]
    MaxItems: NotRequired[int]


class FunctionListRequest(FunctionRequest, ListRequest):
    pass


class AddPermissionRequest(FunctionRequest):
    StatementId: str
    Action: str
    Principal: str
    SourceArn: NotRequired[str]


class RemovePermissionRequest(FunctionRequest):
    StatementId: str


class ResourceRequest(TypedDict):
    Resource: str


class TagResourceRequest(ResourceRequest):
    Tags: dict[str, str]


class MappingRequest(TypedDict):
    UUID: str


class ListMappingsRequest(ListRequest):
    EventSourceArn: NotRequired[str]
    FunctionName: NotRequired[str]
