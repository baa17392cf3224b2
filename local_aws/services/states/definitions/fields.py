"""Which fields each type of state has, and in which query language.

https://docs.aws.amazon.com/step-functions/latest/dg/statemachine-structure.html; as ValidateStateMachineDefinition
answers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from local_aws.services.states.definitions.problems import Problems

EVERY = frozenset({"Type", "Comment", "QueryLanguage"})
MOVES = frozenset({"Next", "End"})
PATHS = frozenset({"InputPath", "OutputPath"})
HANDS_ON = frozenset({"Output", "Assign"})
HANDLES = frozenset({"Retry", "Catch"})
WORKS = PATHS | HANDS_ON | HANDLES | MOVES | {"Parameters", "ResultSelector", "ResultPath"}
TASK = frozenset(
    {
        *("Resource", "Arguments", "Credentials"),
        *("TimeoutSeconds", "TimeoutSecondsPath", "HeartbeatSeconds", "HeartbeatSecondsPath"),
    }
)
MAP = frozenset(
    {
        *("Items", "ItemsPath", "ItemSelector", "ItemProcessor", "Iterator", "MaxConcurrency", "MaxConcurrencyPath"),
        *("ItemReader", "ItemBatcher", "ResultWriter", "Label"),
        *("ToleratedFailureCount", "ToleratedFailureCountPath"),
        *("ToleratedFailurePercentage", "ToleratedFailurePercentagePath"),
    }
)
FIELDS: dict[str, frozenset[str]] = {
    "Task": EVERY | WORKS | TASK,
    "Parallel": EVERY | WORKS | {"Branches", "Arguments"},
    "Map": EVERY | WORKS | MAP,
    "Pass": EVERY | PATHS | HANDS_ON | MOVES | {"Result", "ResultPath", "Parameters"},
    "Wait": EVERY | PATHS | HANDS_ON | MOVES | {"Seconds", "SecondsPath", "Timestamp", "TimestampPath"},
    "Choice": EVERY | PATHS | HANDS_ON | {"Choices", "Default"},
    "Succeed": EVERY | PATHS | {"Output"},
    "Fail": EVERY | {"Error", "ErrorPath", "Cause", "CausePath"},
}
PATH_VARIANTS = (
    *("TimeoutSeconds", "HeartbeatSeconds", "MaxConcurrency", "ToleratedFailureCount"),
    *("ToleratedFailurePercentage", "Error", "Cause"),
)
#: The fields of one language only.
ONLY: dict[str, frozenset[str]] = {
    "JSONata": frozenset({"Arguments", "Output", "Items"}),
    "JSONPath": frozenset(
        {
            *("InputPath", "OutputPath", "ResultPath", "Parameters", "ResultSelector", "Result", "ItemsPath"),
            *("SecondsPath", "TimestampPath", *(f"{field}Path" for field in PATH_VARIANTS)),
        }
    ),
}
OTHER = {"JSONata": "JSONPath", "JSONPath": "JSONata"}


def check_fields(problems: Problems, state: Mapping[str, Any], location: str, language: str) -> None:
    """The fields of a state whose type is known."""
    fields = FIELDS[state["Type"]]
    problems.known(state, fields, location)
    check_language_fields(problems, {field: None for field in state if field in fields}, location, language)
    if "Next" in fields:
        ends = {"Next", "End"} if state.get("End") is True else {"Next"}
        problems.exactly_one({field: None for field in state if field in ends}, ("Next", "End"), location)
        if "End" in state and not isinstance(state["End"], bool):
            problems.wrong_type("[BOOLEAN]", f"{location}/End")
    for field in PATH_VARIANTS:
        problems.at_most_one(state, (field, f"{field}Path"), location)


def check_language_fields(
    problems: Problems, part: Mapping[str, Any], location: str, language: str, only: Mapping[str, frozenset[str]] = ONLY
) -> None:
    other = OTHER[language]
    for field in part:
        if field in only[other]:
            problems.add(
                f"The QueryLanguage is set to '{language}', but field '{field}' is only supported for the "
                f"'{other}' QueryLanguage",
                location,
            )
