from datetime import UTC, datetime, timedelta

import pytest

from vigil.aws.executions import Executions
from vigil.aws.update_turns import UpdateRunningError, await_turn, stop_earlier

MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:update-endpoint"
BEGAN = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


class StepFunctions:
    """``running``: seconds after the first at which an execution began, by name."""

    def __init__(self, **running):
        self.running, self.stopped = running, []

    def get_paginator(self, name):
        assert name == "list_executions"
        return self

    def paginate(self, stateMachineArn, statusFilter):  # noqa: N803 - as boto3 spells it
        assert (stateMachineArn, statusFilter) == (MACHINE, "RUNNING")
        for name, seconds in self.running.items():
            yield {"executions": [{"executionArn": name, "startDate": BEGAN + timedelta(seconds=seconds)}]}

    def stop_execution(self, executionArn, error, cause):  # noqa: N803 - as boto3 spells it
        assert error == "ReplacedByRollback"
        assert "the signed roll-back" in cause
        self.stopped.append(executionArn)


def turn(kind, execution, **running):
    """What was stopped."""
    states = StepFunctions(**running)
    await_turn(kind, execution, MACHINE, Executions(states))
    if kind == "rollback":
        stop_earlier(execution, MACHINE, Executions(states))
    return states.stopped


def test_alone_everybody_has_the_turn():
    assert turn("promotion", "a", a=0) == turn("rollback", "a", a=0) == turn("promotion", "a") == []


def test_a_promotion_gives_way_to_what_began_before():
    with pytest.raises(UpdateRunningError, match=r"another update of the endpoint runs \(a\)"):
        turn("promotion", "b", a=0, b=5)


def test_of_two_promotions_exactly_one_gives_way():
    assert turn("promotion", "a", a=0, b=0) == []
    with pytest.raises(UpdateRunningError):
        turn("promotion", "b", a=0, b=0)


def test_one_that_is_not_listed_yet_gives_way():
    with pytest.raises(UpdateRunningError):
        turn("promotion", "b", a=0)


def test_a_roll_back_stops_what_began_before_and_nothing_else():
    assert turn("rollback", "c", b=2, a=0, c=5, d=9) == ["a", "b"]
