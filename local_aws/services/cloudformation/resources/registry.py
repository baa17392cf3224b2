"""How a resource type is registered, and what its functions are given.

::

    @creates("AWS::SSM::Parameter", properties=("Name", "Type", "Value"))
    def create_parameter(site: Site, properties: dict) -> Created: ...

``Ref`` yields the physical id, ``Fn::GetAtt`` the attributes. A type without an update function keeps what it has
when its properties change. A property that is not declared is refused, so that nothing is dropped silently.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from local_aws.api import ApiError, Context

Properties = dict[str, Any]


@dataclass(frozen=True)
class Created:
    physical_id: str
    attributes: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Site:
    """Where a resource is made: the server, the stack and the resource's logical name."""

    aws: Context
    stack_name: str
    logical_id: str

    def client(self, service: str) -> Any:
        return self.aws.client(service)

    def generated_name(self, limit: int = 63) -> str:
        """A name for a resource that the template does not name, as AWS makes them."""
        suffix = uuid.uuid4().hex[:12]
        return f"{self.stack_name}-{self.logical_id}"[: limit - 13] + f"-{suffix}"


@dataclass
class ResourceType:
    name: str
    properties: frozenset[str]
    create: Callable[[Site, Properties], Created]
    update: Callable[[Site, str, Properties], Created] | None = None
    delete: Callable[[Site, str], None] | None = None
    #: Accepted and kept in the stack, but nothing is made or enforced.
    policy_only: bool = False

    def check(self, properties: Properties) -> None:
        unknown = sorted(set(properties) - self.properties - {"Tags"})
        if unknown:
            raise ApiError(
                "ValidationError",
                f"Encountered unsupported property {', '.join(unknown)} of {self.name} on this server",
            )


TYPES: dict[str, ResourceType] = {}


def creates(
    name: str, properties: Iterable[str]
) -> Callable[[Callable[[Site, Properties], Created]], Callable[[Site, Properties], Created]]:
    def register(function: Callable[[Site, Properties], Created]) -> Callable[[Site, Properties], Created]:
        TYPES[name] = ResourceType(name, frozenset(properties), function)
        return function

    return register


def updates(name: str) -> Callable[[Callable[[Site, str, Properties], Created]], Any]:
    def register(function: Callable[[Site, str, Properties], Created]) -> Any:
        TYPES[name].update = function
        return function

    return register


def deletes(name: str) -> Callable[[Callable[[Site, str], None]], Any]:
    def register(function: Callable[[Site, str], None]) -> Any:
        TYPES[name].delete = function
        return function

    return register


def flag(value: Any) -> bool:
    """A truth value, which a template may also spell as text."""
    return str(value).lower() == "true"


def chosen(properties: Properties, *names: str) -> Properties:
    """Those of ``names`` that the template gives, for an API that takes them as they are."""
    return {name: properties[name] for name in names if name in properties}


def whole_numbers(properties: Properties, *names: str) -> dict[str, int]:
    """Those of ``names`` that the template gives; it may also spell a number as text."""
    return {name: int(properties[name]) for name in names if name in properties}


def tags(properties: Properties) -> dict[str, str]:
    return {tag["Key"]: str(tag["Value"]) for tag in properties.get("Tags", [])}
