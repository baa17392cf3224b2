"""Whether a retraining goes on: what Airflow and Step Functions say, and what is believed where they say nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from vigil.aws.airflow_rest import AirflowRefusedError, AirflowUnavailableError, Announced, Follower
from vigil.aws.retraining_progress import RetrainingProgress
from vigil.monitoring.retraining import Retraining, Running

NOW = datetime(2026, 3, 10, 6, tzinfo=UTC)
HELD = Retraining(endpoint="triage", decision_id="d1", execution_arn="arn:own", since=NOW)
TRAIN = "arn:aws:states:us-east-1:123456789012:stateMachine:train-and-promote"


class Known:
    """An Airflow that knows one run."""

    def __init__(self, state: str | Exception | None, *events: Announced) -> None:
        self.state, self.events = state, list(events)

    def run_state(self, dag_id: str, run_id: str) -> str | None:
        assert (dag_id, run_id) == ("build_dataset", "drift-d1")
        if isinstance(self.state, Exception):
            raise self.state
        return self.state

    def announced(self, dag_id: str, run_id: str) -> list[Announced]:
        return self.events


class States:
    """Step Functions: executions that run, by ARN, with who asked for them."""

    def __init__(self, **running: str) -> None:
        self.running = {f"arn:{name}": asker for name, asker in running.items()}

    def describe_execution(self, executionArn: str) -> dict[str, Any]:  # noqa: N803 - as boto3 spells it
        if executionArn not in self.running:
            raise ClientError({"Error": {"Code": "ExecutionDoesNotExist"}}, "DescribeExecution")
        return {"status": "RUNNING", "input": f'{{"requested_by": "{self.running[executionArn]}"}}'}

    def get_paginator(self, name: str) -> States:
        return self

    def paginate(self, **request: Any) -> list[dict[str, Any]]:
        assert request == {"stateMachineArn": TRAIN, "statusFilter": "RUNNING"}
        return [{"executions": [{"executionArn": arn} for arn in self.running if arn != "arn:own"]}]


def started(state: str, at: datetime = NOW) -> Announced:
    return Announced(at, (Follower("train_model", "r", state),))


MINE = Running("d1")
AWAY, REFUSED = AirflowUnavailableError("away"), AirflowRefusedError("no right")


@pytest.mark.parametrize(
    ("known", "states", "runs"),
    [
        (Known(None), States(), None),  # never asked for, and nobody is at it
        (Known(None), States(own=""), MINE),  # about to be asked for
        (Known(None), States(x="airflow:drift:d1"), MINE),  # its run was deleted, its training goes on
        (Known("queued"), States(), MINE),
        (Known("running"), States(), MINE),
        (Known("failed"), States(), None),
        (Known("success"), States(), None),  # nothing was announced: the version was known
        (Known("success", Announced(NOW - timedelta(minutes=1), ())), States(), MINE),  # train_model is about to start
        (Known("success", Announced(NOW - timedelta(hours=2), ())), States(), None),  # train_model is switched off
        (Known("success", started("queued")), States(), MINE),
        (Known("success", started("running")), States(), MINE),  # signatures are waited for
        (Known("success", started("success")), States(), None),
        (Known("success", started("failed")), States(), None),  # refused by the gate, rejected, expired
        (Known("success", started("failed")), States(x="airflow:drift:d1"), MINE),  # only its Airflow task failed
        (Known("success", started("failed")), States(x="airflow:drift:d2"), Running(training="x")),
        (Known(REFUSED), States(x="airflow:drift:d1"), MINE),
    ],
)
def test_whether_a_retraining_goes_on_is_asked_of_those_who_run_it(
    known: Known, states: States, runs: Running | None
) -> None:
    assert found(known, states) == runs


@pytest.mark.parametrize("held", [None, HELD])
def test_a_training_that_anybody_asked_for_keeps_the_place(held: Retraining | None) -> None:
    progress = RetrainingProgress(Known(None), States(b="ana", a="ana"), TRAIN, lambda: NOW)
    assert progress.what_runs(held, was_asked=False) == Running(training="a")
    assert RetrainingProgress(Known(None), States(), TRAIN, lambda: NOW).what_runs(None, was_asked=False) is None


@pytest.mark.parametrize(
    ("answer", "was_asked", "hours", "runs"),
    [
        (AWAY, False, 23, MINE),  # the request may have got there
        (AWAY, True, 23, MINE),
        (AWAY, True, 25, None),
        (AWAY, False, 25, None),
        (REFUSED, True, 23, MINE),  # it took the request, and now lets nobody look
        (REFUSED, True, 25, None),
        (REFUSED, False, 0, None),  # it refused the request as well: nothing can have begun
    ],
)
def test_an_airflow_that_says_nothing_is_believed_to_build_for_a_day_and_one_that_refused_is_not(
    answer: Exception, was_asked: bool, hours: int, runs: Running | None
) -> None:
    assert found(Known(answer), States(), was_asked, NOW + timedelta(hours=hours)) == runs


@pytest.mark.parametrize(
    ("state", "had"), [("failed", False), ("success", True), ("running", True), (None, True), (AWAY, True)]
)
def test_only_a_run_that_failed_before_its_dataset_does_not_count_as_tried(
    state: str | Exception | None, had: bool
) -> None:
    assert RetrainingProgress(Known(state), States(), TRAIN, lambda: NOW).had_its_data("d1") is had


def found(known: Known, states: States, was_asked: bool = True, at: datetime = NOW) -> Running | None:
    return RetrainingProgress(known, states, TRAIN, lambda: at).what_runs(HELD, was_asked)
