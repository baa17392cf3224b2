from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowFailException
from fake_task import FakeTaskInstance
from vigil_airflow.executions import (
    KILLED_ERROR,
    RESTARTS_LIMIT,
    ExecutionEndedError,
    execution_name,
    raise_end,
    start_or_join,
    was_killed,
)

MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:vigil-x-train-and-promote"
BASE = "arn:aws:states:us-east-1:123456789012:execution:vigil-x-train-and-promote:base"
REQUEST = {"dataset_version": "a" * 64, "requested_by": "airflow:jane"}


class MissingError(Exception): ...


class Machine:
    """Step Functions with executions of given statuses, by ARN."""

    class exceptions:  # noqa: N801 - as boto3 has it
        ExecutionDoesNotExist = MissingError

    def __init__(self, **statuses: str) -> None:
        self.statuses = {f"{BASE}{suffix.replace('_', '-')}": status for suffix, status in statuses.items()}
        self.started: list[dict[str, str]] = []

    def describe_execution(self, executionArn: str) -> dict[str, str]:  # noqa: N803
        if executionArn not in self.statuses:
            raise MissingError
        return {"status": self.statuses[executionArn]}

    def start_execution(self, **request: str) -> dict[str, str]:
        self.started.append(request)
        return {"executionArn": f"{BASE.removesuffix('base')}{request['name']}"}


def test_the_name_is_the_same_for_each_try_and_differs_by_run_and_request() -> None:
    name = execution_name(FakeTaskInstance(try_number=1), REQUEST)
    assert name == execution_name(FakeTaskInstance(try_number=7), dict(reversed(REQUEST.items())))
    assert name != execution_name(FakeTaskInstance(run_id="other"), REQUEST)
    assert name != execution_name(FakeTaskInstance(map_index=2), REQUEST)
    assert name != execution_name(FakeTaskInstance(), {**REQUEST, "reason": "drift"})


def test_the_name_leaves_room_for_the_suffixes_of_job_names() -> None:
    name = execution_name(FakeTaskInstance(dag_id="a_very.long_dag_id_that_goes_on_and_on"), REQUEST)
    assert len(name) <= 37
    assert name.replace("-", "").isalnum()


def test_the_first_try_starts_an_execution_with_the_request_as_input() -> None:
    machine = Machine()
    assert start_or_join(machine, MACHINE, "base", REQUEST) == (BASE, "STARTED")
    assert machine.started[0]["input"] == '{"dataset_version": "' + "a" * 64 + '", "requested_by": "airflow:jane"}'


@pytest.mark.parametrize("status", ["RUNNING", "SUCCEEDED"])
def test_a_retry_joins_a_running_or_succeeded_execution(status: str) -> None:
    machine = Machine(**{"": status})
    assert start_or_join(machine, MACHINE, "base", REQUEST) == (BASE, status)
    assert machine.started == []


@pytest.mark.parametrize("status", ["FAILED", "ABORTED", "TIMED_OUT"])
def test_after_a_failed_or_stopped_execution_the_next_name_is_started(status: str) -> None:
    machine = Machine(**{"": status, "_r1": status})
    assert start_or_join(machine, MACHINE, "base", REQUEST) == (f"{BASE}-r2", "STARTED")


def test_a_retry_joins_the_running_one_among_restarts() -> None:
    machine = Machine(**{"": "FAILED", "_r1": "RUNNING"})
    assert start_or_join(machine, MACHINE, "base", REQUEST) == (f"{BASE}-r1", "RUNNING")


def test_restarts_are_limited() -> None:
    machine = Machine(**{"": "FAILED"}, **{f"_r{number}": "FAILED" for number in range(1, RESTARTS_LIMIT)})
    with pytest.raises(ExecutionEndedError, match="mend the cause"):
        start_or_join(machine, MACHINE, "base", REQUEST)
    assert machine.started == []


def ended(**fields: str) -> dict[str, Any]:
    return {"executionArn": BASE, "status": "FAILED", **fields}


def ends_of_the_state_machine() -> list[str]:
    text = (Path(__file__).parents[3] / "statemachines" / "train-and-promote.asl.json").read_text()
    return sorted(name for name, state in json.loads(text)["States"].items() if state["Type"] == "Fail")


@pytest.mark.parametrize("error", [*ends_of_the_state_machine(), "States.Timeout", "States.Runtime"])
def test_no_end_of_an_execution_trains_again_by_itself(error: str) -> None:
    with pytest.raises(ExecutionEndedError, match=f"in state {error}: {error}: because") as caught:
        raise_end(ended(error=error, cause="because"), error)
    assert isinstance(caught.value, AirflowFailException)


@pytest.mark.parametrize("fields", [{"status": "ABORTED", "error": "Operator.Stopped"}, {"status": "TIMED_OUT"}])
def test_a_stopped_execution_is_not_retried(fields: dict[str, str]) -> None:
    with pytest.raises(ExecutionEndedError):
        raise_end(ended(**fields), "Train")


def test_a_stop_by_a_killed_try_is_told_from_a_stop_by_somebody_else() -> None:
    assert was_killed(ended(status="ABORTED", error=KILLED_ERROR))
    assert not was_killed(ended(status="ABORTED", error="Operator.Stopped"))
    assert not was_killed(ended(status="FAILED", error=KILLED_ERROR))
