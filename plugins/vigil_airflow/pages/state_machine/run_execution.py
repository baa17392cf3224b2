"""Which execution a DAG run has started: what the run itself has kept, never what a request says."""

from __future__ import annotations

from functools import cache
from typing import Any

from vigil_airflow.pages.run_values import left_by

EXECUTION_ARN = "execution_arn"  # XCom of StateMachineOperator
GOING = frozenset({"queued", "running"})


def run_is_going(dag_id: str, run_id: str) -> bool | None:
    """Whether the run may still start something; None where there is no such run."""
    from airflow.models.dagrun import DagRun
    from airflow.utils.session import create_session
    from sqlalchemy import select

    with create_session() as session:
        query = select(DagRun.state).where(DagRun.dag_id == dag_id, DagRun.run_id == run_id)
        state = session.scalars(query).first()
    return None if state is None else str(getattr(state, "value", state)) in GOING


def execution_of(dag_id: str, run_id: str, task_id: str | None) -> str | None:
    """The ARN of the newest execution that the run, or this task of it, has started.

    A person may edit an XCom: whatever it says, no execution of another machine than ours is shown.
    """
    found = _kept_arn(dag_id, run_id, task_id)
    return found if found is not None and is_ours(found) else None


def is_ours(arn: str) -> bool:
    return arn.startswith(_prefixes())


def _kept_arn(dag_id: str, run_id: str, task_id: str | None) -> str | None:
    return left_by(dag_id, run_id, task_id, EXECUTION_ARN)


@cache
def _prefixes() -> tuple[str, ...]:
    """Of the ARNs of our executions. The machines' names follow from the stack's, so they stay while a server runs."""
    from vigil.aws.environment import load_parameters

    machines = load_parameters().state_machines
    ours: tuple[Any, ...] = (machines.train_and_promote, machines.roll_back, machines.update_endpoint)
    return tuple(f"{machine.replace(':stateMachine:', ':execution:')}:" for machine in ours)
