"""Checks of a definition, as strict as CreateStateMachine on AWS where its rules are known.

A lenient local service would hide mistakes until AWS sees them. Rules:
https://docs.aws.amazon.com/step-functions/latest/dg/concepts-amazon-states-language.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from local_aws.services.states.definitions import blocks
from local_aws.services.states.definitions.parsing import parse
from local_aws.services.states.definitions.problems import Problem, Problems
from local_aws.services.states.definitions.states import LANGUAGES, Place, check_state
from local_aws.services.states.definitions.transitions import check_transitions
from local_aws.services.states.definitions.values import check_text, check_whole
from local_aws.services.states.jsontext import size
from local_aws.services.states.languages.known import DEFAULT
from local_aws.services.states.models import Definition

MACHINE_FIELDS = blocks.FIELDS | {"Version", "TimeoutSeconds", "QueryLanguage"}
MAX_NAME = 80
#: https://docs.aws.amazon.com/step-functions/latest/apireference/API_CreateStateMachine.html
MAX_BYTES = 1_048_576
#: Deeper blocks than anyone writes; AWS has such a limit too, and does not say where it is.
MAX_DEPTH = 50


def check(text: str) -> Definition:
    """Parse a definition. Raises ``DefinitionError`` with everything that is wrong with it."""
    problems, definition = _checked(text)
    problems.raise_if_any()
    return definition


def diagnose(text: str) -> list[Problem]:
    """Everything that is wrong with a definition, or looks wrong: errors and warnings."""
    return _checked(text)[0].found


def _checked(text: str) -> tuple[Problems, Definition]:
    problems = Problems()
    if size(text) > MAX_BYTES:
        problems.add(f"Definition must be at most {MAX_BYTES} bytes long", "")
        return problems, {}
    definition = parse(problems, text)
    if definition is None:
        return problems, {}
    language = _check_top(problems, definition)
    try:
        _check_block(problems, definition, Place("", language, frozenset()), 0)
        _check_names(problems, definition)
    except RecursionError:
        problems.add("The states are too deeply nested", "", code="TOO_DEEPLY_NESTED")
    return problems, definition


def _check_top(problems: Problems, definition: Mapping[str, Any]) -> str:
    """The fields of the machine itself; returns its query language."""
    problems.known(definition, MACHINE_FIELDS, "")
    if "Version" in definition:
        problems.one_of(definition["Version"], ("1.0",), "/Version")
    if "TimeoutSeconds" in definition:
        check_whole(problems, definition["TimeoutSeconds"], "/TimeoutSeconds", least=0)
    language = definition.get("QueryLanguage", DEFAULT)
    problems.one_of(language, LANGUAGES, "/QueryLanguage")
    return "JSONPath" if language == "JSONPath" else "JSONata"


def _check_block(problems: Problems, block: Mapping[str, Any], place: Place, depth: int) -> None:
    """A machine, branch or item processor. A state's own query language does not reach the states inside it."""
    location = place.location
    if depth > MAX_DEPTH:
        problems.add("The states are too deeply nested", location, code="TOO_DEEPLY_NESTED")
        return
    if "Comment" in block:
        check_text(problems, block["Comment"], f"{location}/Comment")
    if not problems.require(block, ("States", "StartAt"), location):
        return
    states = block["States"]
    if not isinstance(states, dict):
        problems.wrong_type("[OBJECT]", f"{location}/States")
        return
    if not states:
        problems.add("Value cannot be empty", f"{location}/States")
        return
    assigned = place.outer | frozenset(blocks.assigned(states))
    for name, state in states.items():
        here = f"{location}/States/{name}"
        _check_name(problems, name, here)
        if not isinstance(state, dict):
            problems.wrong_type("[OBJECT]", here)
            continue
        check_state(problems, state, Place(here, place.language, place.outer))
        for key, inner, fields in blocks.inner(state):
            inside = f"{here}/{key}"
            if not isinstance(inner, dict):
                problems.wrong_type("[OBJECT]", inside)
                continue
            problems.known(inner, fields, inside)
            # A distributed Map's children are executions of their own: they see none of its variables.
            outer = frozenset[str]() if blocks.is_distributed(inner) else assigned
            _check_block(problems, inner, Place(inside, place.language, outer), depth + 1)
    check_transitions(problems, block["StartAt"], states, location)


def _check_name(problems: Problems, name: str, location: str) -> None:
    if len(name) > MAX_NAME:
        message = f"State name '{name}' exceeds the {MAX_NAME}-character limit allowed by the service"
        problems.add(message, location, code="INVALID_STATE_NAME")
    elif not name.strip():
        problems.add("State name cannot be empty", location, code="INVALID_STATE_NAME")


def _check_names(problems: Problems, definition: Mapping[str, Any]) -> None:
    """A state's name is its own in the whole machine, and so is the label of a distributed Map."""
    seen: set[str] = set()
    labels: set[str] = set()
    for name, state, location in blocks.states_within(definition, ""):
        if name in seen:
            problems.add(f"Duplicate State name: {name}", location, code="DUPLICATE_STATE_NAME")
        seen.add(name)
        label = state.get("Label") if isinstance(state, dict) else None
        if isinstance(label, str):
            if label in labels:
                problems.add(f"Duplicate Label name: {label}", f"{location}/Label", code="DUPLICATE_LABEL_NAME")
            labels.add(label)
