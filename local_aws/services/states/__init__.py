"""AWS Step Functions on one machine.

Importing this package registers its operations. Every step of every execution is committed to the store before the
next one begins, so a killed server takes up all of them where they were: waits keep their ends and tokens, finished
branches are not run again, and a call to a service that was under way is made again.
"""

from __future__ import annotations

from local_aws.api import Context
from local_aws.services.states import (
    activities,
    activity_operations,
    alias_operations,
    definition_operations,
    execution_operations,
    execution_start,
    machine_operations,
    map_run_operations,
    redrive_operations,
    tag_operations,
    task_operations,
    teststate_operations,
    version_operations,
)
from local_aws.services.states.engine import engine_of

__all__ = [
    "activity_operations",
    "alias_operations",
    "definition_operations",
    "execution_operations",
    "execution_start",
    "machine_operations",
    "map_run_operations",
    "redrive_operations",
    "resume",
    "shutdown",
    "tag_operations",
    "task_operations",
    "teststate_operations",
    "version_operations",
]


def resume(context: Context) -> None:
    """Take up what was running when the server ended."""
    engine_of(context).resume()


def shutdown(context: Context) -> None:
    """End all threads; executions stay RUNNING and are taken up by the next start."""
    engine_of(context).close()
    activities.wake()
