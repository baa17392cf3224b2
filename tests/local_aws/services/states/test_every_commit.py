"""Killed after any of its commits, an execution comes to the same end with the same history."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from state_machines import FakeServices, StatesWorld, eventually, masked

from local_aws.services.states.runtime import Runtime

MACHINES = Path(__file__).parent / "machines"
CASES = [
    "choice_first_rule_that_holds",
    "failure_travels_outwards",
    "inner_scope_reads_outer_variables",
    "map_failure",
    "map_items_not_a_list",
    "map_one_at_a_time",
    "map_run",
    "map_run_fails",
    "result_writer_of_a_failed_run",
    "sync_glue_job",
    "sync_training_job_failed",
    "task_function_error_caught",
    "task_output_undefined_caught",
    "task_success",
    "wait_seconds",
]
MOST_COMMITS = 60


class Killer:
    """Ends all threads after the commit with this number, as a killed process would."""

    def __init__(self, number: int, monkeypatch: pytest.MonkeyPatch) -> None:
        self.left = number
        commit = Runtime.commit
        killer = self

        @contextmanager
        def counting(runtime: Runtime, path: str) -> Iterator[None]:
            with commit(runtime, path):
                yield
            killer.left -= 1
            if killer.left == 0:
                runtime.closing = True

        monkeypatch.setattr(Runtime, "commit", counting)

    @property
    def struck(self) -> bool:
        return self.left <= 0


@pytest.mark.parametrize("case", CASES)
def test_history_is_the_same(case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    definition = json.loads((MACHINES / f"{case}.asl.json").read_text())
    plan = json.loads((MACHINES / f"{case}.case.json").read_text())
    expected = json.loads((MACHINES / f"{case}.history.json").read_text())["history"]
    for number in range(1, MOST_COMMITS):
        folder = tmp_path / str(number)
        folder.mkdir()
        world = StatesWorld(folder, FakeServices(plan.get("replies")))
        with monkeypatch.context() as patch:
            killer = Killer(number, patch)
            execution = world.start(world.create(definition), plan["input"])
            wait_for_the_kill(world, execution, killer)
        world.restart()
        world.ended(execution)
        assert masked(world.events(execution)) == expected, f"killed after commit {number}"
        world.close()
        if not killer.struck:
            return
    raise AssertionError(f"{case} makes more than {MOST_COMMITS} commits: give it fewer")


def wait_for_the_kill(world: StatesWorld, execution: str, killer: Killer) -> None:
    eventually(lambda: killer.struck or world.describe(execution)["status"] != "RUNNING")
