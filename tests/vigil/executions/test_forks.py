"""Maps and Parallels of any machine: branches and iterations at once, one that fails, one that is cut off by it."""

from __future__ import annotations

from typing import Any

from execution_progress import progress_of
from state_machines import StatesWorld

from vigil.executions.models import Status

END: dict[str, Any] = {"End": True}


def wait(seconds: int = 600, **more: Any) -> dict[str, Any]:
    return {"Type": "Wait", "Seconds": seconds, **(more or END)}


def branch(name: str, state: dict[str, Any]) -> dict[str, Any]:
    return {"StartAt": name, "States": {name: state}}


def test_branches_of_a_parallel_are_followed_side_by_side(world: StatesWorld) -> None:
    two = [branch("Short", {"Type": "Pass", **END}), branch("Long", wait())]
    definition = {"StartAt": "Both", "States": {"Both": {"Type": "Parallel", "Branches": two, **END}}}
    execution = world.start(world.create(definition))
    world.await_event(execution, "WaitStateEntered")
    world.await_event(execution, "PassStateExited")
    states = progress_of(world, definition, execution).states
    assert {name: state.status for name, state in states.items()} == {
        "Both": Status.RUNNING, "Short": Status.SUCCEEDED, "Long": Status.RUNNING,
    }  # fmt: skip
    pause = states["Long"].wait
    assert pause is not None and pause.until is not None and pause.kind == "time"
    world.stop(execution)


def test_a_branch_that_fails_cuts_off_its_neighbour_and_the_parallel_may_catch_it(world: StatesWorld) -> None:
    fail = {"Type": "Fail", "Error": "Broken", "Cause": "so it was said"}
    two = [branch("Bad", fail), branch("Long", wait())]
    both = {"Type": "Parallel", "Branches": two, "Next": "Never"}
    both["Catch"] = [{"ErrorEquals": ["States.ALL"], "Next": "After"}]
    states = {"Both": both, "Never": {"Type": "Succeed"}, "After": {"Type": "Succeed"}}
    definition = {"StartAt": "Both", "States": states}
    found = progress_of(world, definition, world.run(definition)["executionArn"])
    assert {name: state.status for name, state in found.states.items()} == {
        "Both": Status.CAUGHT, "Bad": Status.FAILED, "Long": Status.ABORTED, "After": Status.SUCCEEDED,
    }  # fmt: skip
    assert found.taken == [("Both", "After")]


def test_iterations_of_a_map_are_counted_and_the_ways_inside_it_are_kept(world: StatesWorld) -> None:
    inside = {"First": {"Type": "Pass", "Next": "Second"}, "Second": {"Type": "Pass", **END}}
    each = {"Type": "Map", "Items": [1, 2, 3], "ItemProcessor": {"StartAt": "First", "States": inside}, **END}
    definition = {"StartAt": "Each", "States": {"Each": each}}
    found = progress_of(world, definition, world.run(definition)["executionArn"])
    assert (found.states["First"].visits, found.states["Second"].visits) == (3, 3)
    assert {state.status for state in found.states.values()} == {Status.SUCCEEDED}
    assert found.taken == [("First", "Second")]


def test_an_iteration_that_fails_fails_its_map_and_the_others_are_cut_off(world: StatesWorld) -> None:
    pick = {"Type": "Choice", "Choices": [{"Condition": "{% $states.input = 2 %}", "Next": "Bad"}], "Default": "Hold"}
    inside = {"Pick": pick, "Bad": {"Type": "Fail", "Error": "Broken"}, "Hold": wait()}
    each = {"Type": "Map", "Items": [1, 2], "ItemProcessor": {"StartAt": "Pick", "States": inside}, **END}
    definition = {"StartAt": "Each", "States": {"Each": each}}
    execution = world.run(definition)
    assert execution["status"] == "FAILED"
    states = progress_of(world, definition, execution["executionArn"]).states
    assert states["Each"].status is Status.FAILED
    assert states["Bad"].status is Status.FAILED
    assert "Hold" not in states or states["Hold"].status is Status.ABORTED
    assert not any(state.open_visits for state in states.values())


def test_an_error_of_an_expression_is_shown_at_its_state(world: StatesWorld) -> None:
    definition = {"StartAt": "Wrong", "States": {"Wrong": {"Type": "Pass", "Output": "{% $missing %}", **END}}}
    execution = world.run(definition)
    state = progress_of(world, definition, execution["executionArn"]).states["Wrong"]
    assert state.status is Status.FAILED
    assert state.failures[-1].error == execution["error"]


def test_a_whole_machine_that_ran_out_of_time_marks_the_state_it_was_in(world: StatesWorld) -> None:
    definition = {"StartAt": "Hold", "TimeoutSeconds": 1, "States": {"Hold": wait()}}
    execution = world.run(definition)
    assert progress_of(world, definition, execution["executionArn"]).states["Hold"].status is Status.TIMED_OUT
