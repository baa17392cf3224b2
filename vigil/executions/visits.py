"""An execution's events sorted by the visits of its states.

Each event names the one before it; concurrent branches and iterations are told apart by that chain. Shapes: Step
Functions API reference, HistoryEvent. Events must be redacted already.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from vigil.executions.graph import each_state, enclosing
from vigil.executions.models import Graph, State, Status

Event = Mapping[str, Any]
#: Events of these kinds belong to a Map or Parallel itself, whichever of its branches they follow.
OF_FORKS = ("MapState", "MapIteration", "MapRun", "ParallelState")
FORK_ENDS = ("MapStateFailed", "MapStateAborted", "ParallelStateFailed", "ParallelStateAborted")
EXECUTION_ENDS = {
    "ExecutionFailed": Status.FAILED,
    "ExecutionTimedOut": Status.TIMED_OUT,
    "ExecutionAborted": Status.ABORTED,
}


@dataclass(eq=False)
class Visit:
    """One stay in a state. ``cut``: as what it ended where it did not leave the state by itself."""

    state: State
    entered_at: datetime
    events: list[Event] = field(default_factory=list)
    ended_at: datetime | None = None
    exited: bool = False
    cut: Status | None = None

    @property
    def is_open(self) -> bool:
        return not self.exited and self.cut is None

    @property
    def last_failed(self) -> bool:
        """Whether the last thing that was tried failed."""
        outcomes = [event for event in self.events if not str(event["type"]).endswith("StateExited")]
        return bool(outcomes) and is_failure(outcomes[-1])

    def close(self, status: Status, at: datetime) -> None:
        self.cut, self.ended_at = status, at

    def reopen(self) -> None:
        if not self.exited:
            self.cut = self.ended_at = None


@dataclass
class Course:
    """What an execution went through. ``end`` is its last event, where it has ended."""

    visits: list[Visit] = field(default_factory=list)
    taken: list[tuple[str, str]] = field(default_factory=list)
    redrives: int = 0


def is_failure(event: Event) -> bool:
    return str(event["type"]).endswith(("Failed", "TimedOut"))


def details(event: Event) -> Mapping[str, Any]:
    found = (value for key, value in event.items() if key.endswith("EventDetails") and isinstance(value, Mapping))
    return next(found, {})


def read_course(graph: Graph, events: Iterable[Event]) -> Course:
    """``events`` in the order of their ids."""
    reader = _Reader(graph)
    for event in events:
        reader.read(event)
    return reader.course


class _Reader:
    def __init__(self, graph: Graph) -> None:
        self.course = Course()
        self._states = {state.name: state for state in each_state(graph)}
        self._within = enclosing(graph)
        self._visit_of: dict[int, Visit | None] = {}
        self._newest_of: dict[str, Visit] = {}
        self._cut_by_end: list[Visit] = []

    def read(self, event: Event) -> None:
        kind = str(event["type"])
        previous = self._visit_of.get(event.get("previousEventId", 0))
        visit: Visit | None
        if kind.startswith("Execution"):
            self._execution(kind, event, previous)
            visit = None
        elif kind.endswith("StateEntered"):
            visit = self._enter(event, previous)
        elif kind.endswith("StateExited"):
            visit = self._exit(event, previous)
        elif kind.startswith(OF_FORKS):
            visit = self._of_fork(kind, event, previous)
        elif kind.endswith("StateAborted"):
            visit = self._aborted(kind.removesuffix("StateAborted"), previous)
        else:
            visit = previous or self._revived(event)
        if visit is not None:
            visit.events.append(event)
            if kind.endswith("StateAborted"):
                visit.close(Status.ABORTED, event["timestamp"])
        self._visit_of[event["id"]] = visit

    def _enter(self, event: Event, previous: Visit | None) -> Visit | None:
        state = self._states.get(str(details(event).get("name")))
        if state is None:  # of another definition than the one that was read
            return None
        if previous is not None and previous.exited and self._within[previous.state.name] == self._within[state.name]:
            way = (previous.state.name, state.name)
            if way not in self.course.taken:
                self.course.taken.append(way)
        visit = Visit(state, event["timestamp"])
        self.course.visits.append(visit)
        self._newest_of[state.name] = visit
        self._reopen_around(state.name)
        return visit

    def _exit(self, event: Event, previous: Visit | None) -> Visit | None:
        name = details(event).get("name")
        visit = previous
        if previous is None or previous.state.name != name:
            visit = self._newest_of.get(str(name))
        if visit is not None:
            visit.reopen()  # whoever leaves was not cut
            visit.exited, visit.ended_at = True, event["timestamp"]
        return visit

    def _of_fork(self, kind: str, event: Event, previous: Visit | None) -> Visit | None:
        fork = self._fork_around(previous, "Parallel" if kind.startswith("Parallel") else "Map")
        if fork is None:
            return None
        if kind == "MapIterationFailed" and previous is not None and previous is not fork and previous.is_open:
            previous.close(Status.FAILED, event["timestamp"])
        if kind in FORK_ENDS:
            for visit in self._inside(fork):
                visit.close(_why_cut(visit, Status.ABORTED), event["timestamp"])
        return fork

    def _aborted(self, state_type: str, previous: Visit | None) -> Visit | None:
        """A neighbour that is cut off: its event may follow the one that failed the fork, and names no state."""
        candidates = [visit for visit in self.course.visits if visit.is_open and visit.state.type == state_type]
        if previous is None or previous in candidates or not candidates:
            return previous if previous in candidates else next(iter(candidates), None)
        around = set(self._around(previous.state.name))
        beside = [visit for visit in candidates if around & set(self._around(visit.state.name))]
        return next(iter(beside or candidates))

    def _execution(self, kind: str, event: Event, previous: Visit | None) -> None:
        if kind == "ExecutionRedriven":
            self.course.redrives += 1
            self._cut_by_end = [visit for visit in self.course.visits if visit.cut is not None]
        if kind not in EXECUTION_ENDS:
            return
        if kind == "ExecutionFailed" and previous is not None and previous.is_open and not previous.last_failed:
            previous.events.append(event)  # a Fail state, or an error of the state itself: told by this event only
        otherwise = Status.ABORTED if kind == "ExecutionFailed" else EXECUTION_ENDS[kind]
        for visit in self.course.visits:
            if visit.is_open:
                visit.close(_why_cut(visit, otherwise), event["timestamp"])

    def _revived(self, event: Event) -> Visit | None:
        """After a redrive: the visit that goes on. Its events follow ExecutionRedriven, not its own."""
        told = details(event)
        call = f"{told.get('resourceType')}:{str(told.get('resource', '')).partition('.')[0]}"
        fitting = [visit for visit in self._cut_by_end if visit.state.calls == call] or self._cut_by_end
        if not fitting:
            return None
        visit = fitting[0]
        self._cut_by_end = [each for each in self._cut_by_end if each is not visit]
        visit.reopen()
        self._reopen_around(visit.state.name)
        return visit

    def _reopen_around(self, name: str) -> None:
        for around in self._around(name):
            if around in self._newest_of:
                self._newest_of[around].reopen()

    def _fork_around(self, visit: Visit | None, kind: str) -> Visit | None:
        """The newest visit of the Map or Parallel that an event after ``visit`` belongs to."""
        if visit is None:
            return next((each for each in reversed(self.course.visits) if each.state.type == kind), None)
        names = [] if visit.exited else [visit.state.name]
        for name in (*names, *self._around(visit.state.name)):
            if self._states[name].type == kind:
                return self._newest_of.get(name)
        return None

    def _inside(self, fork: Visit) -> list[Visit]:
        """Open visits of states within a fork, since it was entered."""
        return [
            visit
            for visit in self.course.visits
            if visit.is_open
            and visit.entered_at >= fork.entered_at
            and fork.state.name in self._around(visit.state.name)
        ]

    def _around(self, name: str) -> Iterator[str]:
        around = self._within[name]
        while around is not None:
            yield around
            around = self._within[around]


def _why_cut(visit: Visit, otherwise: Status) -> Status:
    if visit.state.type == "Fail":
        return Status.FAILED
    if not visit.last_failed:
        return otherwise
    timed_out = str(visit.events[-1]["type"]).endswith("TimedOut")
    return Status.TIMED_OUT if timed_out else Status.FAILED
