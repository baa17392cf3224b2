"""Checks of one state by its type, in either query language."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from local_aws.services.states.definitions import jsonata, jsonpath
from local_aws.services.states.definitions.choices import check_rules
from local_aws.services.states.definitions.fields import FIELDS, check_fields, check_language_fields
from local_aws.services.states.definitions.maps import check_map_fields
from local_aws.services.states.definitions.problems import Problems
from local_aws.services.states.definitions.tasks import check_task
from local_aws.services.states.definitions.values import (
    MAX_SECONDS,
    check_handlers,
    check_retry,
    check_text,
    check_whole,
    is_text,
)
from local_aws.services.states.languages.expressions import expression_in
from local_aws.services.states.languages.timestamps import seconds_of

LANGUAGES = ("JSONPath", "JSONata")
#: The work's result, and the error's name and cause, are fields of ``$states`` in some places only.
RESULT, ERROR = frozenset({"result"}), frozenset({"errorOutput"})
WORKING = ("Task", "Parallel", "Map")
CATCH = frozenset({"ErrorEquals", "Next", "Assign", "Comment", "Output", "ResultPath"})
CATCH_ONLY = {"JSONata": frozenset({"Output"}), "JSONPath": frozenset({"ResultPath"})}
TEMPLATES = ("Arguments", "Items", "ItemSelector", "Error", "Cause", "Timestamp", "Credentials")


@dataclass(frozen=True)
class Place:
    """Where a state stands. ``outer`` are the variables assigned around its block."""

    location: str
    language: str
    outer: frozenset[str]


def check_state(problems: Problems, state: dict[str, Any], place: Place) -> None:
    """``place.language`` is the machine's own; a state may name another."""
    kind, location = state.get("Type"), place.location
    if kind is None:
        problems.require(state, ("Type",), location)
        return
    if not isinstance(kind, str) or kind not in FIELDS:
        problems.one_of(kind, tuple(sorted(FIELDS)), f"{location}/Type")
        return
    language = own_language(problems, state, place)
    if language is None:
        return
    check_fields(problems, state, location, language)
    if "Comment" in state:
        check_text(problems, state["Comment"], f"{location}/Comment")
    here = Place(location, language, place.outer)
    (_check_jsonata if language == "JSONata" else _check_jsonpath)(problems, state, here)
    if "Retry" in state and kind in WORKING:
        check_retry(problems, state["Retry"], f"{location}/Retry")
    if "Catch" in state and kind in WORKING:
        _check_catch(problems, state["Catch"], here)
    if kind in CHECKS:
        CHECKS[kind](problems, state, here)


def own_language(problems: Problems, state: Mapping[str, Any], place: Place) -> str | None:
    """The language of a state; None where there is nothing to check its fields against.

    Anything but the exact name of the other is JSONata, and is reported besides.
    """
    own = state.get("QueryLanguage", place.language)
    if place.language == "JSONata" and own == "JSONPath":
        message = "'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine"
        problems.add(message, place.location)
        return None
    problems.one_of(own, LANGUAGES, f"{place.location}/QueryLanguage")
    return "JSONPath" if own == "JSONPath" else "JSONata"


def _check_jsonata(problems: Problems, state: Mapping[str, Any], place: Place) -> None:
    location, known = place.location, RESULT if state["Type"] in WORKING else frozenset[str]()
    for field in TEMPLATES:
        if field in state:
            jsonata.check_template(problems, state[field], f"{location}/{field}")
    if "Output" in state:
        jsonata.check_template(problems, state["Output"], f"{location}/Output", known)
    if "Assign" in state:
        jsonata.check_assign(problems, state["Assign"], f"{location}/Assign", place.outer, known)


def _check_jsonpath(problems: Problems, state: Mapping[str, Any], place: Place) -> None:
    location = place.location
    for field, value in state.items():
        if field in jsonpath.CHECKS:
            jsonpath.CHECKS[field](problems, value, f"{location}/{field}")
        elif field in ("ErrorPath", "CausePath"):
            jsonpath.check_dynamic(problems, value, field, f"{location}/{field}")
        elif field.endswith("Path"):
            jsonpath.check_reference_path(problems, value, f"{location}/{field}")
    if "Assign" in state:
        jsonpath.check_assign(problems, state["Assign"], f"{location}/Assign", place.outer)


def _check_catch(problems: Problems, catch: Any, place: Place) -> None:
    for entry, location in check_handlers(problems, catch, f"{place.location}/Catch"):
        problems.known(entry, CATCH, location)
        check_language_fields(problems, entry, location, place.language, CATCH_ONLY)
        problems.require(entry, ("Next",), location)
        if place.language == "JSONata":
            if "Output" in entry:
                jsonata.check_template(problems, entry["Output"], f"{location}/Output", ERROR)
            if "Assign" in entry:
                jsonata.check_assign(problems, entry["Assign"], f"{location}/Assign", place.outer, ERROR)
            continue
        if "ResultPath" in entry:
            jsonpath.check_result_path(problems, entry["ResultPath"], f"{location}/ResultPath")
        if "Assign" in entry:
            jsonpath.check_assign(problems, entry["Assign"], f"{location}/Assign", place.outer)


def _check_task(problems: Problems, state: Mapping[str, Any], place: Place) -> None:
    check_task(problems, state, place.location, place.language)


def _check_choice(problems: Problems, state: Mapping[str, Any], place: Place) -> None:
    if problems.require(state, ("Choices",), place.location):
        check_rules(problems, state["Choices"], f"{place.location}/Choices", place.language, place.outer)
    if "Default" in state:
        check_text(problems, state["Default"], f"{place.location}/Default")


def _check_wait(problems: Problems, state: Mapping[str, Any], place: Place) -> None:
    location = place.location
    problems.exactly_one(state, ("SecondsPath", "Seconds", "TimestampPath", "Timestamp"), location)
    if "Seconds" in state:
        check_whole_or_expression(problems, state["Seconds"], f"{location}/Seconds", place.language, least=0)
    if "Timestamp" in state and check_text(problems, state["Timestamp"], f"{location}/Timestamp"):
        written = place.language == "JSONPath" or expression_in(state["Timestamp"]) is None
        if written and seconds_of(state["Timestamp"]) is None:
            problems.add("String does not match RFC3339 timestamp", f"{location}/Timestamp")


def _check_fail(problems: Problems, state: Mapping[str, Any], place: Place) -> None:
    for field in ("Error", "Cause"):
        if field in state:
            check_text(problems, state[field], f"{place.location}/{field}")
            if place.language == "JSONPath":
                jsonpath.warn_of_missing_path(problems, state[field], field, f"{place.location}/{field}")


def _check_parallel(problems: Problems, state: Mapping[str, Any], place: Place) -> None:
    if problems.require(state, ("Branches",), place.location):
        branches = state["Branches"]
        if not isinstance(branches, list):
            problems.wrong_type("[ARRAY]", f"{place.location}/Branches")
        elif not branches:
            problems.add("Value cannot be empty", f"{place.location}/Branches")


def _check_map(problems: Problems, state: Mapping[str, Any], place: Place) -> None:
    check_map_fields(problems, state, place.location, place.language)
    if "Items" in state and not isinstance(state["Items"], list | dict) and expression_in(state["Items"]) is None:
        problems.add("Value is not a JSONata expression, an array or an object", f"{place.location}/Items")


def check_whole_or_expression(problems: Problems, value: Any, location: str, language: str, *, least: int) -> None:
    if language == "JSONata" and is_text(value) and expression_in(value) is not None:
        jsonata.check_template(problems, value, location)
    else:
        check_whole(problems, value, location, least=least, most=MAX_SECONDS)


CHECKS: dict[str, Callable[[Problems, Mapping[str, Any], Place], None]] = {
    "Task": _check_task,
    "Choice": _check_choice,
    "Wait": _check_wait,
    "Fail": _check_fail,
    "Parallel": _check_parallel,
    "Map": _check_map,
}
