"""Checks of a definition, as strict as CreateStateMachine on AWS where its rules are known.

A lenient local service would hide mistakes until AWS sees them. Rules:
https://docs.aws.amazon.com/step-functions/latest/dg/concepts-amazon-states-language.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from local_aws.services.states.definition_problems import Problems
from local_aws.services.states.definition_states import check_state
from local_aws.services.states.definition_values import check_fields, check_number, is_text
from local_aws.services.states.jsontext import loads
from local_aws.services.states.languages import DEFAULT, LANGUAGES
from local_aws.services.states.models import Definition

MACHINE_FIELDS = frozenset({"StartAt", "States", "Comment", "Version", "TimeoutSeconds", "QueryLanguage"})
BLOCK_FIELDS = frozenset({"StartAt", "States", "Comment"})
PROCESSOR_FIELDS = BLOCK_FIELDS | {"ProcessorConfig"}
MAX_NAME = 80


def check(text: str) -> Definition:
    """Parse a definition. Raises ``DefinitionError`` with everything that is wrong with it."""
    problems = Problems()
    try:
        definition = loads(text)
    except ValueError as error:
        problems.add(f"{error}", f"[Source: (String); {text[:80]!r}]", code="INVALID_JSON_DESCRIPTION")
        problems.raise_if_any()
    if not isinstance(definition, dict):
        problems.add("Definition must be a valid JSON object", "/")
        problems.raise_if_any()
    language = definition.get("QueryLanguage", DEFAULT)
    if language not in (*LANGUAGES, DEFAULT):
        problems.add(f"Value '{language}' is not one of JSONPath, JSONata", "/QueryLanguage")
    if definition.get("Version", "1.0") != "1.0":
        problems.add("Version must be '1.0'", "/Version")
    if "TimeoutSeconds" in definition:
        check_number(problems, definition["TimeoutSeconds"], "/TimeoutSeconds", least=1)
    check_fields(problems, definition, MACHINE_FIELDS, "")
    _check_block(problems, definition, "", str(language), frozenset())
    _check_names(problems, definition)
    problems.raise_if_any()
    return dict(definition)


def _check_block(
    problems: Problems, block: Mapping[str, Any], location: str, language: str, outer: frozenset[str]
) -> None:
    """A machine, branch or item processor. ``outer`` are the variables assigned around it."""
    missing = [field for field in ("States", "StartAt") if field not in block]
    if missing:
        problems.add(f"These fields are required: [{', '.join(missing)}]", location or "/")
        return
    states = block["States"]
    if not isinstance(states, dict) or not states or not all(isinstance(state, dict) for state in states.values()):
        problems.add("Value must be an object with at least one state", f"{location}/States")
        return
    assigned = outer | frozenset(_assigned(states))
    for name, state in states.items():
        place = f"{location}/States/{name}"
        if len(name) > MAX_NAME:
            problems.add(f"State name is longer than {MAX_NAME} characters", place)
        check_state(problems, state, place, language, outer)
        for key, inner, fields in _inner_blocks(state):
            if not isinstance(inner, dict):
                problems.add("Value must be an object", f"{place}/{key}")
                continue
            check_fields(problems, inner, fields, f"{place}/{key}")
            _check_block(problems, inner, f"{place}/{key}", language, assigned)
    _check_transitions(problems, block["StartAt"], states, location)


def _inner_blocks(state: Mapping[str, Any]) -> Iterator[tuple[str, Any, frozenset[str]]]:
    branches = state.get("Branches")
    if state.get("Type") == "Parallel" and isinstance(branches, list):
        for index, branch in enumerate(branches):
            yield f"Branches[{index}]", branch, BLOCK_FIELDS
    for field in ("ItemProcessor", "Iterator"):
        if state.get("Type") == "Map" and field in state:
            yield field, state[field], PROCESSOR_FIELDS


def _assigned(states: Mapping[str, Any]) -> Iterator[str]:
    """The variables that the states of a block assign themselves."""
    for state in states.values():
        for part in (state, *_parts(state, "Catch"), *_parts(state, "Choices")):
            if isinstance(part.get("Assign"), dict):
                yield from part["Assign"]


def _parts(state: Mapping[str, Any], field: str) -> list[dict[str, Any]]:
    entries = state.get(field)
    return [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []


def _targets(state: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for field in ("Next", "Default"):
        if field in state:
            yield field, state[field]
    for field in ("Choices", "Catch"):
        for index, entry in enumerate(_parts(state, field)):
            if "Next" in entry:
                yield f"{field}[{index}]/Next", entry["Next"]


def _check_transitions(problems: Problems, start: Any, states: Mapping[str, Any], location: str) -> None:
    if not is_text(start) or start not in states:
        problems.add(f"Missing 'StartAt' target: {start}", f"{location}/StartAt", code="MISSING_TRANSITION_TARGET")
        return
    for name, state in states.items():
        for field, target in _targets(state):
            if not is_text(target) or target not in states:
                kind = field.rpartition("/")[2]
                place = f"{location}/States/{name}/{field}"
                problems.add(f"Missing '{kind}' target: {target}", place, code="MISSING_TRANSITION_TARGET")
    reached, ahead = set(), [start]
    while ahead:
        name = ahead.pop()
        if name in reached or name not in states:
            continue
        reached.add(name)
        ahead += [target for _, target in _targets(states[name]) if is_text(target)]
    for name in states:
        if name not in reached:
            place = f"{location}/States/{name}"
            problems.add(f'State "{name}" is not reachable.', place, code="MISSING_TRANSITION_TARGET")


def _check_names(problems: Problems, definition: Mapping[str, Any]) -> None:
    """A state's name is its own in the whole machine."""
    seen: set[str] = set()
    for name, location in _names(definition, ""):
        if name in seen:
            problems.add(f"Duplicate State name: {name}", location, code="DUPLICATE_STATE_NAME")
        seen.add(name)


def _names(block: Mapping[str, Any], location: str) -> Iterator[tuple[str, str]]:
    states = block.get("States")
    for name, state in states.items() if isinstance(states, dict) else ():
        place = f"{location}/States/{name}"
        yield name, place
        if isinstance(state, dict):
            for key, inner, _ in _inner_blocks(state):
                if isinstance(inner, dict):
                    yield from _names(inner, f"{place}/{key}")
