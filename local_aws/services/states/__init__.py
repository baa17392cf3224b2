"""AWS Step Functions on one machine.

Importing this package registers its operations. Every step of every execution is committed to the store before the
next one begins, so a killed server takes up all of them where they were: waits keep their ends and tokens, finished
branches are not run again, and a call to a service that was under way is made again.
"""

from __future__ import annotations

from local_aws.api import Context
from local_aws.services.states.activities import operations as activity_operations
from local_aws.services.states.activities import records as activities
from local_aws.services.states.definitions import operations as definition_operations
from local_aws.services.states.engine import engine_of
from local_aws.services.states.executions import execution_operations, execution_start
from local_aws.services.states.machines import alias_operations, machine_operations, tag_operations, version_operations
from local_aws.services.states.maps import map_run_operations
from local_aws.services.states.redrive import operations as redrive_operations
from local_aws.services.states.tasks import task_operations
from local_aws.services.states.teststate import operations as teststate_operations

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
