"""Templates: YAML or JSON text to one plain form in which every intrinsic function has its long name."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import yaml

from local_aws.api import ApiError

SECTIONS = {
    "AWSTemplateFormatVersion",
    "Description",
    "Metadata",
    "Parameters",
    "Rules",
    "Mappings",
    "Conditions",
    "Resources",
    "Outputs",
}
#: What may stand beside Type in a resource; the deletion policies are accepted and not followed.
RESOURCE_KEYS = {
    "Type",
    "Properties",
    "DependsOn",
    "Condition",
    "Metadata",
    "DeletionPolicy",
    "UpdateReplacePolicy",
    "CreationPolicy",
    "UpdatePolicy",
}
NAMES_WITHOUT_PREFIX = ("Ref", "Condition")


@dataclass(frozen=True)
class Template:
    """The sections of a template that say what to do; all of them present, perhaps empty."""

    parameters: dict[str, Any]
    mappings: dict[str, Any]
    conditions: dict[str, Any]
    resources: dict[str, Any]
    outputs: dict[str, Any]
    description: str | None


def parse_template(text: str) -> Template:
    """Raises ``ApiError`` (``ValidationError``) that names the faulty place."""
    document = _load(text)
    if not isinstance(document, dict):
        raise _malformed("the template is not a mapping")
    unknown = set(document) - SECTIONS
    if unknown:
        raise _malformed(f"Invalid template property or properties {sorted(unknown)}")
    sections = {name: document.get(name) or {} for name in ("Parameters", "Mappings", "Conditions", "Outputs")}
    resources = document.get("Resources")
    if not isinstance(resources, dict) or not resources:
        raise _malformed("At least one Resources member must be defined.")
    for name, section in sections.items():
        if not isinstance(section, dict):
            raise _malformed(f"{name} must be a mapping")
    for name, resource in resources.items():
        _check_resource(name, resource)
    return Template(
        sections["Parameters"],
        sections["Mappings"],
        sections["Conditions"],
        resources,
        sections["Outputs"],
        document.get("Description"),
    )


def _check_resource(name: str, resource: Any) -> None:
    if not isinstance(resource, dict) or not isinstance(resource.get("Type"), str):
        raise _malformed(f"[/Resources/{name}] Every Resources object must contain a Type member.")
    unknown = set(resource) - RESOURCE_KEYS
    if unknown:
        raise _malformed(f"[/Resources/{name}] Encountered unsupported properties {sorted(unknown)}")


def _load(text: str) -> Any:
    if text.lstrip().startswith("{"):
        try:
            return json.loads(text)
        except ValueError as error:
            raise _malformed(f"JSON not well-formed. {error}") from error
    try:
        return yaml.load(text, Loader=_Loader)  # noqa: S506 - a SafeLoader with the intrinsics added
    except yaml.YAMLError as error:
        raise _malformed(f"YAML not well-formed. {error}") from error


def _malformed(why: str) -> ApiError:
    return ApiError("ValidationError", f"Template format error: {why}")


class _Loader(yaml.CSafeLoader):
    """YAML as CloudFormation reads it: intrinsics by tag, dates as text, no key twice."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - PyYAML's own class attribute
        first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
    }


def _intrinsic(loader: _Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = _mapping(loader, node)
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {suffix if suffix in NAMES_WITHOUT_PREFIX else f"Fn::{suffix}": value}


def _mapping(loader: _Loader, node: Any) -> dict[Any, Any]:
    loader.flatten_mapping(node)
    pairs: dict[Any, Any] = {}
    for key_node, value_node in node.value:
        key = loader.construct_object(key_node, deep=True)
        if key in pairs:
            raise yaml.constructor.ConstructorError(None, None, f"duplicate key {key!r}", key_node.start_mark)
        pairs[key] = loader.construct_object(value_node, deep=True)
    return pairs


_Loader.add_multi_constructor("!", _intrinsic)
_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)
