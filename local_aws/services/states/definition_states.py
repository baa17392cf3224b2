"""Checks of one state by its type, in JSONata."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from local_aws.services.states.definition_maps import MAP_FIELDS, check_map_fields
from local_aws.services.states.definition_problems import Problems
from local_aws.services.states.definition_values import (
    check_assign,
    check_catch,
    check_fields,
    check_number_or_expression,
    check_retry,
    check_template,
    is_text,
    is_whole,
)
from local_aws.services.states.expressions import expression_in
from local_aws.services.states.languages import LANGUAGES
from local_aws.services.states.resources import Resource, ResourceError, operation_model, parse
from local_aws.services.states.shapes import members_by_name, pascal

EVERY = frozenset({"Type", "Comment", "QueryLanguage"})
MOVES = frozenset({"Next", "End"})
HANDS_ON = frozenset({"Output", "Assign"})
HANDLES = frozenset({"Retry", "Catch"})
TASK = frozenset({"Resource", "Arguments", "TimeoutSeconds", "HeartbeatSeconds", "Credentials"})
FIELDS: dict[str, frozenset[str]] = {
    "Task": EVERY | MOVES | HANDS_ON | HANDLES | TASK,
    "Pass": EVERY | MOVES | HANDS_ON,
    "Wait": EVERY | MOVES | HANDS_ON | {"Seconds", "Timestamp"},
    "Choice": EVERY | HANDS_ON | {"Choices", "Default"},
    "Succeed": EVERY | {"Output"},
    "Fail": EVERY | {"Error", "Cause"},
    "Parallel": EVERY | MOVES | HANDS_ON | HANDLES | {"Branches", "Arguments"},
    "Map": EVERY | MOVES | HANDS_ON | HANDLES | MAP_FIELDS,
}
RULE_FIELDS = frozenset({"Condition", "Next", "Comment"}) | HANDS_ON
TEMPLATES = ("Arguments", "Output", "Items", "ItemSelector", "Error", "Cause", "Timestamp")


def check_state(problems: Problems, state: dict[str, Any], location: str, language: str, outer: frozenset[str]) -> None:
    kind = state.get("Type")
    if not isinstance(kind, str) or kind not in FIELDS:
        what = "These fields are required: [Type]" if kind is None else f"Value '{kind}' is not a valid state type"
        problems.add(what, location if kind is None else f"{location}/Type")
        return
    if not _check_language(problems, state, location, language):
        return
    check_fields(problems, state, FIELDS[kind], location)
    if "Next" in FIELDS[kind] and ("Next" in state) == (state.get("End") is True):
        problems.add("State must have exactly one of Next and End", location)
    for field in TEMPLATES:
        if field in state:
            check_template(problems, state[field], f"{location}/{field}")
    if "Assign" in state:
        check_assign(problems, state["Assign"], f"{location}/Assign", outer)
    if "Retry" in state and kind in ("Task", "Parallel", "Map"):
        check_retry(problems, state["Retry"], f"{location}/Retry")
    if "Catch" in state and kind in ("Task", "Parallel", "Map"):
        check_catch(problems, state["Catch"], f"{location}/Catch", outer)
    if kind in CHECKS:
        CHECKS[kind](problems, state, location, outer)


def _check_language(problems: Problems, state: Mapping[str, Any], location: str, language: str) -> bool:
    own = state.get("QueryLanguage", language)
    if language == "JSONata" and own == "JSONPath":
        problems.add("'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine", location)
        return False
    if not isinstance(own, str) or own not in LANGUAGES:
        offered = ", ".join(LANGUAGES)
        problems.add(f"Query language '{own}' is not provided by local_aws: set QueryLanguage to {offered}", location)
        return False
    return True


def _check_task(problems: Problems, state: Mapping[str, Any], location: str, outer: frozenset[str]) -> None:
    for field in ("TimeoutSeconds", "HeartbeatSeconds"):
        if field in state:
            check_number_or_expression(problems, state[field], f"{location}/{field}", least=1)
    timeout, heartbeat = state.get("TimeoutSeconds"), state.get("HeartbeatSeconds")
    if is_whole(timeout) and is_whole(heartbeat) and heartbeat >= timeout:  # type: ignore[operator]
        problems.add("HeartbeatSeconds must be smaller than TimeoutSeconds", f"{location}/HeartbeatSeconds")
    if "Resource" not in state:
        problems.add("These fields are required: [Resource]", location)
        return
    try:
        resource = parse(str(state["Resource"]))
    except ResourceError as error:
        problems.add(str(error), f"{location}/Resource")
        return
    if resource.kind not in ("function", "activity") and isinstance(state.get("Arguments"), dict):
        _check_arguments(problems, resource, state["Arguments"], f"{location}/Arguments")


def _check_arguments(problems: Problems, resource: Resource, arguments: Mapping[str, Any], location: str) -> None:
    """The fields of the call, as far as they are written down."""
    shape = operation_model(resource).input_shape
    if shape is None:
        return
    members = members_by_name(shape)
    for field in arguments:
        if field not in members:
            problems.add(f'The field "{field}" is not supported by Step Functions', f"{location}/{field}")
    given = {members[field] for field in arguments if field in members}
    for member in shape.required_members:
        if member not in given and not shape.members[member].metadata.get("idempotencyToken"):
            problems.add(f'The field "{pascal(member)}" is required but was missing', location)


def _check_choice(problems: Problems, state: Mapping[str, Any], location: str, outer: frozenset[str]) -> None:
    rules = state.get("Choices")
    if not isinstance(rules, list) or not rules or not all(isinstance(rule, dict) for rule in rules):
        problems.add("Choices must be a list of at least one rule", f"{location}/Choices")
        return
    for index, rule in enumerate(rules):
        place = f"{location}/Choices[{index}]"
        check_fields(problems, rule, RULE_FIELDS, place)
        missing = [field for field in ("Condition", "Next") if field not in rule]
        if missing:
            problems.add(f"These fields are required: [{', '.join(missing)}]", place)
        condition = rule.get("Condition", True)
        if expression_in(condition) is None and not isinstance(condition, bool):
            problems.add("Value is not a JSONata expression or a boolean", f"{place}/Condition")
        check_template(problems, [condition, rule.get("Output")], f"{place}/Condition")
        if "Assign" in rule:
            check_assign(problems, rule["Assign"], f"{place}/Assign", outer)


def _check_wait(problems: Problems, state: Mapping[str, Any], location: str, outer: frozenset[str]) -> None:
    if ("Seconds" in state) == ("Timestamp" in state):
        problems.add("State must have exactly one of Seconds and Timestamp", location)
    if "Seconds" in state:
        check_number_or_expression(problems, state["Seconds"], f"{location}/Seconds", least=0)
    if "Timestamp" in state and not is_text(state["Timestamp"]):
        problems.add("Value is not a text", f"{location}/Timestamp")


def _check_fail(problems: Problems, state: Mapping[str, Any], location: str, outer: frozenset[str]) -> None:
    for field in ("Error", "Cause"):
        if field in state and not is_text(state[field]):
            problems.add("Value is not a text", f"{location}/{field}")


def _check_parallel(problems: Problems, state: Mapping[str, Any], location: str, outer: frozenset[str]) -> None:
    if not isinstance(state.get("Branches"), list) or not state["Branches"]:
        problems.add("Branches must be a list of at least one branch", f"{location}/Branches")


def _check_map(problems: Problems, state: Mapping[str, Any], location: str, outer: frozenset[str]) -> None:
    if "MaxConcurrency" in state:
        check_number_or_expression(problems, state["MaxConcurrency"], f"{location}/MaxConcurrency", least=0)
    if "Items" in state and not isinstance(state["Items"], list | dict) and expression_in(state["Items"]) is None:
        problems.add("Value is not a JSONata expression, a list or an object", f"{location}/Items")
    check_map_fields(problems, state, location)


CHECKS: dict[str, Callable[[Problems, Mapping[str, Any], str, frozenset[str]], None]] = {
    "Task": _check_task,
    "Choice": _check_choice,
    "Wait": _check_wait,
    "Fail": _check_fail,
    "Parallel": _check_parallel,
    "Map": _check_map,
}
