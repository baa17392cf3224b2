"""Whole histories of state machines, one machine for each behaviour.

``machines/<case>.asl.json`` is the machine; ``<case>.case.json`` names the source that the behaviour rests on, the
input, the services' replies, which states run only after which others, and what is done while the machine runs;
``<case>.history.json`` is what must come of it.
After a deliberate change, set RECORD_HISTORIES=1 once, and read the difference as carefully as code. A history written
so proves only that nothing changed: what a case proves of AWS is said by its ``evidence``, see test_evidence.py, and
``expected`` holds what was written by hand: the way through the machine, the calls made, the end.
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest
from state_machines import LIMIT_SECONDS, FakeServices, StatesWorld, eventually, masked, masked_text

from local_aws.services.states import engine, history
from local_aws.services.states.flow import Flow, Step, Work
from local_aws.services.states.models import State

MACHINES = Path(__file__).parent / "machines"
CASES = sorted(path.name.removesuffix(".case.json") for path in MACHINES.glob("*.case.json"))
ACTIVITY = "arn:aws:states:us-east-1:123456789012:activity:work"
DESCRIBED = ("status", "output", "error", "cause")


@pytest.mark.parametrize("case", CASES)
def test_history_of(case: str, world: StatesWorld, services: FakeServices, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = json.loads((MACHINES / f"{case}.case.json").read_text())
    for kind, work in engine.WORKS.items():
        monkeypatch.setitem(engine.WORKS, kind, in_order(work, plan.get("after", {})))
    services.replies = {call: list(replies) for call, replies in plan.get("replies", {}).items()}
    definition = json.loads((MACHINES / f"{case}.asl.json").read_text())

    for name in plan.get("activities", []):
        world.create_activity(name)
    execution = world.start(world.create(definition, "machine"), plan["input"], "run")
    for step in plan.get("then", []):
        act(world, execution, step)
    described = world.ended(execution)

    outcome = {key: described[key] for key in DESCRIBED if key in described}
    found = {"execution": masked_text(outcome), "history": masked(world.events(execution))}
    if plan.get("show_map_runs"):
        found["map_runs"] = map_runs(world, services, execution)
    assert_expected(plan.get("expected", {}), described, found["history"], services)
    expectation = MACHINES / f"{case}.history.json"
    if os.environ.get("RECORD_HISTORIES"):
        record(expectation, found)
    assert found == json.loads(expectation.read_text())


def test_no_file_is_left_over() -> None:
    cases = {path.name.split(".")[0] for path in MACHINES.iterdir()}
    assert cases == set(CASES)


def in_order(work: Work, after: dict[str, str]) -> Work:
    """A state's work that begins once the state that ``after`` names for it was left.

    The history tells which branch ended last, and neither AWS nor this engine says which one that is.
    """

    def run(flow: Flow, state: State) -> Step:
        first = after.get(flow.frame["state"])
        if first is not None:
            flow.runtime.wait(flow.path, time.time() + LIMIT_SECONDS, lambda: was_left(flow, first) or None)
        return work(flow, state)

    return run


def was_left(flow: Flow, name: str) -> bool:
    events = history.events(flow.runtime.context.store, flow.runtime.arn, with_data=False)
    return any(event.get("stateExitedEventDetails", {}).get("name") == name for event in events)


def test_no_history_is_recorded_where_they_decide(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    with pytest.raises(PermissionError, match="unset RECORD_HISTORIES"):
        record(tmp_path / "case.history.json", {})
    assert not list(tmp_path.iterdir())


def record(expectation: Path, found: dict[str, Any]) -> None:
    if os.environ.get("CI"):
        raise PermissionError("in CI histories are compared, not recorded: unset RECORD_HISTORIES")
    expectation.write_text(json.dumps(found, indent=2) + "\n")


def assert_expected(
    expected: dict[str, Any], described: dict[str, Any], history: list[dict[str, Any]], services: FakeServices
) -> None:
    """``path``: the states entered; ``calls``: those made; ``arguments``: of the last call of a name, in part."""
    for key in {"status", "error", "cause"} & expected.keys():
        assert described.get(key) == expected[key]
    if "output" in expected:
        assert json.loads(described["output"]) == expected["output"]
    if "path" in expected:
        entered = [
            event["stateEnteredEventDetails"]["name"] for event in history if "stateEnteredEventDetails" in event
        ]
        assert entered == expected["path"]
    if "calls" in expected:
        assert [name for name, _ in services.calls] == expected["calls"]
    for name, arguments in expected.get("arguments", {}).items():
        made = services.made(name)[-1]
        assert {key: made.get(key) for key in arguments} == arguments


def map_runs(world: StatesWorld, services: FakeServices, execution: str) -> Any:
    """The counts of each map run, its children, and the files that it wrote."""
    puts = services.made("s3.put_object")
    shown = [masked_text(run) for run in world.map_runs(execution)]
    return (
        {"runs": shown, "files": masked_text({put["Key"]: json.loads(put["Body"]) for put in puts})} if puts else shown
    )


def act(world: StatesWorld, execution: str, step: dict[str, Any]) -> None:
    """One thing that someone outside does, or waits for."""
    if "pause" in step:
        # Real time is what heartbeats are about.
        time.sleep(step["pause"])
    elif "take" in step:
        world.take(ACTIVITY, step["take"])
    elif "await" in step:
        world.await_event(execution, step["await"], step.get("count", 1))
    elif "await_tokens" in step:
        world.await_tokens(step["await_tokens"])
    elif "await_submitted" in step:
        world.await_event(execution, "TaskSubmitted", step["await_submitted"])
    elif "stop" in step:
        world.stop(execution, **step["stop"])
    elif "redrive" in step:
        world.ended(execution)
        world.redrive(execution, **step["redrive"])
    else:
        answer(world, execution, step)


def answer(world: StatesWorld, execution: str, step: dict[str, Any]) -> None:
    world.await_tokens()
    eventually(lambda: submitted(world, execution))
    token = token_of(world, step["of"]) if "of" in step else world.open_tokens()[-1]
    if "succeed" in step:
        world.succeed(token, step["succeed"])
    elif "fail" in step:
        world.fail(token, **step["fail"])
    else:
        world.beat(token)


def submitted(world: StatesWorld, execution: str) -> bool:
    """Whether every task that someone else answers has told them; those of plain calls are never submitted."""
    events = world.events(execution)
    resources = [event["taskScheduledEventDetails"]["resource"] for event in events if event["type"] == "TaskScheduled"]
    waiting = [resource for resource in resources if resource.endswith((".waitForTaskToken", ".sync", ".sync:2"))]
    return [event["type"] for event in events].count("TaskSubmitted") == len(waiting)


def token_of(world: StatesWorld, state: str) -> str:
    for token in world.open_tokens():
        document = world.aws.store.get("states:token", token)
        assert document is not None
        frame = world.aws.store.get("states:frame", f"{document['execution']}#{document['frame']}")
        if frame is not None and frame["state"] == state:
            return token
    raise LookupError(f"no open token of {state}")
