"""What the demo has done so far, as steps that a display can show: observed from outside, never guessed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from vigil.cli.demo.airflow_api import AirflowApi, TaskInstance

StepState = Literal["waiting", "running", "done", "failed", "skipped"]

_TASK_STATES: dict[str | None, StepState] = {
    "success": "done",
    "failed": "failed",
    "upstream_failed": "failed",
    "skipped": "skipped",
    "running": "running",
    "deferred": "running",
    "up_for_retry": "running",
    "restarting": "running",
}


@dataclass
class Step:
    """One line of the display. Times are aware; ``detail`` is for people and holds no secret."""

    stage: str
    name: str
    state: StepState = "waiting"
    detail: str = ""
    started: datetime | None = None
    ended: datetime | None = None

    def begin(self, detail: str = "") -> None:
        self.state, self.detail, self.started = "running", detail, datetime.now(UTC)

    def finish(self, detail: str = "", state: StepState = "done") -> None:
        self.state, self.ended = state, datetime.now(UTC)
        self.detail = detail or self.detail

    def seconds(self, now: datetime) -> float | None:
        return None if self.started is None else ((self.ended or now) - self.started).total_seconds()


@dataclass
class Journey:
    """The steps in the order in which a person follows them."""

    steps: list[Step] = field(default_factory=list)

    def step(self, stage: str, name: str) -> Step:
        """The step of that stage and name; made where it is new."""
        for step in self.steps:
            if (step.stage, step.name) == (stage, name):
                return step
        step = Step(stage, name)
        self.steps.append(step)
        return step

    def has(self, stage: str, name: str) -> bool:
        """Whether that step has been seen."""
        return any((step.stage, step.name) == (stage, name) for step in self.steps)

    def observe_dag_run(self, api: AirflowApi, dag_id: str, run_id: str, order: Iterable[str]) -> None:
        """Take over the states of a DAG run's tasks."""
        tasks = api.tasks(dag_id, run_id)
        for task_id in order:
            step = self.step(f"Airflow · {dag_id}", task_id)
            if task_id in tasks:
                _take_over(step, tasks[task_id])

    def observe_execution(self, machine: str, events: Iterable[dict[str, Any]]) -> None:
        """Take over the states that an execution has entered and left, from its history without data."""
        stage = f"Step Functions · {machine}"
        for event in events:
            if event["type"].endswith("StateEntered"):
                name = event["stateEnteredEventDetails"]["name"]
                step = self.step(stage, name)
                if step.started is None:
                    step.started = event["timestamp"]
                step.state, step.ended = ("failed" if event["type"].startswith("Fail") else "running"), None
            elif event["type"].endswith("StateExited"):
                step = self.step(stage, event["stateExitedEventDetails"]["name"])
                step.state, step.ended = "done", event["timestamp"]
            elif event["type"] in {"ExecutionFailed", "ExecutionAborted", "ExecutionTimedOut"}:
                self._close(stage, event["timestamp"])

    def _close(self, stage: str, moment: datetime) -> None:
        for step in self.steps:
            if step.stage == stage and step.ended is None and step.started is not None:
                step.state, step.ended = "failed", moment


def _take_over(step: Step, task: TaskInstance) -> None:
    step.state = _TASK_STATES.get(task.state, "waiting")
    step.started = datetime.fromisoformat(task.started) if task.started else None
    ended = step.state in {"done", "failed", "skipped"} and task.ended
    step.ended = datetime.fromisoformat(task.ended) if ended and task.ended else None
