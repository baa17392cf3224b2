"""Templates are read as CloudFormation reads them."""

from __future__ import annotations

import json

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from local_aws.api import ApiError
from local_aws.services.cloudformation.graph import creation_order
from local_aws.services.cloudformation.intrinsics import Scope, references, resolve
from local_aws.services.cloudformation.parameters import parameter_values, shown
from local_aws.services.cloudformation.template import parse_template

RESOURCE = {"Type": "AWS::SNS::Topic"}


def scope(**names: object) -> Scope:
    return Scope(
        parameters={"Stage": "dev", "Subnets": ["a", "b"], **names},
        pseudo={"AWS::Region": "us-east-1", "AWS::AccountId": "123456789012"},
        mappings={"Sizes": {"dev": {"memory": 128}}},
        conditions={
            "IsDev": {"Fn::Equals": [{"Ref": "Stage"}, "dev"]},
            "IsProd": {"Fn::Not": [{"Condition": "IsDev"}]},
        },
        resource_names=frozenset({"Queue"}),
        physical_ids={"Queue": "http://queue"},
        attributes={"Queue": {"Arn": "arn:queue"}},
    )


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("!Ref Queue", {"Ref": "Queue"}),
        ("!GetAtt Queue.Arn", {"Fn::GetAtt": ["Queue", "Arn"]}),
        ("!GetAtt [Queue, Arn]", {"Fn::GetAtt": ["Queue", "Arn"]}),
        ("!Sub '${Queue}-x'", {"Fn::Sub": "${Queue}-x"}),
        ("!Sub ['${A}', {A: !Ref Queue}]", {"Fn::Sub": ["${A}", {"A": {"Ref": "Queue"}}]}),
        ("!Join ['', [a, !Ref Queue]]", {"Fn::Join": ["", ["a", {"Ref": "Queue"}]]}),
        ("!If [IsDev, 1, !Ref AWS::NoValue]", {"Fn::If": ["IsDev", 1, {"Ref": "AWS::NoValue"}]}),
        ("!Condition IsDev", {"Condition": "IsDev"}),
        ("2012-10-17", "2012-10-17"),
    ],
)
def test_short_forms_become_long_forms(text: str, plain: object) -> None:
    template = parse_template(f"Resources:\n  T:\n    Type: AWS::SNS::Topic\n    Properties: {{X: {text}}}\n")
    assert template.resources["T"]["Properties"]["X"] == plain


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"Ref": "Stage"}, "dev"),
        ({"Ref": "Queue"}, "http://queue"),
        ({"Ref": "AWS::Region"}, "us-east-1"),
        ({"Fn::GetAtt": ["Queue", "Arn"]}, "arn:queue"),
        ({"Fn::GetAtt": "Queue.Arn"}, "arn:queue"),
        ({"Fn::Sub": "${Stage}:${Queue.Arn}:${AWS::AccountId}:${!Literal}"}, "dev:arn:queue:123456789012:${Literal}"),
        ({"Fn::Sub": ["${A}-${Stage}", {"A": {"Ref": "Queue"}}]}, "http://queue-dev"),
        ({"Fn::Join": [",", {"Ref": "Subnets"}]}, "a,b"),
        ({"Fn::Select": ["1", {"Ref": "Subnets"}]}, "b"),
        ({"Fn::Split": [":", "a:b"]}, ["a", "b"]),
        ({"Fn::FindInMap": ["Sizes", {"Ref": "Stage"}, "memory"]}, 128),
        ({"Fn::Base64": "x"}, "eA=="),
        ({"a": {"Fn::If": ["IsProd", 1, {"Ref": "AWS::NoValue"}]}, "b": 2}, {"b": 2}),
        ([{"Fn::If": ["IsDev", 1, 2]}, {"Ref": "AWS::NoValue"}], [1]),
        ({"Fn::And": [{"Condition": "IsDev"}, {"Condition": "IsProd"}]}, False),
        ({"Fn::Or": [{"Condition": "IsDev"}, {"Condition": "IsProd"}]}, True),
        ({"Fn::Equals": [True, "true"]}, True),
    ],
)
def test_functions_yield(value: object, expected: object) -> None:
    assert resolve(value, scope()) == expected


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ({"Ref": "Nobody"}, "Unresolved resource dependency"),
        ({"Fn::GetAtt": ["Queue", "Colour"]}, "does not support attribute Colour"),
        ({"Fn::Sub": "${Nobody.Arn}"}, "undefined resource Nobody"),
        ({"Fn::Select": [9, [1]]}, "nonexistent value at index 9"),
        ({"Fn::FindInMap": ["Sizes", "none", "memory"]}, "finds no Sizes.none.memory"),
        ({"Fn::Transform": {}}, "Fn::Transform is not provided"),
        ({"Fn::If": ["Unheard", 1, 2]}, "unresolved condition dependency Unheard"),
    ],
)
def test_what_cannot_be_resolved_is_named(value: object, problem: str) -> None:
    with pytest.raises(ApiError, match=problem):
        resolve(value, scope())


def test_resources_come_after_all_they_mention() -> None:
    template = parse_template(
        json.dumps(
            {
                "Parameters": {"P": {"Type": "String"}},
                "Resources": {
                    "A": {**RESOURCE, "Properties": {"X": {"Fn::Sub": "${B.Arn}-${P}-${AWS::Region}"}}},
                    "B": {**RESOURCE, "DependsOn": "C"},
                    "C": {**RESOURCE, "Properties": {"X": [{"Fn::GetAtt": ["D", "Arn"]}]}},
                    "D": RESOURCE,
                },
            }
        )
    )
    assert creation_order(template, ["A", "B", "C", "D"]) == ["D", "C", "B", "A"]


@pytest.mark.parametrize(
    ("resources", "problem"),
    [
        (
            {"A": {**RESOURCE, "DependsOn": ["B"]}, "B": {**RESOURCE, "DependsOn": ["A"]}},
            r"Circular dependency.*\[A, B\]",
        ),
        ({"A": {**RESOURCE, "Properties": {"X": {"Ref": "Gone"}}}}, r"Unresolved resource dependencies \['Gone'\]"),
    ],
)
def test_impossible_orders_are_refused(resources: dict[str, object], problem: str) -> None:
    template = parse_template(json.dumps({"Resources": resources}))
    with pytest.raises(ApiError, match=problem):
        creation_order(template, list(template.resources))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[]", "not a mapping"),
        ("{", "JSON not well-formed"),
        ("a: [", "YAML not well-formed"),
        ("Resources: {}", "At least one Resources member"),
        ("Ressources: {}", "Invalid template property"),
        ("Resources: {A: {Properties: {}}}", "must contain a Type"),
        ("Resources: {A: {Type: 'AWS::SNS::Topic', Propertys: {}}}", "unsupported properties"),
        ("Resources:\n  A: {Type: 'AWS::SNS::Topic'}\n  A: {Type: 'AWS::SNS::Topic'}", "duplicate key 'A'"),
    ],
)
def test_malformed_templates_are_refused(text: str, problem: str) -> None:
    with pytest.raises(ApiError, match=problem) as raised:
        parse_template(text)
    assert raised.value.code == "ValidationError"


DECLARED = {
    "Name": {"Type": "String", "AllowedPattern": "[a-z]+", "MaxLength": 5},
    "Size": {"Type": "Number", "Default": 3, "MinValue": 1, "MaxValue": 9},
    "Stage": {"Type": "String", "Default": "dev", "AllowedValues": ["dev", "prod"]},
    "Password": {"Type": "String", "Default": "", "NoEcho": True},
}


def given_values(**values: str) -> list[dict[str, object]]:
    return [{"ParameterKey": key, "ParameterValue": value} for key, value in values.items()]


def test_parameters_given_previous_and_default() -> None:
    values = parameter_values(
        DECLARED, [*given_values(Size="4"), {"ParameterKey": "Name", "UsePreviousValue": True}], {"Name": "old"}
    )
    assert values == {"Name": "old", "Size": "4", "Stage": "dev", "Password": ""}


def test_hidden_parameters_are_not_shown() -> None:
    values = parameter_values(DECLARED, given_values(Name="a", Password="hunter2"), {})
    assert {"ParameterKey": "Password", "ParameterValue": "****"} in shown(DECLARED, values)
    assert "hunter2" not in str(shown(DECLARED, values))


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({}, r"\['Name'\] must have values"),
        ({"Name": "a", "Other": "b"}, r"\['Other'\] do not exist"),
        ({"Name": "A"}, "must match pattern"),
        ({"Name": "abcdef"}, "MaxLength 5"),
        ({"Name": "a", "Size": "x"}, "must be a number"),
        ({"Name": "a", "Size": "0"}, "not less than 1"),
        ({"Name": "a", "Size": "10"}, "not greater than 9"),
        ({"Name": "a", "Stage": "test"}, "AllowedValues"),
    ],
)
def test_wrong_parameters_are_refused(values: dict[str, str], problem: str) -> None:
    with pytest.raises(ApiError, match=problem):
        parameter_values(DECLARED, given_values(**values), {})


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["Cs", "Cc"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)


@given(PLAIN)
def test_values_without_functions_pass_unchanged_in_yaml_and_json(value: object) -> None:
    document = {"Resources": {"T": {**RESOURCE, "Properties": {"X": value}}}}
    for text in (json.dumps(document), yaml.safe_dump(document)):
        properties = parse_template(text).resources["T"]["Properties"]
        assert resolve(properties, scope()) == {"X": value}
        assert list(references(properties)) == []
