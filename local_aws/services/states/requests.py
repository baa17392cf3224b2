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
    versionDescription: NotRequired[str]
    encryptionConfiguration: NotRequired[dict[str, Any]]


class CreateStateMachineResponse(TypedDict):
    stateMachineArn: str
    creationDate: datetime
    stateMachineVersionArn: NotRequired[str]


class UpdateStateMachineRequest(TypedDict):
    stateMachineArn: str
    definition: NotRequired[str]
    roleArn: NotRequired[str]
    loggingConfiguration: NotRequired[dict[str, Any]]
    tracingConfiguration: NotRequired[dict[str, Any]]
    publish: NotRequired[bool]
    versionDescription: NotRequired[str]
    encryptionConfiguration: NotRequired[dict[str, Any]]


class UpdateStateMachineResponse(TypedDict):
    updateDate: datetime
    revisionId: NotRequired[str]
    stateMachineVersionArn: NotRequired[str]


class StateMachineRequest(TypedDict):
    stateMachineArn: str


class DescribeStateMachineRequest(TypedDict):
    stateMachineArn: str
    includedData: NotRequired[str]


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
    description: NotRequired[str]
    encryptionConfiguration: NotRequired[dict[str, Any]]


class DescribeStateMachineForExecutionResponse(TypedDict):
    stateMachineArn: str
    name: str
    definition: str
    roleArn: str
    updateDate: datetime
    revisionId: NotRequired[str]
    loggingConfiguration: NotRequired[dict[str, Any]]
    tracingConfiguration: NotRequired[dict[str, Any]]
    mapRunArn: NotRequired[str]
    label: NotRequired[str]


class ValidateStateMachineDefinitionRequest(TypedDict):
    definition: str
    type: NotRequired[str]
    severity: NotRequired[str]
    maxResults: NotRequired[int]


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
    traceHeader: NotRequired[str]


class StartExecutionResponse(TypedDict):
    executionArn: str
    startDate: datetime


class StartSyncExecutionRequest(StartExecutionRequest):
    includedData: NotRequired[str]


class StartSyncExecutionResponse(TypedDict):
    executionArn: str
    stateMachineArn: str
    name: str
    startDate: datetime
    stopDate: datetime
    status: str
    error: NotRequired[str]
    cause: NotRequired[str]
    input: str
    inputDetails: dict[str, bool]
    output: NotRequired[str]
    outputDetails: dict[str, bool]
    traceHeader: NotRequired[str]
    billingDetails: dict[str, int]


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
    traceHeader: NotRequired[str]
    stateMachineVersionArn: NotRequired[str]
    stateMachineAliasArn: NotRequired[str]
    redriveCount: int
    redriveDate: NotRequired[datetime]
    redriveStatus: str
    redriveStatusReason: NotRequired[str]
    mapRunArn: NotRequired[str]


class RedriveExecutionRequest(TypedDict):
    executionArn: str
    clientToken: NotRequired[str]


class RedriveExecutionResponse(TypedDict):
    redriveDate: datetime


class StopExecutionRequest(TypedDict):
    executionArn: str
    error: NotRequired[str]
    cause: NotRequired[str]


class StopExecutionResponse(TypedDict):
    stopDate: datetime


class ListExecutionsRequest(TypedDict):
    stateMachineArn: NotRequired[str]
    mapRunArn: NotRequired[str]
    statusFilter: NotRequired[str]
    redriveFilter: NotRequired[str]
    maxResults: NotRequired[int]
    nextToken: NotRequired[str]


class ExecutionItem(TypedDict):
    executionArn: str
    stateMachineArn: str
    name: str
    status: str
    startDate: datetime
    stopDate: NotRequired[datetime]
    redriveCount: int
    redriveDate: NotRequired[datetime]
    stateMachineVersionArn: NotRequired[str]
    stateMachineAliasArn: NotRequired[str]
    mapRunArn: NotRequired[str]
    itemCount: NotRequired[int]


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
