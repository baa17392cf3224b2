"""Which Retry or Catch entry takes an error.

https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
"""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_aws.services.states.models import Failure
from local_aws.services.states.retries import catcher, matches, next_retry


def failure(error: str, *, terminal: bool = False, heartbeat: bool = False) -> Failure:
    return {"error": error, "cause": None, "terminal": terminal, "heartbeat": heartbeat}


@pytest.mark.parametrize(
    ("names", "error", "taken"),
    [
        (["CaseError"], failure("CaseError"), True),
        (["Other"], failure("CaseError"), False),
        (["States.ALL"], failure("CaseError"), True),
        (["States.ALL"], failure("States.Timeout"), True),
        (["States.TaskFailed"], failure("CaseError"), True),
        (["States.TaskFailed"], failure("States.Timeout"), False),
        (["States.Timeout"], failure("States.Timeout"), True),
        (["States.HeartbeatTimeout"], failure("States.Timeout"), False),
        (["States.HeartbeatTimeout"], failure("States.Timeout", heartbeat=True), True),
        (["States.ALL"], failure("States.Runtime", terminal=True), False),
        (["States.Runtime"], failure("States.Runtime", terminal=True), False),
        (["States.ALL"], failure("States.DataLimitExceeded", terminal=True), False),
        (["States.TaskFailed"], failure("States.DataLimitExceeded", terminal=True), False),
        (["States.DataLimitExceeded"], failure("States.DataLimitExceeded", terminal=True), True),
    ],
)
def test_error_names(names: list[str], error: Failure, taken: bool) -> None:
    assert matches(names, error) is taken


def delays(retrier: dict[str, Any], count: int) -> list[float | None]:
    state = {"Retry": [{"ErrorEquals": ["E"], **retrier}]}
    found = [next_retry(state, failure("E"), {"0": used}) for used in range(count)]
    return [None if retry is None else retry.delay for retry in found]


def test_defaults_are_three_attempts_one_second_and_doubling() -> None:
    assert delays({}, 4) == [1, 2, 4, None]


def test_no_attempts_at_all() -> None:
    assert delays({"MaxAttempts": 0}, 1) == [None]


def test_delays_stop_growing_at_their_maximum() -> None:
    assert delays({"IntervalSeconds": 3, "BackoffRate": 2, "MaxDelaySeconds": 10, "MaxAttempts": 4}, 4) == [
        3,
        6,
        10,
        10,
    ]


@given(seed=st.integers(), used=st.integers(0, 5))
def test_full_jitter_stays_below_the_delay(seed: int, used: int) -> None:
    state = {"Retry": [{"ErrorEquals": ["E"], "JitterStrategy": "FULL", "MaxAttempts": 9}]}
    retry = next_retry(state, failure("E"), {"0": used}, random.Random(seed))
    assert retry is not None
    assert 0 <= retry.delay <= 2**used


def test_each_retrier_counts_its_own_attempts() -> None:
    state = {"Retry": [{"ErrorEquals": ["A"], "MaxAttempts": 1}, {"ErrorEquals": ["B"], "MaxAttempts": 1}]}
    assert next_retry(state, failure("A"), {"0": 1}) is None
    retry = next_retry(state, failure("B"), {"0": 1})
    assert retry is not None
    assert retry.index == 1


def test_the_first_catcher_that_matches_takes_the_error() -> None:
    state = {"Catch": [{"ErrorEquals": ["A"]}, {"ErrorEquals": ["B"], "Next": "X"}, {"ErrorEquals": ["States.ALL"]}]}
    caught = catcher(state, failure("B"))
    assert caught is not None
    assert (caught.location, caught.catcher["Next"]) == ("Catch[1]", "X")
    assert catcher({}, failure("B")) is None


def test_a_result_that_fits_nowhere_may_be_caught_by_its_documented_name() -> None:
    """Executions on AWS fail with the first; AWS documents the second."""
    state = {"Catch": [{"ErrorEquals": ["States.ResultPathMatchFailure"], "Next": "X"}]}
    assert catcher(state, failure("States.ReferencePathConflict")) is not None
    assert catcher(state, failure("States.Timeout")) is None
