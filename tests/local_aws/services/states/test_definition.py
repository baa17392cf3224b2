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

from local_aws.services.states.definitions.check import check, diagnose
from local_aws.services.states.definitions.problems import DefinitionError

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
    [found] = diagnose("not a definition")
    assert (found.code, found.location, found.message) == (
        "INVALID_JSON_DESCRIPTION",
        '[Source: (String)"not a definition"; line: 1, column: 4]',
        "Unrecognized token 'not': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or "
        "'false')\n at [Source: (String)\"not a definition\"; line: 1, column: 4]",
    )  # recorded
    assert problems("") == ["SCHEMA_VALIDATION_FAILED: Definition must be a valid JSON object at null"]  # recorded
    assert problems("[]") == ["SCHEMA_VALIDATION_FAILED: Definition must be a valid JSON object at /"]  # recorded
    assert problems('{"StartAt": NaN}')[0].startswith("INVALID_JSON_DESCRIPTION: ")


def test_a_definition_may_have_one_mebibyte() -> None:
    """https://docs.aws.amazon.com/step-functions/latest/apireference/API_CreateStateMachine.html"""
    text = json.dumps(machine({**PASS, "Comment": "x" * 1_048_576}))
    assert problems(text) == ["SCHEMA_VALIDATION_FAILED: Definition must be at most 1048576 bytes long at null"]


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
        # The texts below are ValidateStateMachineDefinition's, as measured in September 2026.
        (machine({**PASS, "Catch": []}), "SCHEMA_VALIDATION_FAILED: Field 'Catch' is not supported at /States/A"),
        (machine({"Type": "Pass", "Next": "B"}), "MISSING_TRANSITION_TARGET: Missing 'Next' target: B at"),
        (machine(PASS, B=PASS), 'MISSING_TRANSITION_TARGET: State "B" is not reachable. at /States/B'),
        ({**machine(PASS), "StartAt": "Z"}, "MISSING_TRANSITION_TARGET: Missing 'Next' target: Z at /StartAt"),
        (
            machine({"Type": "Pass"}),
            "This object should have only one of the following fields: [Next, End] at /States/A",
        ),
        (
            machine({"Type": "Pass", "End": True, "Next": "A"}),
            "There should only be one of the following fields: [Next, End] at /States/A",
        ),
        (
            machine({"Type": "Sleep"}),
            "Value should be one of the following: [Choice, Fail, Map, Parallel, Pass, Succeed",
        ),
        (machine({"End": True}), "These fields are required: [Type] at /States/A"),
        (machine({**CALL, "Resource": "x"}), "Value is not a valid resource ARN at /States/A/Resource"),
        (machine({**CALL, "Resource": "arn:aws:states:::none:do"}), "arn:aws:states:::none:do is not recognized."),
        (machine({key: CALL[key] for key in ("Type", "End")}), "These fields are required: [Resource] at /States/A"),
        (
            machine({**PASS, "Parameters": {}}),
            "The QueryLanguage is set to 'JSONata', but field 'Parameters' is only supported for the 'JSONPath' "
            "QueryLanguage at /States/A",
        ),
        (machine({**CALL, "Arguments": {"FunctionNam": "f"}}), 'The field "FunctionNam" is not supported by Step'),
        (machine({**CALL, "Arguments": {}}), 'The field "FunctionName" is required but was missing at'),
        (machine({**CALL, "TimeoutSeconds": 0}), "Minimum value is 1 at /States/A/TimeoutSeconds"),
        (machine({**CALL, "TimeoutSeconds": 100_000_000}), "Maximum value is 99999999 at /States/A/TimeoutSeconds"),
        (machine({**CALL, "TimeoutSeconds": "1"}), "Expected value of type Integer at /States/A/TimeoutSeconds"),
        (machine({**CALL, "TimeoutSeconds": 5, "HeartbeatSeconds": 5}), "HeartbeatSeconds must be smaller"),
        (machine({"Type": "Choice", "Choices": []}), "Value cannot be empty at /States/A/Choices"),
        (
            machine({"Type": "Choice", "Choices": [{"Variable": "$.a", "Next": "A"}]}),
            "field 'Variable' is only supported for the 'JSONPath' QueryLanguage at /States/A/Choices[0]",
        ),
        (machine({"Type": "Choice", "Choices": [{"Condition": "yes", "Next": "A"}]}), "not a JSONata expression"),
        (machine({"Type": "Choice", "Choices": [{"Condition": True}]}), "These fields are required: [Next]"),
        (
            machine({"Type": "Wait", "End": True}),
            "only one of the following fields: [SecondsPath, Seconds, TimestampPath, Timestamp] at /States/A",
        ),
        (machine({"Type": "Wait", "Seconds": -1, "End": True}), "Minimum value is 0 at /States/A/Seconds"),
        (machine({"Type": "Wait", "Timestamp": "soon", "End": True}), "String does not match RFC3339 timestamp at"),
        (machine({"Type": "Parallel", "Branches": [], "End": True}), "Value cannot be empty at /States/A/Branches"),
        (machine({"Type": "Map", "End": True}), "only one of the following fields: [ItemProcessor, Iterator]"),
        (
            machine({**PASS, "Output": "{% 1 + %}"}),
            "INVALID_JSONATA_EXPRESSION: Unexpected end of expression at /States/A/Output",
        ),
        (machine({**PASS, "Output": {"a": ["{% $eval('1') %}"]}}), "$eval is not supported at /States/A/Output/a[0]"),
        (machine({**PASS, "Output": "{% 1"}), "JSONata string must start with {% and end with %} at /States/A/Output"),
        (
            machine({**PASS, "Assign": {"states": 1}}),
            "RESERVED_VARIABLE_NAME: Cannot assign to reserved variable '$states'. at /States/A/Assign/states",
        ),
        (
            machine({**PASS, "Assign": {"a-b": 1}}),
            "INVALID_VARIABLE_NAME: Invalid variable name 'a-b': the variable name contains invalid characters. at",
        ),
        (machine({**PASS, "Assign": {"a" * 81: 1}}), "the variable name exceeds 80 characters"),
        (machine({**CALL, "Retry": [{}]}), "These fields are required: [ErrorEquals] at /States/A/Retry[0]"),
        (machine({**CALL, "Retry": [{"ErrorEquals": []}]}), "Value cannot be empty at /States/A/Retry[0]/ErrorEquals"),
        (
            machine({**CALL, "Retry": [{"ErrorEquals": ["States.ALL"]}, {"ErrorEquals": ["A"]}]}),
            "States.ALL must appear alone and at end of list at /States/A/Retry[0]/ErrorEquals",
        ),
        (machine({**CALL, "Retry": [{"ErrorEquals": ["A"], "BackoffRate": 0.5}]}), "Minimum value is 1 at"),
        (
            machine({**CALL, "Retry": [{"ErrorEquals": ["A"], "MaxDelaySeconds": 31622401}]}),
            "Maximum value is 31622400",
        ),
        (
            machine({**CALL, "Retry": [{"ErrorEquals": ["A"], "JitterStrategy": "SOME"}]}),
            "Value should be one of the following: [NONE, FULL] at /States/A/Retry[0]/JitterStrategy",
        ),
        (machine({**CALL, "Retry": [{"ErrorEquals": ["A"], "Delay": 1}]}), "Field 'Delay' is not supported"),
        (machine({**CALL, "Catch": [{"ErrorEquals": ["A"]}]}), "These fields are required: [Next] at /States/A/Catch"),
        ({**machine(PASS), "TimeoutSecond": 1}, "Field 'TimeoutSecond' is not supported at /"),
        ({**machine(PASS), "TimeoutSeconds": "1"}, "Expected value of type Integer at /TimeoutSeconds"),
        ({**machine(PASS), "Version": "2.0"}, "Value should be one of the following: [1.0] at /Version"),
        (
            {**machine(PASS), "QueryLanguage": "SQL"},
            "Value should be one of the following: [JSONPath, JSONata] at /QueryLanguage",
        ),
        ({**machine(PASS), "QueryLanguage": 5}, "Expected value of type [STRING] at /QueryLanguage"),
        (machine({"Type": "Fail", "End": True}), "Field 'End' is not supported"),
        (machine({"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage.sync", "End": True}), "not recognized"),
        (machine({"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:s3:fly", "End": True}), "not recognized"),
        (
            {"QueryLanguage": "JSONata", "StartAt": "x" * 81, "States": {"x" * 81: PASS}},
            "exceeds the 80-character limit allowed by the service",
        ),
        (machine({"Type": "Pass", "Next": "A"}), "MISSING_END_STATE: Workflow has no terminal state at null"),
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
