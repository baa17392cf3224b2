"""Expressions that CreateStateMachine refuses, with its texts.

Measured with ValidateStateMachineDefinition; the rule: an expression has no context item,
https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from local_aws.services.states.definitions.check import diagnose


def problems(states: dict[str, Any]) -> list[str]:
    definition = {"QueryLanguage": "JSONata", "StartAt": next(iter(states)), "States": states}
    return [str(problem) for problem in diagnose(json.dumps(definition))]


def output(expression: str) -> list[str]:
    return problems({"E": {"Type": "Pass", "Output": {"v": "{% " + expression + " %}"}, "End": True}})


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("a[1,2)", 'Expected "]", got ","'),
        ('"unterminated', "String literal must be terminated by a matching quote"),
        ("1 +", "Unexpected end of expression"),
        ("$x :=", "Unexpected end of expression"),
        ('$match("a", /abc', "No terminating / in regular expression"),
        ("", "Unexpected end of expression"),
    ],
)
def test_syntax(expression: str, message: str) -> None:
    assert output(expression) == [f"INVALID_JSONATA_EXPRESSION: {message} at /States/E/Output/v"]


@pytest.mark.parametrize(
    ("expression", "names"),
    [
        ("phone", ["phone"]),
        ("phone[0]", ["phone"]),
        ("$.phone", ["$"]),
        ("aaa + bbb", ["aaa", "bbb"]),
        ("{'k': ccc}", ["ccc"]),
        ("$map($states.input.a, function($x){ b })", ["b"]),
        ("$states.input.a ? yes : $no", ["yes"]),
        ("($x := ddd; [$x, eee])", ["ddd", "eee"]),
    ],
)
def test_names_at_the_top_level(expression: str, names: list[str]) -> None:
    assert output(expression) == [
        f"UNSUPPORTED_JSONATA_EXPRESSION: Reference to '{name}' at the top level is not supported. "
        "at /States/E/Output/v"
        for name in names
    ]


@pytest.mark.parametrize(
    "expression",
    [
        "$states.input.phone",
        "$states.input.items[phone > 3]",
        "$states.input.items[$ > 3]",
        "$states.input.items.(a + $b)",
        "$map($states.input.a, function($x){ $x.phone })",
        "$states.input.a^(>price).b",
        "$phone",
        "$states.context.Execution.Id",
        "'{% phone %}'",
    ],
)
def test_what_is_anchored_is_accepted(expression: str) -> None:
    assert output(expression) == []


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("$$", "Reference to '$$' is not supported."),
        ("$states.input[a = $$.b]", "Reference to '$$' is not supported."),
        ("$states.errorOutput", "Field '$states.errorOutput' does not exist."),
        ("$states.result.x", "Field '$states.result' does not exist."),
        ("$states.inputs", "Field '$states.inputs' does not exist."),
    ],
)
def test_what_is_not_there(expression: str, message: str) -> None:
    assert output(expression) == [f"UNSUPPORTED_JSONATA_EXPRESSION: {message} at /States/E/Output/v"]


def test_result_and_error_output_exist_where_there_are_any() -> None:
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Arguments": {"FunctionName": "f", "Payload": "{% $states.result %}"},
        "Output": "{% $states.result %}",
        "Assign": {"a": "{% $states.result %}"},
        "Catch": [
            {
                "ErrorEquals": ["States.ALL"],
                "Output": "{% $states.errorOutput %}",
                "Assign": {"b": "{% [$states.errorOutput, $states.result] %}"},
                "Next": "F",
            }
        ],
        "End": True,
    }
    assert problems({"E": task, "F": {"Type": "Fail"}}) == [
        "UNSUPPORTED_JSONATA_EXPRESSION: Field '$states.result' does not exist. at /States/E/Arguments/Payload",
        "UNSUPPORTED_JSONATA_EXPRESSION: Field '$states.result' does not exist. at /States/E/Catch[0]/Assign/b",
    ]


@pytest.mark.parametrize(
    ("state", "location"),
    [
        ({"Type": "Pass", "Assign": {"Next": "{% p %}"}, "End": True}, "/States/E/Assign/Next"),
        ({"Type": "Wait", "Seconds": "{% p %}", "End": True}, "/States/E/Seconds"),
        ({"Type": "Wait", "Timestamp": "{% p %}", "End": True}, "/States/E/Timestamp"),
        ({"Type": "Fail", "Cause": "{% p %}"}, "/States/E/Cause"),
        ({"Type": "Pass", "Output": {"a": {"b": ["{% p %}"]}}, "End": True}, "/States/E/Output/a/b[0]"),
        (
            {"Type": "Choice", "Choices": [{"Condition": "{% p = 1 %}", "Next": "Z"}], "Default": "Z"},
            "/States/E/Choices[0]/Condition",
        ),
        (
            {
                "Type": "Map",
                "Items": "{% p %}",
                "ItemProcessor": {"StartAt": "I", "States": {"I": {"Type": "Succeed"}}},
                "End": True,
            },
            "/States/E/Items",
        ),
        (
            {
                "Type": "Parallel",
                "Branches": [{"StartAt": "I", "States": {"I": {"Type": "Succeed", "Output": "{% p %}"}}}],
                "End": True,
            },
            "/States/E/Branches[0]/States/I/Output",
        ),
    ],
)
def test_the_location_leads_to_the_field(state: dict[str, Any], location: str) -> None:
    others = {"Z": {"Type": "Succeed"}} if state["Type"] == "Choice" else {}
    [found] = problems({"E": state, **others})
    assert found.endswith(f" at {location}")


def test_comments_and_error_names_are_no_expressions() -> None:
    task = {
        "Type": "Task",
        "Comment": "{% phone %}",
        "Resource": "arn:aws:states:::aws-sdk:s3:listBuckets",
        "Retry": [{"ErrorEquals": ["{% phone %}"]}],
        "End": True,
    }
    assert problems({"E": task}) == []
