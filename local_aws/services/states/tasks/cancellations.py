"""Jobs that nobody waits for any more, as they are kept until they are stopped."""

from __future__ import annotations

from local_aws.services.states.models import Cancellation, Task
from local_aws.services.states.tasks.resources import Resource


def cancellation(resource: Resource, task: Task) -> Cancellation:
    """``task`` is one that has been submitted."""
    return {
        "service": resource.service,
        "operation": resource.operation,
        "parameters": task["parameters"],
        "submitted": task["submitted"],
    }
