"""The resource types that can be made here, one module for each family. Importing this registers them."""

from __future__ import annotations

from local_aws.services.cloudformation.resources import (
    automation,
    configuration,
    connections,
    functions,
    hosting,
    jobs,
    machines,
    messaging,
    people,
    policies,
    security,
    storage,
)
from local_aws.services.cloudformation.resources.registry import TYPES, Created, ResourceType, Site

__all__ = [
    "TYPES",
    "Created",
    "ResourceType",
    "Site",
    "automation",
    "configuration",
    "connections",
    "functions",
    "hosting",
    "jobs",
    "machines",
    "messaging",
    "people",
    "policies",
    "security",
    "storage",
]
