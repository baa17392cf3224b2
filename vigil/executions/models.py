"""Types of a machine's drawing and of an execution's progress in it."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from vigil.moments import Moment


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Transition(_Frozen):
    """A way from one state to the next. ``label`` says when it is taken; empty where there is no other."""

    to: str
    kind: Literal["next", "choice", "default", "catch"]
    label: str = ""


class State(_Frozen):
    """``calls`` is what a Task calls, without its ARN. ``branches``: those of a Parallel, or the one of a Map.

    ``distributed``: the iterations are executions of their own, so that this history tells nothing of their states.
    """

    name: str
    type: str
    comment: str = ""
    calls: str = ""
    waits_for: Literal["", "answer", "job", "execution", "time"] = ""
    transitions: list[Transition] = Field(default_factory=list)
    branches: list[Graph] = Field(default_factory=list)
    distributed: bool = False
    pause_seconds: float | None = None  # of a Wait, where the definition says it


class Graph(_Frozen):
    """States in the order of the definition."""

    start: str
    states: list[State]


class Status(StrEnum):
    NOT_REACHED = "not-reached"
    RUNNING = "running"
    WAITING = "waiting"  # handed over, until somebody answers
    RETRYING = "retrying"  # failed, and will be tried again
    SUCCEEDED = "succeeded"
    CAUGHT = "caught"  # failed, and the machine goes on by a way of its own for this
    FAILED = "failed"
    TIMED_OUT = "timed-out"
    ABORTED = "aborted"  # stopped from outside, or because a neighbour failed


#: The state is not over.
OPEN = frozenset({Status.RUNNING, Status.WAITING, Status.RETRYING})


class Failure(_Frozen):
    at: Moment
    kind: str
    error: str = ""
    cause: str = ""


class Wait(_Frozen):
    """``until``: when the wait ends by itself; unknown where the machine computes it."""

    kind: Literal["answer", "job", "execution", "time", "call"]
    what: str
    since: Moment
    until: Moment | None = None
    request_id: str | None = None


class StateData(_Frozen):
    """JSON texts, redacted, and cut where they are long. What a state does not have is None."""

    input: str | None = None
    arguments: str | None = None  # of the newest attempt
    result: str | None = None
    output: str | None = None
    assigned: str | None = None


class StateProgress(_Frozen):
    """What became of one state; the times, attempts and data are those of its newest visit.

    ``visits`` counts how often it was entered, ``open_visits`` how many of them are not over (a Map's iterations).
    """

    name: str
    status: Status
    visits: int
    open_visits: int
    entered_at: Moment
    ended_at: Moment | None = None
    attempts: int = 0
    failures: list[Failure] = Field(default_factory=list)
    wait: Wait | None = None
    nested_execution: str | None = None
    request_id: str | None = None
    data: StateData | None = None


class Progress(_Frozen):
    """``taken``: the ways (from, to) that were gone. States without a visit are left out."""

    states: dict[str, StateProgress]
    taken: list[tuple[str, str]]
    redrives: int = 0


class ExecutionView(_Frozen):
    """One execution as people are shown it: redacted, with the drawing of the machine that it started with.

    ``complete``: it has ended and ``progress`` tells all of it. The history may lag behind ``status`` for a moment.
    """

    execution_arn: str
    machine: str
    name: str
    status: str
    complete: bool
    started_at: Moment
    stopped_at: Moment | None = None
    error: str = ""
    cause: str = ""
    input: str | None = None
    output: str | None = None
    graph: Graph
    progress: Progress

    def without_data(self) -> ExecutionView:
        """For those who may see how a run goes, but not what goes through it; causes quote data, so they go too."""
        states = {
            name: state.model_copy(
                update={
                    "data": None,
                    "failures": [each.model_copy(update={"cause": ""}) for each in state.failures],
                }
            )
            for name, state in self.progress.states.items()
        }
        progress = self.progress.model_copy(update={"states": states})
        return self.model_copy(update={"input": None, "output": None, "cause": "", "progress": progress})
