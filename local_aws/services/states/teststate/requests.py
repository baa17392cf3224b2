"""TestState's request and answer, as botocore's model of Step Functions has them."""

from __future__ import annotations

from typing import Any, NotRequired, TypedDict


class MockedError(TypedDict):
    error: NotRequired[str]
    cause: NotRequired[str]


class Mock(TypedDict):
    """One of the two; ``result`` is JSON text."""

    result: NotRequired[str]
    errorOutput: NotRequired[MockedError]
    fieldValidationMode: NotRequired[str]


class StateConfiguration(TypedDict):
    retrierRetryCount: NotRequired[int]
    errorCausedByState: NotRequired[str]
    mapIterationFailureCount: NotRequired[int]
    mapItemReaderData: NotRequired[str]


class TestStateRequest(TypedDict):
    definition: str
    roleArn: NotRequired[str]
    input: NotRequired[str]
    inspectionLevel: NotRequired[str]
    revealSecrets: NotRequired[bool]
    variables: NotRequired[str]
    stateName: NotRequired[str]
    mock: NotRequired[Mock]
    context: NotRequired[str]
    stateConfiguration: NotRequired[StateConfiguration]


class TestStateResponse(TypedDict):
    """``inspectionData`` is there for DEBUG and TRACE."""

    output: NotRequired[str]
    error: NotRequired[str]
    cause: NotRequired[str]
    inspectionData: NotRequired[dict[str, Any]]
    nextState: NotRequired[str]
    status: str
