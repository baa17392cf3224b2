"""Steps are taken over from what Airflow and Step Functions report, in the order in which they come."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from typing import Any

from rich.console import Console

from vigil.cli.demo.airflow_api import TaskInstance
from vigil.cli.demo.display import JourneyDisplay
from vigil.cli.demo.journey import Journey

START = datetime(2026, 1, 1, tzinfo=UTC)


class FakeApi:
    def __init__(self, *tasks: TaskInstance) -> None:
        self._tasks = {task.task_id: task for task in tasks}

    def tasks(self, dag_id: str, run_id: str) -> dict[str, TaskInstance]:
        return self._tasks


def event(kind: str, seconds: int, name: str = "") -> dict[str, Any]:
    details = "stateEnteredEventDetails" if kind.endswith("Entered") else "stateExitedEventDetails"
    return {"type": kind, "timestamp": START + timedelta(seconds=seconds), details: {"name": name}}


def states(journey: Journey) -> list[tuple[str, str]]:
    return [(step.name, step.state) for step in journey.steps]


def test_tasks_show_in_their_order_with_their_states() -> None:
    journey = Journey()
    api = FakeApi(
        TaskInstance("curate", "deferred", START.isoformat(), None),
        TaskInstance("land", "success", START.isoformat(), (START + timedelta(seconds=3)).isoformat()),
    )
    journey.observe_dag_run(api, "build_dataset", "run", ("land", "curate", "check"))  # type: ignore[arg-type]
    assert states(journey) == [("land", "done"), ("curate", "running"), ("check", "waiting")]
    assert journey.steps[0].seconds(START) == 3


def test_states_show_as_they_are_entered_and_left() -> None:
    journey = Journey()
    history = [event("TaskStateEntered", 0, "Train"), event("TaskStateExited", 5, "Train")]
    history += [event("TaskStateEntered", 5, "Evaluate")]
    journey.observe_execution("train-and-promote", history)
    assert states(journey) == [("Train", "done"), ("Evaluate", "running")]


def test_a_looking_again_changes_nothing() -> None:
    journey = Journey()
    history = [event("TaskStateEntered", 0, "Train"), event("TaskStateExited", 5, "Train")]
    for _ in range(2):
        journey.observe_execution("train-and-promote", history)
    assert states(journey) == [("Train", "done")]


def test_a_failed_execution_closes_the_state_it_was_in() -> None:
    journey = Journey()
    history = [event("TaskStateEntered", 0, "Train"), {"type": "ExecutionFailed", "timestamp": START}]
    journey.observe_execution("train-and-promote", history)
    assert states(journey) == [("Train", "failed")]


def test_without_a_terminal_each_change_is_one_line() -> None:
    journey, output = Journey(), io.StringIO()
    with JourneyDisplay(Console(file=output), journey) as display:
        step = journey.step("Airflow · build_dataset", "land")
        display.refresh()
        step.begin("two archives")
        display.refresh()
        display.refresh()
        step.finish()
    lines = output.getvalue().splitlines()
    assert [line.split("]")[0].strip("[ ") for line in lines] == ["running", "done"]
    assert "two archives" in lines[0]


def test_what_is_printed_between_two_displays_stays_on_the_terminal() -> None:
    journey, output = Journey(), io.StringIO()
    console = Console(file=output, force_terminal=True, width=100, height=40)
    display = JourneyDisplay(console, journey)
    with display:
        journey.step("Airflow · build_dataset", "land").begin()
        display.refresh()
    console.print("A candidate waits")
    before = output.tell()
    with display:
        display.refresh()
    # A movement upwards comes only after the display has written lines of its own.
    written, moved_up, _ = output.getvalue()[before:].partition("\x1b[1A")
    assert not moved_up or "land" in written


def test_a_finished_stage_folds_into_one_line_and_long_details_leave_room_for_names() -> None:
    journey, output = Journey(), io.StringIO()
    for name in ("land", "curate"):
        step = journey.step("Airflow · build_dataset", name)
        step.begin()
        step.finish("x" * 300)
    journey.step("Step Functions · train-and-promote", "Train").begin("y" * 300)
    with JourneyDisplay(Console(file=output, force_terminal=True, width=80, height=24), journey) as display:
        display.refresh()
    text = output.getvalue()
    assert "curate" not in text
    assert "Airflow · build_dataset" in text
    assert "Train " in text
