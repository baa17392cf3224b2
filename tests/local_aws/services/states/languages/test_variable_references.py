"""Which variables a definition's states read.

https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeStateMachine.html; the answers for JSONPath
are as recorded on AWS.
"""

from __future__ import annotations

from typing import Any

from local_aws.services.states.languages.variable_references import variable_references


def references(states: dict[str, Any], language: str = "JSONPath") -> dict[str, list[str]]:
    return variable_references({"QueryLanguage": language, "StartAt": next(iter(states)), "States": states})


def test_jsonpath_reads_in_paths_templates_functions_and_rules() -> None:
    states = {
        "Set": {"Type": "Pass", "Parameters": {"result": "$result"}, "Assign": {"result": "foobar"}, "Next": "Check"},
        "Check": {
            "Type": "Choice",
            "Choices": [{"And": [{"Variable": "$guess.a", "StringEqualsPath": "$answer"}], "Next": "Wait"}],
        },
        "Wait": {"Type": "Wait", "SecondsPath": "$waitTime", "Next": "Each"},
        "Each": {
            "Type": "Map",
            "ItemsPath": "$items",
            "ItemProcessor": {
                "StartAt": "Sum",
                "States": {"Sum": {"Type": "Pass", "Assign": {"S.$": "States.MathAdd($y, States.MathAdd($x, $.n))"}}},
            },
        },
    }
    assert references(states) == {
        "Check": ["answer", "guess"],
        "Each": ["items"],
        "Sum": ["x", "y"],
        "Wait": ["waitTime"],
    }


def test_jsonata_reads_what_it_does_not_bind() -> None:
    expression = "($x := $a; $states.input.l[p > $b]{$c: 1} ~> $map(function($v){ $v + $e }))^(>$f) ~> $count()"
    state = {"Type": "Pass", "Output": {"deep": ["{% " + expression + " %}", "$not"]}, "Assign": {"z": "{% $x %}"}}
    assert references({"A": state}, "JSONata") == {"A": ["a", "b", "c", "e", "f", "x"]}


def test_each_state_is_read_in_its_own_language() -> None:
    states = {
        "Path": {"Type": "Pass", "Parameters": {"a.$": "$v", "b": "{% $w %}"}},
        "Ata": {"Type": "Pass", "QueryLanguage": "JSONata", "Output": {"a.$": "$v", "b": "{% $w %}"}},
    }
    assert references(states) == {"Path": ["v"], "Ata": ["w"]}
