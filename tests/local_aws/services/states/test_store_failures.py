"""A store without room, or a server without threads, delays executions and ends none.

local_aws: a step that was not kept did not happen; the flow goes on from its frame.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from state_machines import StatesWorld, eventually

from local_aws.api import ApiError
from local_aws.services.states import flow
from local_aws.services.states.parking import Parking

STEPS = {
    "StartAt": "Hold",
    "States": {
        "Hold": {"Type": "Wait", "Seconds": 1, "Next": "Pass"},
        "Pass": {"Type": "Pass", "Next": "Done"},
        "Done": {"Type": "Succeed"},
    },
}


@pytest.mark.parametrize("at_commit", [False, True], ids=["write", "commit"])
def test_a_full_disk_parks_a_running_execution_until_there_is_room(
    world: StatesWorld, monkeypatch: pytest.MonkeyPatch, at_commit: bool
) -> None:
    monkeypatch.setattr(flow, "STORE_RETRY_SECONDS", 0.1)
    store, refused, full = world.aws.store, [0], threading.Event()
    plain = store.transaction

    @contextmanager
    def transaction() -> Iterator[None]:
        with plain():
            if full.is_set() and not at_commit:
                refused[0] += 1
                raise ApiError("ServiceUnavailable", "no room", 503)
            yield
            if full.is_set():
                refused[0] += 1
                raise ApiError("ServiceUnavailable", "no room", 503)

    monkeypatch.setattr(store, "transaction", transaction)
    execution = world.start(world.create(STEPS))
    world.await_event(execution, "WaitStateEntered")
    full.set()
    eventually(lambda: refused[0] >= 3)
    full.clear()
    assert world.ended(execution)["status"] == "SUCCEEDED"
    kinds = [event["type"] for event in world.events(execution)]
    assert kinds == [
        "ExecutionStarted", "WaitStateEntered", "WaitStateExited", "PassStateEntered", "PassStateExited",
        "SucceedStateEntered", "SucceedStateExited", "ExecutionSucceeded",
    ]  # fmt: skip


class Broken:
    """An execution whose flow finds no thread at first."""

    arn, ended = "arn", False

    def __init__(self) -> None:
        self.parked: list[Any] = ["flow"]

    def take_due(self) -> list[Any]:
        due, self.parked = self.parked, []
        return due

    def park(self, parked: Any) -> float | None:
        self.parked.append(parked.flow)
        return None


def test_a_flow_that_finds_no_thread_stays_parked_and_goes_on_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("local_aws.services.states.parking.RETRY_SECONDS", 0.05)
    tried, done = [], threading.Event()

    def go_on(runtime: Any, one: Any) -> None:
        tried.append(one)
        if len(tried) < 3:
            raise RuntimeError("can't start new thread")
        done.set()

    runtime: Any = Broken()
    parking = Parking(go_on, lambda runtime: None)
    parking.changed(runtime)
    assert done.wait(60)
    assert tried == ["flow"] * 3
    parking.close()
