"""Machines that are being deleted, and executions that leave nothing behind.

https://docs.aws.amazon.com/step-functions/latest/apireference/API_DeleteStateMachine.html: a machine is DELETING until
all its executions have ended.
"""

from __future__ import annotations

from local_aws.services.states import history
from local_aws.services.states.records import Records


def finish(records: Records, arn: str | None = None) -> None:
    """Delete the machine with this ARN, or every machine, that waits for executions and has none left."""
    with records.store.transaction():
        machines = [
            machine for machine in records.machines() if machine.get("deleting") and arn in (None, machine["arn"])
        ]
        for machine in machines:
            if not records.execution_arns(machine["arn"], "RUNNING"):
                records.delete_machine(machine["arn"])


def forget_execution(records: Records, arn: str) -> None:
    """An execution for which nobody waits and of which nothing is told."""
    with records.store.transaction():
        for frame in records.frames(arn):
            records.delete_frame(frame)
        records.store.drop(history.stream(arn))
        records.delete_execution(arn)
