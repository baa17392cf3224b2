"""What Express state machines do not do, and how long they may take.

https://docs.aws.amazon.com/step-functions/latest/dg/choosing-workflow-type.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from local_aws.services.states.definitions.problems import SCHEMA, Problem
from local_aws.services.states.models import Definition

#: https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html: maximum execution time of Express.
LONGEST_SECONDS = 300.0
MEMORY_MB = 64
#: https://aws.amazon.com/step-functions/pricing/: duration is rounded up to the next 100 ms.
BILLED_STEP_MS = 100
PATTERNS = (".sync", ".waitForTaskToken")


def problems_of_express(definition: Definition) -> list[Problem]:
    """A checked definition's states that an Express machine may not have; the messages are recorded behaviour."""
    return list(_problems(definition, ""))


def problems_of_express_children(definition: Definition) -> list[Problem]:
    """The same of the processors whose children are Express workflows, in a Standard machine."""
    return list(_of_children(definition, ""))


def _of_children(block: Mapping[str, Any], location: str) -> Iterator[Problem]:
    for name, state in block["States"].items():
        for key, inner in _inner(state):
            place = f"{location}/States/{name}/{key}"
            express = inner.get("ProcessorConfig", {}).get("ExecutionType") == "EXPRESS"
            yield from (_problems if express else _of_children)(inner, place)


def _problems(block: Mapping[str, Any], location: str) -> Iterator[Problem]:
    for name, state in block["States"].items():
        place = f"{location}/States/{name}"
        if state["Type"] == "Task":
            yield from _task_problems(str(state["Resource"]), f"{place}/Resource")
        for key, inner in _inner(state):
            config = inner.get("ProcessorConfig", {})
            if config.get("Mode") == "DISTRIBUTED":
                message = "Express state machine does not support Distributed Map"
                yield Problem(SCHEMA, message, f"{place}/{key}/ProcessorConfig/Mode")
            yield from _problems(inner, f"{place}/{key}")


def _inner(state: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for index, branch in enumerate(state.get("Branches", [])):
        yield f"Branches[{index}]", branch
    for key in ("ItemProcessor", "Iterator"):
        if key in state:
            yield key, state[key]


def _task_problems(resource: str, location: str) -> Iterator[Problem]:
    if ":activity:" in resource:
        yield Problem(SCHEMA, "Express state machine does not support Activity ARN", location)
    for pattern in PATTERNS:
        if resource.endswith(pattern) or resource.endswith(f"{pattern}:2"):
            message = f"Express state machine does not support '{pattern}' service integration"
            yield Problem(SCHEMA, message, location)


def billed(started: datetime, stopped: datetime) -> dict[str, int]:
    """``billingDetails``: the duration in steps of 100 ms, and the smallest memory that is billed."""
    milliseconds = max(1, round((stopped - started).total_seconds() * 1000))
    steps = -(-milliseconds // BILLED_STEP_MS)
    return {"billedDurationInMilliseconds": steps * BILLED_STEP_MS, "billedMemoryUsedInMB": MEMORY_MB}
