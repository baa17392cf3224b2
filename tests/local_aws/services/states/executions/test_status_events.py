"""Events of executions on the event bus.

https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from state_machines import StatesWorld

from local_aws.services import event_bus
from local_aws.services.states.executions import status_events
from local_aws.services.states.redrive import operations as redrives

HOLD = {"StartAt": "Hold", "States": {"Hold": {"Type": "Wait", "Seconds": 600, "End": True}}}


def seen(world: StatesWorld) -> list[str]:
    return [event["detail"]["status"] for event in event_bus.pending(world.aws)]


def test_a_success_is_announced_with_input_and_output(world: StatesWorld) -> None:
    double = {"Type": "Pass", "Output": "{% $states.input * 2 %}", "End": True}
    execution = world.run({"StartAt": "Double", "States": {"Double": double}}, 21)
    began, done = event_bus.pending(world.aws)
    assert (began["source"], began["detail-type"]) == ("aws.states", "Step Functions Execution Status Change")
    assert began["resources"] == done["resources"] == [execution["executionArn"]]
    started = round(execution["startDate"].timestamp() * 1000)
    common = {
        "executionArn": execution["executionArn"],
        "stateMachineArn": execution["stateMachineArn"],
        "stateMachineVersionArn": None,
        "stateMachineAliasArn": None,
        "name": "run",
        "startDate": started,
        "input": "21",
        "inputDetails": {"included": True},
        "error": None,
        "cause": None,
        "redriveCount": 0,
        "redriveDate": None,
        "redriveStatus": "NOT_REDRIVABLE",
    }
    assert began["detail"] == {
        **common,
        "status": "RUNNING",
        "stopDate": None,
        "output": None,
        "outputDetails": None,
        "redriveStatusReason": "Execution is RUNNING and cannot be redriven",
    }
    assert done["detail"] == {
        **common,
        "status": "SUCCEEDED",
        "stopDate": round(execution["stopDate"].timestamp() * 1000),
        "output": "42",
        "outputDetails": {"included": True},
        "redriveStatusReason": "Execution is SUCCEEDED and cannot be redriven",
    }


@pytest.mark.parametrize(("escaped", "included"), [(248 * 1024, True), (248 * 1024 + 1, False)])
def test_data_over_248_kb_is_left_out(world: StatesWorld, escaped: int, included: bool) -> None:
    # Five bytes: two quotes around the JSON text and three more for the string inside it and its escapes.
    text = "x" * (escaped - 6)
    execution = world.start(world.create(HOLD), text)
    world.stop(execution)
    began, _ = event_bus.pending(world.aws)
    assert began["detail"]["inputDetails"] == {"included": included}
    assert (began["detail"]["input"] is not None) is included


def test_a_long_output_takes_the_input_with_it(world: StatesWorld) -> None:
    def detail(value: str, output: str) -> dict[str, Any]:
        execution = world.aws.store.get("states:execution", arn)
        assert execution is not None
        return status_events.detail({**execution, "input": value, "output": output})  # type: ignore[typeddict-item]

    arn = world.start(world.create(HOLD))
    half = json.dumps("x" * 130_000)
    both = detail(half, half)
    assert (both["inputDetails"], both["outputDetails"]) == ({"included": False}, {"included": True})
    whole = detail(half, json.dumps("x" * 260_000))
    assert (whole["inputDetails"], whole["outputDetails"]) == ({"included": False}, {"included": False})
    assert whole["output"] is None


def test_every_way_to_end_is_announced(world: StatesWorld) -> None:
    world.run({"StartAt": "No", "States": {"No": {"Type": "Fail", "Error": "E", "Cause": "c"}}}, name="failed")
    world.ended(world.start(world.create({**HOLD, "TimeoutSeconds": 1}, "slow"), name="timed_out"))
    world.stop(world.start(world.create(HOLD, "held"), name="aborted"), error="Withdrawn")
    assert seen(world) == ["RUNNING", "FAILED", "RUNNING", "TIMED_OUT", "RUNNING", "ABORTED"]
    failed, aborted = event_bus.pending(world.aws)[1]["detail"], event_bus.pending(world.aws)[5]["detail"]
    assert (failed["error"], failed["cause"], failed["redriveStatus"]) == ("E", "c", "REDRIVABLE")
    assert aborted["error"] == "Withdrawn"


def test_a_redrive_is_announced_as_running_again(world: StatesWorld) -> None:
    execution = world.run({"StartAt": "No", "States": {"No": {"Type": "Fail", "Error": "E"}}})["executionArn"]
    redrives.redrive_execution(world.aws, {"executionArn": execution})
    world.ended(execution)
    assert seen(world) == ["RUNNING", "FAILED", "RUNNING", "FAILED"]
    assert [event["detail"]["redriveCount"] for event in event_bus.pending(world.aws)] == [0, 0, 1, 1]


def test_an_event_is_kept_with_the_change_that_it_tells_of(world: StatesWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> str:
        raise RuntimeError("no event can be kept")

    machine = world.create(HOLD)
    monkeypatch.setattr(event_bus, "emit", broken)
    with pytest.raises(RuntimeError):
        world.start(machine)
    assert world.aws.store.list("states:execution") == []
