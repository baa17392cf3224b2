"""The requests and answers of the operations on versions and aliases, as botocore's model has them."""

from __future__ import annotations

from datetime import datetime
from typing import NotRequired, TypedDict


class PublishVersionRequest(TypedDict):
    stateMachineArn: str
    revisionId: NotRequired[str]
    description: NotRequired[str]


class PublishVersionResponse(TypedDict):
    stateMachineVersionArn: str
    creationDate: datetime


class ListVersionsRequest(TypedDict):
    stateMachineArn: str
    maxResults: NotRequired[int]
    nextToken: NotRequired[str]


class VersionItem(TypedDict):
    stateMachineVersionArn: str
    creationDate: datetime


class ListVersionsResponse(TypedDict):
    stateMachineVersions: list[VersionItem]
    nextToken: NotRequired[str]


class VersionRequest(TypedDict):
    stateMachineVersionArn: str


class Routing(TypedDict):
    """``weight`` is a percentage."""

    stateMachineVersionArn: str
    weight: int


class CreateAliasRequest(TypedDict):
    name: str
    description: NotRequired[str]
    routingConfiguration: list[Routing]


class CreateAliasResponse(TypedDict):
    stateMachineAliasArn: str
    creationDate: datetime


class UpdateAliasRequest(TypedDict):
    stateMachineAliasArn: str
    description: NotRequired[str]
    routingConfiguration: NotRequired[list[Routing]]


class UpdateAliasResponse(TypedDict):
    updateDate: datetime


class AliasRequest(TypedDict):
    stateMachineAliasArn: str


class DescribeAliasResponse(TypedDict):
    stateMachineAliasArn: str
    name: str
    description: NotRequired[str]
    routingConfiguration: list[Routing]
    creationDate: datetime
    updateDate: datetime


class ListAliasesRequest(TypedDict):
    stateMachineArn: str
    maxResults: NotRequired[int]
    nextToken: NotRequired[str]


class AliasItem(TypedDict):
    stateMachineAliasArn: str
    creationDate: datetime


class ListAliasesResponse(TypedDict):
    stateMachineAliases: list[AliasItem]
    nextToken: NotRequired[str]
