"""Where states lead: every target exists, every state can be reached, and the machine has an end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from local_aws.services.states.definitions.blocks import parts
from local_aws.services.states.definitions.problems import Problems
from local_aws.services.states.definitions.values import is_text

MISSING = "MISSING_TRANSITION_TARGET"


def check_transitions(problems: Problems, start: Any, states: Mapping[str, Any], location: str) -> None:
    if not is_text(start):
        problems.wrong_type("[STRING]", f"{location}/StartAt")
        return
    if start not in states:
        problems.add(f"Missing 'Next' target: {start}", f"{location}/StartAt", code=MISSING)
    for name, state in states.items():
        for field, target in _targets(state):
            place = f"{location}/States/{name}/{field}"
            if not is_text(target):
                problems.wrong_type("[STRING]", place)
            elif target not in states:
                problems.add(f"Missing 'Next' target: {target}", place, code=MISSING)
    # An inner block without an end is let pass, on AWS too.
    if not location and not any(_is_end(state) for state in states.values()):
        problems.add("Workflow has no terminal state", "", code="MISSING_END_STATE")
        return
    reached = _reached(start, states)
    for name in states:
        if name not in reached:
            problems.add(f'State "{name}" is not reachable.', f"{location}/States/{name}", code=MISSING)


def _reached(start: str, states: Mapping[str, Any]) -> set[str]:
    reached: set[str] = set()
    ahead = [start]
    while ahead:
        name = ahead.pop()
        if name not in reached and name in states:
            reached.add(name)
            ahead += [target for _, target in _targets(states[name]) if is_text(target)]
    return reached


def _is_end(state: Any) -> bool:
    return isinstance(state, dict) and (state.get("End") is True or state.get("Type") in ("Succeed", "Fail"))


def _targets(state: Any) -> Iterator[tuple[str, Any]]:
    if not isinstance(state, dict):
        return
    for field in ("Next", "Default"):
        if field in state:
            yield field, state[field]
    for field in ("Choices", "Catch"):
        for index, entry in enumerate(parts(state, field)):
            if "Next" in entry:
                yield f"{field}[{index}]/Next", entry["Next"]
