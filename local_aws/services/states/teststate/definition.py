"""The state that TestState is asked to run: alone, or by its name out of a whole machine.

https://docs.aws.amazon.com/step-functions/latest/dg/test-state-isolation.html; messages are recorded behaviour.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from local_aws.api import ApiError
from local_aws.services.states.jsontext import dumps, loads
from local_aws.services.states.machines.machine_checks import check_definition
from local_aws.services.states.models import Definition, State

#: What a state without a name is called (recorded behaviour).
ALONE = "StateName"
MOCK_ONLY = ("Map", "Parallel")
MOCKABLE = ("Task", *MOCK_ONLY)


@dataclass(frozen=True)
class StateUnderTest:
    """``block`` leads from the definition's root to the object that holds StartAt and States."""

    name: str
    state: State
    definition: Definition
    block: tuple[str | int, ...]


def state_under_test(text: str, name: str | None) -> StateUnderTest:
    """Raises ``ApiError`` InvalidDefinition, or ValidationException for a name that is not there."""
    try:
        parsed = loads(text)
    except ValueError as error:
        message = f"Invalid State Machine Definition: 'INVALID_JSON_DESCRIPTION: {error}'"
        raise ApiError("InvalidDefinition", message) from error
    if not isinstance(parsed, dict):
        raise ApiError("InvalidDefinition", "Invalid State Machine Definition: 'it must be a JSON object'")
    if name is None:
        definition = _around(parsed)
        check_definition(dumps(definition), "STANDARD")
        return StateUnderTest(ALONE, definition["States"][ALONE], definition, ())
    check_definition(text, "STANDARD")
    for block, names in _blocks(parsed, ()):
        if name in names:
            return StateUnderTest(name, names[name], parsed, block)
    raise ApiError("ValidationException", "State not found in definition")


def _around(state: dict[str, Any]) -> Definition:
    """A machine around one state; the states that it leads to are stand-ins."""
    states: dict[str, Any] = {ALONE: state}
    for target in _targets(state):
        states.setdefault(target, {"Type": "Succeed"})
    definition: dict[str, Any] = {"StartAt": ALONE, "States": states}
    if "QueryLanguage" in state:
        definition["QueryLanguage"] = state["QueryLanguage"]
    return definition


def _targets(state: Mapping[str, Any]) -> Iterator[str]:
    rules = [rule for field in ("Choices", "Catch") for rule in _objects(state.get(field))]
    for value in (state.get("Next"), state.get("Default"), *(rule.get("Next") for rule in rules)):
        if isinstance(value, str) and value:
            yield value


def _objects(value: Any) -> list[dict[str, Any]]:
    return [part for part in value if isinstance(part, dict)] if isinstance(value, list) else []


def _blocks(
    block: Mapping[str, Any], path: tuple[str | int, ...]
) -> Iterator[tuple[tuple[str | int, ...], dict[str, Any]]]:
    """Every object of a checked definition that holds States, with the way to it."""
    yield path, block["States"]
    for name, state in block["States"].items():
        inside = (*path, "States", name)
        for index, branch in enumerate(state.get("Branches", [])):
            yield from _blocks(branch, (*inside, "Branches", index))
        for key in ("ItemProcessor", "Iterator"):
            if key in state:
                yield from _blocks(state[key], (*inside, key))
