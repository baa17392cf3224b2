"""What CreateStateMachine refuses of JSONPath states and of Maps, and what it warns of.

Texts are ValidateStateMachineDefinition's, as measured; the rules are those of
https://docs.aws.amazon.com/step-functions/latest/dg/amazon-states-language-paths.html.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from local_aws.services.states.definitions.check import check, diagnose
from local_aws.services.states.definitions.problems import Problem

PASS = {"Type": "Pass", "End": True}
CALL = {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "End": True}
INNER = {"StartAt": "I", "States": {"I": PASS}}
MAP = {"Type": "Map", "ItemProcessor": INNER, "End": True}
DISTRIBUTED = {**INNER, "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}}
LARGE = {"Type": "Map", "ItemProcessor": DISTRIBUTED, "End": True}
GET, LIST, PUT = (f"arn:aws:states:::s3:{call}" for call in ("getObject", "listObjectsV2", "putObject"))


def found(state: dict[str, Any], **others: dict[str, Any]) -> list[Problem]:
    return diagnose(json.dumps({"StartAt": "A", "States": {"A": state, **others}}))


def texts(state: dict[str, Any], **others: dict[str, Any]) -> list[str]:
    return [str(problem) for problem in found(state, **others)]


def choice(**rule: Any) -> dict[str, Any]:
    return {"Type": "Choice", "Choices": [{"Next": "B", **rule}], "Default": "B"}


@pytest.mark.parametrize(
    "state",
    [
        {**PASS, "InputPath": None, "OutputPath": None, "ResultPath": None},
        {**PASS, "InputPath": "$$.Execution", "OutputPath": "$.a[*].b", "ResultPath": "$.a['b c'][0]"},
        {**PASS, "Parameters": {"a.$": "$.b[?(@.c > 1)]", "d.$": "States.UUID()", "e": "text", "f.$": "$var.x"}},
        {**PASS, "Result": None, "Comment": "says"},
        {**PASS, "Parameters": {"v": "{% phone %}"}},
        {**CALL, "TimeoutSecondsPath": "$.t", "HeartbeatSecondsPath": "$h", "Retry": [{"ErrorEquals": ["A"]}]},
        {**CALL, "Parameters": {"FunctionName.$": "$.f"}, "ResultSelector": {"a.$": "$.Payload"}},
        {**CALL, "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": None, "Next": "A", "Comment": "so"}]},
        {"Type": "Wait", "SecondsPath": "$.s", "End": True},
        {"Type": "Wait", "Timestamp": "2024-01-01T00:00:00+01:00", "End": True},
        {"Type": "Fail", "ErrorPath": "$.e", "CausePath": "States.Format('{}', $.c)"},
        {**MAP, "ItemsPath": "$.l", "MaxConcurrencyPath": "$.m", "ItemSelector": {"v.$": "$$.Map.Item.Value"}},
        {"Type": "Map", "Iterator": INNER, "Parameters": {"v.$": "$$.Map.Item.Value"}, "End": True},
        {**CALL, "Resource": "arn:aws:states:eu-west-1:123456789012:activity:by-hand"},
        {**LARGE, "Label": "big", "ToleratedFailurePercentage": 5.5, "ToleratedFailureCountPath": "$.c"},
        {**LARGE, "ItemReader": {"Resource": LIST, "Parameters": {"Bucket.$": "$.b"}}},
        {
            **LARGE,
            "ItemReader": {
                "Resource": GET,
                "ReaderConfig": {"InputType": "CSV", "CSVHeaderLocation": "GIVEN", "CSVHeaders": ["a"], "MaxItems": 9},
                "Parameters": {"Bucket": "b", "Key": "k"},
            },
            "ItemBatcher": {"MaxItemsPerBatch": 10, "BatchInput": {"a.$": "$.a"}},
            "ResultWriter": {"Resource": PUT, "Parameters": {"Bucket": "b"}},
        },
    ],
)
def test_accepted(state: dict[str, Any]) -> None:
    assert texts(state) == []


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ({**PASS, "InputPath": "a"}, "Value must be a valid JSONPath. at /States/A/InputPath"),
        ({**PASS, "OutputPath": "$.a["}, "Value must be a valid JSONPath. at /States/A/OutputPath"),
        ({**PASS, "ResultPath": "a"}, "Value is not a Reference Path: Reference path didn't start with '$' at"),
        ({**PASS, "ResultPath": "$.a[*]"}, "Value is not a Reference Path: '$.a[*]' does not identify"),
        ({**PASS, "ResultPath": "$$.a"}, "Value is not a Reference Path: a result can be put into the input"),
        (
            {**PASS, "Parameters": {"a": [{"b.$": "x"}]}},
            "The value for the field 'b.$' must be a valid JSONPath or a valid intrinsic function call "
            "at /States/A/Parameters/a[0]",
        ),
        ({**PASS, "Parameters": {"b.$": "States.Nope()"}}, "The value for the field 'b.$' must be a valid JSONPath"),
        ({**PASS, "Parameters": {"b.$": "States.UUID(1)"}}, "The value for the field 'b.$' must be a valid JSONPath"),
        ({**PASS, "Parameters": {"b.$": r"States.Format('a\n')"}}, "The value for the field 'b.$' must be"),
        (
            {**PASS, "Output": 1},
            "The QueryLanguage is set to 'JSONPath', but field 'Output' is only supported for the 'JSONata' "
            "QueryLanguage at /States/A",
        ),
        ({**PASS, "ResultSelector": {}}, "Field 'ResultSelector' is not supported at /States/A"),
        ({**PASS, "Assign": {"states.$": "$.a"}}, "Cannot assign to reserved variable '$states'."),
        ({**PASS, "Assign": {"x.$": "y"}}, "The value for the field 'x.$' must be a valid JSONPath"),
        (
            {**CALL, "TimeoutSeconds": 1, "TimeoutSecondsPath": "$.t"},
            "There should only be one of the following fields: [TimeoutSeconds, TimeoutSecondsPath] at /States/A",
        ),
        ({**CALL, "TimeoutSecondsPath": "$.a[0:2]"}, "Value is not a Reference Path"),
        ({**CALL, "Parameters": {"Function.$": "$.f"}}, 'The field "Function" is not supported by Step Functions'),
        ({**CALL, "Catch": [{"ErrorEquals": ["A"], "Next": "A", "Output": 1}]}, "field 'Output' is only supported for"),
        ({**CALL, "Catch": [{"ErrorEquals": ["A"], "Next": "A", "ResultPath": "$..a"}]}, "Value is not a Reference"),
        ({"Type": "Wait", "Seconds": 1, "SecondsPath": "$.s", "End": True}, "There should only be one of"),
        ({"Type": "Wait", "Seconds": "$.s", "End": True}, "Expected value of type Integer at /States/A/Seconds"),
        ({"Type": "Fail", "Error": "E", "ErrorPath": "$.e"}, "There should only be one of the following fields: [Er"),
        ({"Type": "Fail", "CausePath": "c"}, "The value for the field 'CausePath' must be a valid JSONPath"),
        ({**MAP, "ItemsPath": "$.a[?(@.b)]"}, "Value is not a Reference Path"),
        ({**MAP, "Iterator": INNER}, "There should only be one of the following fields: [ItemProcessor, Iterator]"),
        ({**MAP, "MaxConcurrency": -1}, "Minimum value is 0 at /States/A/MaxConcurrency"),
        ({**MAP, "TimeoutSeconds": 5}, "Field 'TimeoutSeconds' is not supported at /States/A"),
        ({**MAP, "Label": "l"}, "Field 'Label' is supported in Map states of mode DISTRIBUTED only"),
        (
            {**MAP, "ItemProcessor": {**INNER, "QueryLanguage": "JSONata"}},
            "Field 'QueryLanguage' is not supported at /States/A/ItemProcessor",
        ),
        ({**MAP, "ItemProcessor": {**INNER, "ProcessorConfig": {"Mode": "DISTRIBUTED"}}}, "required: [ExecutionType]"),
        ({**LARGE, "ToleratedFailurePercentage": 101}, "Maximum value is 100 at"),
        ({**LARGE, "Label": "l" * 41}, "INVALID_LABEL_NAME: Label"),
        ({**LARGE, "ItemReader": {"Resource": PUT}}, "The field 'Resource' does not match any of the allowed values"),
        (
            {**LARGE, "ItemReader": {"Resource": GET, "ReaderConfig": {"InputType": "CSV"}}},
            "The field 'CSVHeaderLocation' is required at /States/A/ItemReader/ReaderConfig",
        ),
        ({**LARGE, "ItemReader": {"Resource": GET, "ReaderConfig": {"InputType": "XML"}}}, "Value should be one of"),
        ({**LARGE, "ItemBatcher": {}}, "One of MaxItemsPerBatch and MaxInputBytesPerBatch is required"),
        ({**LARGE, "ItemBatcher": {"MaxInputBytesPerBatch": 262145}}, "Maximum value is 262144"),
        ({**LARGE, "ResultWriter": {}}, "ResultWriter must have WriterConfig, or Resource"),
        ({**LARGE, "ResultWriter": {"Resource": PUT}}, "These fields are required: [Parameters]"),
        (
            {**LARGE, "ResultWriter": {"Resource": PUT, "Arguments": {}, "Parameters": {}}},
            "field 'Arguments' is only supported for the 'JSONata' QueryLanguage at /States/A/ResultWriter",
        ),
    ],
)
def test_refused(state: dict[str, Any], expected: str) -> None:
    problems = texts(state)
    assert any(expected in problem for problem in problems), problems


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({"Variable": "a", "IsNull": True}, "Value is not a Reference Path: Reference path didn't start with '$'"),
        ({"Variable": "States.UUID()", "IsNull": True}, "Reference path didn't start with '$'"),
        ({"Variable": "$.a", "StringEqualsPath": "b"}, "Reference path didn't start with '$'"),
        ({"Variable": "$.a"}, "This object should have one comparison operator at /States/A/Choices[0]"),
        ({"Variable": "$.a", "IsNull": True, "IsString": True}, "There should only be one of the following fields"),
        ({}, "The object must have only one of the following fields, [And, Or, Not, Variable, Condition]"),
        ({"And": []}, "Value cannot be empty at /States/A/Choices[0]/And"),
        ({"Not": {"Variable": "$.a", "IsNull": True, "Next": "B"}}, "Field 'Next' is not supported at"),
        ({"Variable": "$.a", "NumericEquals": "1"}, "Expected value of type Number"),
        ({"Variable": "$.a", "BooleanEquals": 1}, "Expected value of type [BOOLEAN]"),
        ({"Variable": "$.a", "TimestampEquals": "noon"}, "String does not match RFC3339 timestamp"),
        ({"Condition": "{% true %}"}, "field 'Condition' is only supported for the 'JSONata' QueryLanguage"),
        ({"Variable": "$.a", "NumericEqual": 1}, "Field 'NumericEqual' is not supported"),
    ],
)
def test_choice_rules(rule: dict[str, Any], expected: str) -> None:
    problems = texts(choice(**rule), B=PASS)
    assert any(expected in problem for problem in problems), problems


def test_a_states_own_language_does_not_reach_the_states_inside_it() -> None:
    """Measured: a Map in JSONata leaves the states of its processor with the machine's JSONPath."""
    inner = {"StartAt": "I", "States": {"I": {**PASS, "Output": "{% 1 %}"}}}
    [problem] = texts({"Type": "Map", "QueryLanguage": "JSONata", "ItemProcessor": inner, "End": True})
    assert problem.endswith("for the 'JSONata' QueryLanguage at /States/A/ItemProcessor/States/I")
    inner["States"]["I"]["QueryLanguage"] = "JSONata"
    assert texts({"Type": "Map", "QueryLanguage": "JSONata", "ItemProcessor": inner, "End": True}) == []


def test_warnings_prevent_nothing() -> None:
    """https://docs.aws.amazon.com/step-functions/latest/apireference/API_ValidateStateMachineDefinitionDiagnostic.html"""
    state = {**PASS, "Parameters": {"a": "$.b", "c": "States.UUID()", "d": "$5"}, "Next": "B"}
    states = {"A": {key: part for key, part in state.items() if key != "End"}}
    states["B"] = {"Type": "Pass", "Result": {"x.$": "$.y"}, "Next": "C"}
    states["C"] = {"Type": "Fail", "Cause": "$.cause"}
    text = json.dumps({"StartAt": "A", "States": states})
    assert [(one.severity, one.code, one.location) for one in diagnose(text)] == [
        ("WARNING", "NO_DOLLAR", "/States/A/Parameters/a"),
        ("WARNING", "NO_DOLLAR", "/States/A/Parameters/c"),
        ("WARNING", "PASS_RESULT_IS_STATIC", "/States/B/Result/x.$"),
        ("WARNING", "NO_PATH", "/States/C/Cause"),
    ]
    assert check(text)["StartAt"] == "A"


def test_labels_are_unique() -> None:
    second = {**LARGE, "ItemProcessor": {**DISTRIBUTED, "StartAt": "J", "States": {"J": PASS}}, "Label": "l"}
    problems = texts({**{k: v for k, v in LARGE.items() if k != "End"}, "Label": "l", "Next": "B"}, B=second)
    assert problems == ["DUPLICATE_LABEL_NAME: Duplicate Label name: l at /States/B/Label"]


def test_a_child_of_a_distributed_map_may_reuse_the_names_of_variables() -> None:
    """https://docs.aws.amazon.com/step-functions/latest/dg/workflow-variables.html: it sees none of the outer ones."""
    first = {"Type": "Pass", "Assign": {"x": 1}, "Next": "B"}
    states = {"I": {**PASS, "Assign": {"x": 2}}}
    assert texts(first, B={**LARGE, "ItemProcessor": {**DISTRIBUTED, "States": states}}) == []
    inline = texts(first, B={**MAP, "ItemProcessor": {**INNER, "States": states}})
    assert "Variable 'x' belongs to an outer scope" in inline[0]


@pytest.mark.parametrize("depth", [60, 900])
def test_what_is_nested_too_deeply_is_refused(depth: int) -> None:
    block: dict[str, Any] = {"StartAt": "S", "States": {"S": PASS}}
    for level in range(depth):
        block = {"StartAt": f"M{level}", "States": {f"M{level}": {**MAP, "ItemProcessor": block}}}
    assert any(problem.code == "TOO_DEEPLY_NESTED" for problem in diagnose(json.dumps(block)))
