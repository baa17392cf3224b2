"""The stack's template as data: ``!Ref X`` is ``{"Ref": "X"}``, ``!Sub …`` is ``{"Fn::Sub": …}``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

REPOSITORY = Path(__file__).resolve().parents[2]


class _Loader(yaml.CSafeLoader):
    """YAML with CloudFormation's short forms."""


def _short_form(loader: _Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    name = suffix if suffix in {"Ref", "Condition"} else f"Fn::{suffix}"
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
        return {name: value.split(".", 1) if suffix == "GetAtt" else value}
    if isinstance(node, yaml.SequenceNode):
        return {name: loader.construct_sequence(node, deep=True)}
    return {name: loader.construct_mapping(node, deep=True)}


_Loader.add_multi_constructor("!", _short_form)


def load_template() -> dict[str, Any]:
    text = (REPOSITORY / "infra" / "template.yaml").read_text()
    template: dict[str, Any] = yaml.load(text, _Loader)
    return template


def resources_of(template: dict[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    """Properties of all resources of a type, by logical id."""
    found = {name: each["Properties"] for name, each in template["Resources"].items() if each["Type"] == kind}
    assert found, f"the template has no {kind}"
    return found


def references(value: Any) -> set[str]:
    """Logical ids and parameters that a value refers to by Ref, GetAtt or Sub."""
    import re

    if isinstance(value, list):
        return set().union(*(references(item) for item in value)) if value else set()
    if not isinstance(value, dict):
        return set()
    if set(value) == {"Ref"}:
        return {value["Ref"]}
    if set(value) == {"Fn::GetAtt"}:
        return {value["Fn::GetAtt"][0]}
    if set(value) == {"Fn::Sub"}:
        text = value["Fn::Sub"]
        return {match.partition(".")[0] for match in re.findall(r"\$\{([^}]+)\}", text)}
    return references(list(value.values()))


def statements(template: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """What is allowed; what the ledger's policy denies has its own tests."""
    for name, policy in resources_of(template, "AWS::IAM::ManagedPolicy").items():
        for statement in policy["PolicyDocument"]["Statement"]:
            assert statement["Effect"] in ("Allow", "Deny"), name
            if statement["Effect"] == "Allow":
                yield name, statement


def who_may(template: dict[str, Any], action: str) -> set[str]:
    return {name for name, statement in statements(template) if action in statement["Action"]}
