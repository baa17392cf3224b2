"""The requests and answers of the operations, as botocore's model of Step Functions has them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NotRequired, TypedDict


class Tag(TypedDict):
    key: str
    value: str


class CreateStateMachineRequest(TypedDict):
    name: str
    definition: str
    roleArn: str
    type: NotRequired[str]
    loggingConfiguration: NotRequired[dict[str, Any]]
    tracingConfiguration: NotRequired[dict[str, Any]]
    tags: NotRequired[list[Tag]]
    publish: NotRequired[bool]


class CreateStateMachineResponse(TypedDict):
    stateMachineArn: str
    creationDate: datetime


class UpdateStateMachineRequest(TypedDict):
    stateMachineArn: str
    definition: NotRequired[str]
    roleArn: NotRequired[str]
    loggingConfiguration: NotRequired[dict[str, Any]]
    tracingConfiguration: NotRequired[dict[str, Any]]
    publish: NotRequired[bool]


class UpdateStateMachineResponse(TypedDict):
    updateDate: datetime
    revisionId: str


class StateMachineRequest(TypedDict):
    stateMachineArn: str


class DescribeStateMachineResponse(TypedDict):
    stateMachineArn: str
    name: str
    status: str
    definition: str
    roleArn: str
    type: str
    creationDate: datetime
    loggingConfiguration: dict[str, Any]
    tracingConfiguration: dict[str, Any]
    revisionId: NotRequired[str]
    variableReferences: NotRequired[dict[str, list[str]]]


class DescribeStateMachineForExecutionResponse(TypedDict):
    stateMachineArn: str
    name: str
    definition: str
    roleArn: str
    updateDate: datetime
    revisionId: NotRequired[str]


class ValidateStateMachineDefinitionRequest(TypedDict):
    definition: str
    maxResults: NotRequired[int]
    severity: NotRequired[str]


class Diagnostic(TypedDict):
    severity: str
    code: str
    message: str
    location: NotRequired[str]


class ValidateStateMachineDefinitionResponse(TypedDict):
    result: str
    diagnostics: list[Diagnostic]
    truncated: bool


class ListRequest(TypedDict):
    maxResults: NotRequired[int]
    nextToken: NotRequired[str]


class StateMachineItem(TypedDict):
    stateMachineArn: str
    name: str
    type: str
    creationDate: datetime


class ListStateMachinesResponse(TypedDict):
    stateMachines: list[StateMachineItem]
    nextToken: NotRequired[str]


class StartExecutionRequest(TypedDict):
    stateMachineArn: str
    name: NotRequired[str]
    input: NotRequired[str]


class StartExecutionResponse(TypedDict):
    executionArn: str
    startDate: datetime


class ExecutionRequest(TypedDict):
    executionArn: str


class DescribeExecutionResponse(TypedDict):
    executionArn: str
    stateMachineArn: str
    name: str
    status: str
    startDate: datetime
    stopDate: NotRequired[datetime]
    input: str
    inputDetails: dict[str, bool]
    output: NotRequired[str]
    outputDetails: NotRequired[dict[str, bool]]
    error: NotRequired[str]
    cause: NotRequired[str]
    redriveCount: int
    redriveStatus: str
    redriveStatusReason: NotRequired[str]


class StopExecutionRequest(TypedDict):
    executionArn: str
    error: NotRequired[str]
    cause: NotRequired[str]


class StopExecutionResponse(TypedDict):
    stopDate: datetime


class ListExecutionsRequest(TypedDict):
    stateMachineArn: NotRequired[str]
    statusFilter: NotRequired[str]
    maxResults: NotRequired[int]
    nextToken: NotRequired[str]


class ExecutionItem(TypedDict):
    executionArn: str
    stateMachineArn: str
    name: str
    status: str
    startDate: datetime
    stopDate: NotRequired[datetime]


class ListExecutionsResponse(TypedDict):
    executions: list[ExecutionItem]
    nextToken: NotRequired[str]


class GetExecutionHistoryRequest(TypedDict):
    executionArn: str
    maxResults: NotRequired[int]
    reverseOrder: NotRequired[bool]
    nextToken: NotRequired[str]
    includeExecutionData: NotRequired[bool]


class GetExecutionHistoryResponse(TypedDict):
    events: list[dict[str, Any]]
    nextToken: NotRequired[str]


class SendTaskSuccessRequest(TypedDict):
    taskToken: str
    output: str


class SendTaskFailureRequest(TypedDict):
    taskToken: str
    error: NotRequired[str]
    cause: NotRequired[str]


class SendTaskHeartbeatRequest(TypedDict):
    taskToken: str


class Empty(TypedDict):
    """An answer without fields."""


class ResourceRequest(TypedDict):
    resourceArn: str


class TagResourceRequest(TypedDict):
    resourceArn: str
    tags: list[Tag]


class UntagResourceRequest(TypedDict):
    resourceArn: str
    tagKeys: list[str]


class ListTagsForResourceResponse(TypedDict):
    tags: list[Tag]
