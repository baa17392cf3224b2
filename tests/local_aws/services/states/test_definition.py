"""What CreateStateMachine refuses, and the texts it refuses it with.

Texts marked "recorded" were recorded on AWS; the rules are those of
https://docs.aws.amazon.com/step-functions/latest/dg/concepts-amazon-states-language.html.
"""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from local_aws.services.states.definition import check
from local_aws.services.states.definition_problems import DefinitionError

MACHINES = Path(__file__).parent / "machines"
PASS = {"Type": "Pass", "End": True}
CALL = {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Arguments": {"FunctionName": "f"}, "End": True}


def machine(state: dict[str, Any], **others: dict[str, Any]) -> dict[str, Any]:
    return {"QueryLanguage": "JSONata", "StartAt": "A", "States": {"A": state, **others}}


def problems(definition: object) -> list[str]:
    try:
        check(definition if isinstance(definition, str) else json.dumps(definition))
    except DefinitionError as error:
        return [str(problem) for problem in error.problems]
    return []


@pytest.mark.parametrize("path", sorted(MACHINES.glob("*.asl.json")), ids=lambda path: path.name.split(".")[0])
def test_machines_that_run_are_accepted(path: Path) -> None:
    assert problems(path.read_text()) == []


def test_text_that_is_no_json() -> None:
    assert problems("not a definition")[0].startswith("INVALID_JSON_DESCRIPTION: ")
    assert problems("[]") == ["SCHEMA_VALIDATION_FAILED: Definition must be a valid JSON object at /"]  # recorded


@pytest.mark.parametrize(
    ("definition", "expected"),
    [
        # recorded
        ({"QueryLanguage": "JSONata"}, "SCHEMA_VALIDATION_FAILED: These fields are required: [States, StartAt] at /"),
        (
            machine({**PASS, "QueryLanguage": "JSONPath"}),  # recorded
            "SCHEMA_VALIDATION_FAILED: 'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state "
            "machine at /States/A",
        ),
        (machine({**PASS, "Catch": []}), "SCHEMA_VALIDATION_FAILED: Field 'Catch' is not supported at /States/A/Catch"),
        (machine({"Type": "Pass", "Next": "B"}), "MISSING_TRANSITION_TARGET: Missing 'Next' target: B at"),
        (machine(PASS, B=PASS), 'MISSING_TRANSITION_TARGET: State "B" is not reachable. at /States/B'),
        ({**machine(PASS), "StartAt": "Z"}, "MISSING_TRANSITION_TARGET: Missing 'StartAt' target: Z at /StartAt"),
        (machine({"Type": "Pass"}), "State must have exactly one of Next and End at /States/A"),
        (machine({"Type": "Pass", "End": True, "Next": "A"}), "State must have exactly one of Next and End"),
        (machine({"Type": "Sleep"}), "Value 'Sleep' is not a valid state type at /States/A/Type"),
        (machine({"End": True}), "These fields are required: [Type] at /States/A"),
        (machine({**CALL, "Resource": None} | {"Resource": "x"}), "The resource provided x is not recognized."),
        (machine({key: CALL[key] for key in ("Type", "End")}), "These fields are required: [Resource] at /States/A"),
        (machine({**PASS, "Parameters": {}}), "Field 'Parameters' is not supported at /States/A/Parameters"),
        (machine({**PASS, "ResultPath": "$"}), "Field 'ResultPath' is not supported"),
        (machine({**CALL, "Arguments": {"FunctionNam": "f"}}), 'The field "FunctionNam" is not supported by Step'),
        (machine({**CALL, "Arguments": {}}), 'The field "FunctionName" is required but was missing at'),
        (machine({**CALL, "TimeoutSeconds": 0}), "Value is not a whole number from 1 to 99999999"),
        (machine({**CALL, "TimeoutSeconds": 5, "HeartbeatSeconds": 5}), "HeartbeatSeconds must be smaller"),
        (machine({"Type": "Choice", "Choices": []}), "Choices must be a list of at least one rule"),
        (
            machine({"Type": "Choice", "Choices": [{"Variable": "$.a", "Next": "A"}]}),
            "Field 'Variable' is not supported at /States/A/Choices[0]/Variable",
        ),
        (machine({"Type": "Choice", "Choices": [{"Condition": "yes", "Next": "A"}]}), "not a JSONata expression"),
        (machine({"Type": "Choice", "Choices": [{"Condition": True}]}), "These fields are required: [Next]"),
        (machine({"Type": "Wait", "End": True}), "State must have exactly one of Seconds and Timestamp"),
        (machine({"Type": "Parallel", "Branches": [], "End": True}), "Branches must be a list of at least one branch"),
        (machine({"Type": "Map", "End": True}), "These fields are required: [ItemProcessor]"),
        (machine({**PASS, "Output": "{% 1 + %}"}), "The JSONata expression '1 +' is not valid: S0207"),
        (machine({**PASS, "Output": {"a": ["{% $eval('1') %}"]}}), "$eval is not supported at /States/A/Output/a[0]"),
        (machine({**PASS, "Assign": {"states": 1}}), "'states' is not a valid variable name"),
        (machine({**PASS, "Assign": {"a-b": 1}}), "'a-b' is not a valid variable name"),
        (machine({**CALL, "Retry": [{"ErrorEquals": []}]}), "ErrorEquals must be a list of at least one error name"),
        (
            machine({**CALL, "Retry": [{"ErrorEquals": ["States.ALL"]}, {"ErrorEquals": ["A"]}]}),
            "States.ALL must appear alone and in the last entry at /States/A/Retry[0]/ErrorEquals",
        ),
        (machine({**CALL, "Retry": [{"ErrorEquals": ["A"], "BackoffRate": 0.5}]}), "not a number of at least 1.0"),
        (machine({**CALL, "Retry": [{"ErrorEquals": ["A"], "Delay": 1}]}), "Field 'Delay' is not supported"),
        (machine({**CALL, "Catch": [{"ErrorEquals": ["A"]}]}), "These fields are required: [Next] at /States/A/Catch"),
        ({**machine(PASS), "TimeoutSecond": 1}, "Field 'TimeoutSecond' is not supported at /TimeoutSecond"),
        ({**machine(PASS), "TimeoutSeconds": "1"}, "Value is not a whole number from 1 to 99999999 at /TimeoutSeconds"),
        ({**machine(PASS), "QueryLanguage": "SQL"}, "Value 'SQL' is not one of JSONPath, JSONata at /QueryLanguage"),
        ({"StartAt": "A", "States": {"A": PASS}}, "Query language 'JSONPath' is not provided by local_aws: set"),
        (machine({"Type": "Fail", "End": True}), "Field 'End' is not supported"),
        (machine({"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage.sync", "End": True}), "not recognized"),
        (machine({"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:s3:fly", "End": True}), "not recognized"),
    ],
)
def test_refused(definition: dict[str, Any], expected: str) -> None:
    found = problems(definition)
    assert any(expected in problem for problem in found), found


def test_state_names_are_unique_in_the_whole_machine() -> None:
    inner = {"StartAt": "A", "States": {"A": PASS}}
    found = problems(machine({"Type": "Parallel", "Branches": [inner], "End": True}))
    assert found == ["DUPLICATE_STATE_NAME: Duplicate State name: A at /States/A/Branches[0]/States/A"]


def test_an_inner_scope_cannot_assign_an_outer_variable() -> None:
    inner = {"StartAt": "B", "States": {"B": {**PASS, "Assign": {"x": 2}}}}
    outer = {"Type": "Pass", "Assign": {"x": 1}, "Next": "C"}
    definition = machine(outer, C={"Type": "Map", "ItemProcessor": inner, "End": True})
    [found] = problems(definition)
    assert "Variable 'x' belongs to an outer scope" in found
    assert found.endswith("at /States/C/ItemProcessor/States/B/Assign/x")


def test_one_answer_names_every_problem() -> None:
    found = problems(machine({"Type": "Pass", "Next": "B", "Parameters": {}}, C={"Type": "Pass"}))
    assert len(found) == 4


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_any_damage_is_refused_or_accepted_but_never_crashes(data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(sorted(MACHINES.glob("*.asl.json"))))
    definition = json.loads(path.read_text())
    junk = st.none() | st.booleans() | st.integers() | st.text(max_size=3) | st.just([]) | st.just({})
    damage(definition, data, junk)
    problems(definition)


def damage(value: Any, data: st.DataObject, junk: st.SearchStrategy[Any]) -> None:
    """Replace one part, somewhere."""
    while isinstance(value, dict | list) and value:
        key = data.draw(st.sampled_from(list(value) if isinstance(value, dict) else range(len(value))))
        if not isinstance(value[key], dict | list) or not value[key] or data.draw(st.booleans()):
            value[key] = deepcopy(data.draw(junk))
            return
        value = value[key]
