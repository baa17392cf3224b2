"""Intrinsic functions: what a template refers to, and what its functions yield."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from local_aws.api import ApiError

#: ``${Name}``, ``${Name.Attribute}``; ``${!Name}`` stays as ``${Name}``.
PLACEHOLDER = re.compile(r"\$\{(!?)([^}]*)\}")
NO_VALUE = object()


@dataclass
class Scope:
    """What names mean while a stack is made. ``physical_ids`` and ``attributes`` grow as resources are made."""

    parameters: dict[str, Any]
    pseudo: dict[str, Any]
    mappings: dict[str, Any]
    conditions: dict[str, Any]
    resource_names: frozenset[str]
    physical_ids: dict[str, str] = field(default_factory=dict)
    attributes: dict[str, dict[str, Any]] = field(default_factory=dict)

    def ref(self, name: str) -> Any:
        if name in self.parameters:
            return self.parameters[name]
        if name == "AWS::NoValue":
            return NO_VALUE
        if name in self.pseudo:
            return self.pseudo[name]
        if name in self.physical_ids:
            return self.physical_ids[name]
        raise _refused(f"Unresolved resource dependency [{name}]: it is no parameter and no resource that was made")

    def attribute(self, name: str, key: str) -> Any:
        known = self.attributes.get(name)
        if known is None:
            raise _refused(f"Template error: instance of Fn::GetAtt references undefined resource {name}")
        if key not in known:
            raise _refused(
                f"Template error: resource {name} does not support attribute {key} in Fn::GetAtt, only {sorted(known)}"
            )
        return known[key]

    def condition(self, name: str) -> bool:
        if name not in self.conditions:
            raise _refused(f"Template error: unresolved condition dependency {name}")
        return bool(resolve(self.conditions[name], self))


def resolve(value: Any, scope: Scope) -> Any:
    """The value with every function applied. Raises ``ApiError`` (``ValidationError``)."""
    if isinstance(value, list):
        items = [resolve(item, scope) for item in value]
        return [item for item in items if item is not NO_VALUE]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        ((name, argument),) = value.items()
        if name == "Ref":
            return scope.ref(argument)
        if name == "Condition" and isinstance(argument, str):
            return scope.condition(argument)
        if isinstance(name, str) and name.startswith("Fn::"):
            function = FUNCTIONS.get(name)
            if function is None:
                raise _refused(f"Template error: the function {name} is not provided")
            return function(argument, scope)
    pairs = {key: resolve(item, scope) for key, item in value.items()}
    return {key: item for key, item in pairs.items() if item is not NO_VALUE}


def references(value: Any) -> Iterator[str]:
    """Every name that a Ref, GetAtt or Sub in ``value`` mentions."""
    if isinstance(value, list):
        for item in value:
            yield from references(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            if key == "Ref":
                yield str(item)
            elif key == "Fn::GetAtt":
                yield item.split(".")[0] if isinstance(item, str) else str(item[0])
            elif key == "Fn::Sub":
                text, own = (item, {}) if isinstance(item, str) else (item[0], item[1])
                names = {name.split(".")[0] for escaped, name in PLACEHOLDER.findall(text) if not escaped}
                yield from names - set(own)
                yield from references(own)
            else:
                yield from references(item)


def _get_attribute(argument: Any, scope: Scope) -> Any:
    name, key = argument.split(".", 1) if isinstance(argument, str) else argument
    return scope.attribute(name, str(resolve(key, scope)))


def _sub(argument: Any, scope: Scope) -> str:
    text, own = (argument, {}) if isinstance(argument, str) else argument
    values = resolve(own, scope)

    def fill(match: re.Match[str]) -> str:
        escaped, name = match.groups()
        if escaped:
            return "${" + name + "}"
        if name in values:
            return str(values[name])
        if "." in name:
            return str(scope.attribute(*name.split(".", 1)))
        return str(scope.ref(name))

    return PLACEHOLDER.sub(fill, text)


def _join(argument: Any, scope: Scope) -> str:
    delimiter, items = argument
    return str(delimiter).join(str(item) for item in resolve(items, scope))


def _select(argument: Any, scope: Scope) -> Any:
    index, items = resolve(argument, scope)
    try:
        return items[int(index)]
    except IndexError as error:
        raise _refused(f"Template error: Fn::Select cannot select nonexistent value at index {index}") from error


def _split(argument: Any, scope: Scope) -> list[str]:
    delimiter, text = resolve(argument, scope)
    return str(text).split(delimiter)


def _if(argument: Any, scope: Scope) -> Any:
    name, when_true, when_false = argument
    return resolve(when_true if scope.condition(name) else when_false, scope)


def _find_in_map(argument: Any, scope: Scope) -> Any:
    name, first, second = (resolve(part, scope) for part in argument[:3])
    try:
        return scope.mappings[name][first][second]
    except KeyError as error:
        raise _refused(f"Template error: Fn::FindInMap finds no {name}.{first}.{second}") from error


def _base64(argument: Any, scope: Scope) -> str:
    return base64.b64encode(str(resolve(argument, scope)).encode()).decode()


FUNCTIONS: dict[str, Callable[[Any, Scope], Any]] = {
    "Fn::GetAtt": _get_attribute,
    "Fn::Sub": _sub,
    "Fn::Join": _join,
    "Fn::Select": _select,
    "Fn::Split": _split,
    "Fn::If": _if,
    "Fn::FindInMap": _find_in_map,
    "Fn::Base64": _base64,
    "Fn::Equals": lambda argument, scope: _equal(*resolve(argument, scope)),
    "Fn::Not": lambda argument, scope: not resolve(argument[0], scope),
    "Fn::And": lambda argument, scope: all(resolve(each, scope) for each in argument),
    "Fn::Or": lambda argument, scope: any(resolve(each, scope) for each in argument),
}


def _equal(left: Any, right: Any) -> bool:
    """CloudFormation compares texts: a number or truth value equals its spelling."""
    return bool(_spelling(left) == _spelling(right))


def _spelling(value: Any) -> Any:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int | float) else value


def _refused(why: str) -> ApiError:
    return ApiError("ValidationError", why)
