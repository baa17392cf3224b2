"""The task tokens that Step Functions gave out, from where it keeps them itself: the data of its histories."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

FIELD = "task_token"


def tokens_in(events: Iterable[dict[str, Any]]) -> list[str]:
    """Every token that a task was handed, whatever the service and however deep in its parameters."""
    scheduled = [each["taskScheduledEventDetails"] for each in events if each["type"] == "TaskScheduled"]
    return [token for details in scheduled for token in _tokens(details["parameters"])]


def tokens_of_machine(states: Any, machine_arn: str) -> list[str]:
    """Those of all executions of one machine. ``states`` is a boto3 Step Functions client."""
    runs = states.get_paginator("list_executions").paginate(stateMachineArn=machine_arn)
    found = []
    for execution in [each for page in runs for each in page["executions"]]:
        pages = states.get_paginator("get_execution_history").paginate(executionArn=execution["executionArn"])
        found += tokens_in(event for page in pages for event in page["events"])
    return found


def _tokens(value: Any) -> Iterator[str]:
    """Parameters are JSON in text, and so may be a message's body within them."""
    if isinstance(value, str) and FIELD in value:
        yield from _tokens(json.loads(value))
    elif isinstance(value, dict):
        for key, each in value.items():
            if key == FIELD:
                yield each
            else:
                yield from _tokens(each)
    elif isinstance(value, list):
        for each in value:
            yield from _tokens(each)
