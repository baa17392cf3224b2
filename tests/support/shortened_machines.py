"""The state machines of the tree with waits that suit tests; everything else stays as it is."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

from state_machine_text import StateMachine

ARN = "arn:aws:%s:us-east-1:123456789012:%s"
LONGEST_DEPLOYMENT_SECONDS = 4


def shortened(name: str) -> dict[str, Any]:
    """The definition of the tree with its placeholders filled, its pauses and back-offs made short."""
    machine = StateMachine(name)
    text = machine.text
    for placeholder in machine.placeholders:
        text = text.replace(f"${{{placeholder}}}", _value(placeholder))
    definition: dict[str, Any] = deepcopy(json.loads(text))
    for state in definition["States"].values():
        if state["Type"] == "Wait":
            state["Seconds"] = 0
        if "AwaitDeployment" in str(state.get("Arguments", "")):
            state["TimeoutSeconds"] = LONGEST_DEPLOYMENT_SECONDS
        for retry in state.get("Retry", []):
            retry |= {"IntervalSeconds": 1, "BackoffRate": 1, "MaxDelaySeconds": 2, "JitterStrategy": "NONE"}
            retry["MaxAttempts"] = min(retry["MaxAttempts"], 2)
    return definition


def _value(placeholder: str) -> str:
    if placeholder.endswith("AlarmName"):
        return placeholder.removesuffix("AlarmName")
    if placeholder.endswith("FunctionArn"):
        return ARN % ("lambda", f"function:{placeholder.removesuffix('FunctionArn')}")
    return {
        "TrainingResultsQueueUrl": "https://sqs.us-east-1.amazonaws.com/123456789012/training-results",
        "UpdateEndpointStateMachineArn": ARN % ("states", "stateMachine:update-endpoint"),
        "SageMakerRoleArn": "arn:aws:iam::123456789012:role/sagemaker",
        "ModelsTableName": "models",
        "NotificationsTopicArn": ARN % ("sns", "notifications"),
    }[placeholder]
