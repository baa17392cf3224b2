"""The order in which the resources of a template are made."""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter
from typing import Any

from local_aws.api import ApiError
from local_aws.services.cloudformation.intrinsics import references
from local_aws.services.cloudformation.template import Template


def creation_order(template: Template, wanted: list[str]) -> list[str]:
    """``wanted`` logical names, each after all that it refers to. Raises ``ApiError`` for a circle or unknown name."""
    sorter: TopologicalSorter[str] = TopologicalSorter()
    for name in wanted:
        sorter.add(name, *_needs(template, name, template.resources[name]))
    try:
        return [name for name in sorter.static_order() if name in wanted]
    except CycleError as error:
        circle = ", ".join(sorted(set(error.args[1])))
        raise ApiError("ValidationError", f"Circular dependency between resources: [{circle}]") from error


def _needs(template: Template, name: str, resource: dict[str, Any]) -> list[str]:
    explicit = resource.get("DependsOn", [])
    explicit = [explicit] if isinstance(explicit, str) else explicit
    mentioned = [*explicit, *references(resource.get("Properties", {}))]
    unknown = [
        each
        for each in mentioned
        if each not in template.resources and each not in template.parameters and not each.startswith("AWS::")
    ]
    if unknown:
        raise ApiError(
            "ValidationError",
            f"Template format error: Unresolved resource dependencies {sorted(set(unknown))} in the Resources block "
            f"of the template ({name})",
        )
    return sorted({each for each in mentioned if each in template.resources})
