"""The blocks of states in a definition: the machine itself, the branches of Parallel, the processors of Map."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from local_aws.services.states.definitions.maps import PROCESSORS
from local_aws.services.states.languages.payload_templates import SUFFIX

FIELDS = frozenset({"StartAt", "States", "Comment"})
PROCESSOR_FIELDS = FIELDS | {"ProcessorConfig"}


def inner(state: Mapping[str, Any]) -> Iterator[tuple[str, Any, frozenset[str]]]:
    """The blocks inside a state: where each is, what it is, and which fields it may have."""
    branches = state.get("Branches")
    if state.get("Type") == "Parallel" and isinstance(branches, list):
        for index, branch in enumerate(branches):
            yield f"Branches[{index}]", branch, FIELDS
    if state.get("Type") == "Map":
        for field in PROCESSORS:
            if field in state:
                yield field, state[field], PROCESSOR_FIELDS


def states_within(block: Mapping[str, Any], location: str) -> Iterator[tuple[str, Any, str]]:
    """Every state at any depth, with its location."""
    states = block.get("States")
    for name, state in states.items() if isinstance(states, dict) else ():
        place = f"{location}/States/{name}"
        yield name, state, place
        if isinstance(state, dict):
            for key, part, _ in inner(state):
                if isinstance(part, dict):
                    yield from states_within(part, f"{place}/{key}")


def is_distributed(block: Mapping[str, Any]) -> bool:
    config = block.get("ProcessorConfig")
    return isinstance(config, dict) and config.get("Mode") == "DISTRIBUTED"


def assigned(states: Mapping[str, Any]) -> Iterator[str]:
    """The variables that the states of a block assign themselves."""
    for state in states.values():
        for part in (state, *parts(state, "Catch"), *parts(state, "Choices")) if isinstance(state, dict) else ():
            if isinstance(part.get("Assign"), dict):
                yield from (name.removesuffix(SUFFIX) for name in part["Assign"])


def parts(state: Mapping[str, Any], field: str) -> list[dict[str, Any]]:
    entries = state.get(field)
    return [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []
