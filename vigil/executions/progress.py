"""From a machine's graph and an execution's events to what became of each state."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from vigil.executions.contents import nested_execution, request_id_in, state_data
from vigil.executions.models import OPEN, Failure, Graph, Progress, StateProgress, Status, Wait
from vigil.executions.visits import Event, Visit, details, is_failure, read_course

CAUSE_CHARACTERS = 4000
MOST_FAILURES = 20  # of one visit: the newest
#: Of several visits that are not over, the one that a person should look at is shown.
URGENCY = (Status.WAITING, Status.RETRYING, Status.RUNNING)


def read_progress(graph: Graph, events: Iterable[Event]) -> Progress:
    """``events`` are redacted and in order."""
    course = read_course(graph, events)
    by_state: dict[str, list[Visit]] = {}
    for visit in course.visits:
        by_state.setdefault(visit.state.name, []).append(visit)
    return Progress(
        states={name: _progress(name, visits) for name, visits in by_state.items()},
        taken=course.taken,
        redrives=course.redrives,
    )


def status_of(visit: Visit) -> Status:
    if visit.cut is not None:
        return visit.cut
    if visit.state.type == "Fail":
        return Status.FAILED
    if visit.exited:
        return Status.CAUGHT if visit.last_failed else Status.SUCCEEDED
    if visit.last_failed:
        return Status.RETRYING
    if visit.state.waits_for == "answer" and visit.events[-1]["type"] in ("TaskSubmitted", "ActivityStarted"):
        return Status.WAITING
    return Status.RUNNING


def _progress(name: str, visits: list[Visit]) -> StateProgress:
    visit = _shown(visits)
    status = status_of(visit)
    return StateProgress(
        name=name,
        status=status,
        visits=len(visits),
        open_visits=sum(each.is_open for each in visits),
        entered_at=visit.entered_at,
        ended_at=visit.ended_at,
        attempts=sum(str(event["type"]).endswith("Scheduled") for event in visit.events),
        failures=[_failure(event) for event in visit.events if is_failure(event)][-MOST_FAILURES:],
        wait=_wait(visit) if status in OPEN else None,
        nested_execution=nested_execution(visit.events),
        request_id=request_id_in(visit.events),
        data=state_data(visit.events),
    )


def _shown(visits: list[Visit]) -> Visit:
    for status in URGENCY:
        found = [visit for visit in visits if visit.is_open and status_of(visit) is status]
        if found:
            return found[-1]
    # Iterations end in any order: one that failed tells more than the last.
    newest = visits[-1]
    failed = [visit for visit in visits if visit.cut in (Status.FAILED, Status.TIMED_OUT)]
    return failed[-1] if failed and newest.cut is not None else newest


def _failure(event: Event) -> Failure:
    told = details(event)
    return Failure(
        at=event["timestamp"],
        kind=str(event["type"]),
        error=str(told.get("error") or ""),
        cause=str(told.get("cause") or "")[:CAUSE_CHARACTERS],
    )


def _wait(visit: Visit) -> Wait | None:
    state = visit.state
    if state.type == "Wait":
        until = None if state.pause_seconds is None else visit.entered_at + timedelta(seconds=state.pause_seconds)
        return Wait(kind="time", what="the end of its pause", since=visit.entered_at, until=until)
    scheduled = next((each for each in reversed(visit.events) if str(each["type"]).endswith("Scheduled")), None)
    if scheduled is None or visit.last_failed:
        return None
    kind: Any = state.waits_for or "call"
    what = {
        "answer": "an answer to its task token",
        "job": f"the end of the job ({state.calls})",
        "execution": "the end of the execution that it started",
        "call": f"the reply ({state.calls})",
    }[kind]
    return Wait(
        kind=kind,
        what=what,
        since=scheduled["timestamp"],
        until=_limit(scheduled),
        request_id=request_id_in(visit.events) if kind == "answer" else None,
    )


def _limit(scheduled: Event) -> datetime | None:
    """TimeoutSeconds counts for each attempt, from when it is scheduled."""
    seconds = details(scheduled).get("timeoutInSeconds")
    at: datetime = scheduled["timestamp"]
    return None if seconds is None else at + timedelta(seconds=seconds)
