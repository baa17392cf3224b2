"""One path of control through a machine: it enters states, runs them and leaves them, one committed step at a time.

A flow can be taken up at any commit: what it was doing is in its frame.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from local_aws.services.states import history, retries
from local_aws.services.states.errors import (
    DATA_LIMIT_EXCEEDED,
    RUNTIME,
    EvaluationError,
    HaltedError,
    StateError,
)
from local_aws.services.states.failures import error_of, failure_of, is_store_failure
from local_aws.services.states.jsontext import MAX_BYTES, dumps, size
from local_aws.services.states.languages.known import LANGUAGES, language_name
from local_aws.services.states.languages.query_language import Completion, QueryLanguage, Scope
from local_aws.services.states.languages.variables import check_sizes
from local_aws.services.states.models import Failure, Finished, Frame, State
from local_aws.services.states.parking import ParkedError
from local_aws.services.states.runtime import Runtime
from local_aws.times import iso_milliseconds, utc

logger = logging.getLogger(__name__)
#: After the store could not keep a step.
STORE_RETRY_SECONDS = 2.0
FORKING = ("Parallel", "Map")
COUNTS_RETRIES = ("Task", *FORKING)


@dataclass(frozen=True)
class Step:
    """How a state was left: with this output, for that state; None ends the flow."""

    output: Any
    target: str | None
    assigned: dict[str, Any] = field(default_factory=dict)


Work = Callable[["Flow", State], Step]


class Flow:
    """Runs one frame on its own thread. ``works`` has a function for each state type."""

    def __init__(
        self, runtime: Runtime, frame: Frame, works: dict[str, Work], launch: Callable[[Runtime, Frame], None]
    ) -> None:
        self.runtime = runtime
        self.frame = frame
        self.works = works
        self._launch = launch
        self._stale = False

    @property
    def path(self) -> str:
        return self.frame["path"]

    def launch(self, frame: Frame) -> None:
        """Start the flow of a child frame."""
        self._launch(self.runtime, frame)

    def run(self) -> None:
        """The thread's body: to the end of the flow, or until the execution is over."""
        try:
            try:
                self._refresh()
                self._run_to_end()
            except StateError as error:
                self._fail(error)
        except HaltedError:
            return
        except Exception as error:
            if self.runtime.closing:
                return
            if is_store_failure(error):
                logger.warning(
                    "%s: a step of flow %s could not be kept and is tried again", self.runtime.arn, self.path
                )
                self._stale = True
                raise ParkedError(time.time() + STORE_RETRY_SECONDS, lambda: None) from error
            logger.exception("%s: flow %s broke", self.runtime.arn, self.path)
            self._fail_quietly(StateError(RUNTIME, f"Internal error of local_aws: {type(error).__name__}: {error}"))

    def _refresh(self) -> None:
        """After a step that was not kept: what is in the store is where the flow stands."""
        if self._stale:
            kept = [one for one in self.runtime.records.frames(self.runtime.arn) if one["path"] == self.path]
            if not kept or kept[0]["finished"] is not None:
                raise HaltedError(self.path)
            self.frame, self._stale = kept[0], False

    def language(self, state: State) -> QueryLanguage:
        return LANGUAGES[language_name(self.runtime.definition, state)]

    def scope(self, state: State) -> Scope:
        """What the expressions of the current state may read."""
        frame, entered = self.frame, self.frame["entered"]
        shown: dict[str, Any] = {"Name": frame["state"], "EnteredTime": entered["time"] if entered else ""}
        if state["Type"] in COUNTS_RETRIES:
            shown["RetryCount"] = frame["retry_count"]
        context = {**self.runtime.context_object(), "State": shown}
        if frame["task"] is not None and frame["task"]["token"] is not None:
            context["Task"] = {"Token": frame["task"]["token"]}
        if frame["item"] is not None:
            context["Map"] = {"Item": frame["item"]}
        return Scope(frame["input"], context, {**frame["outer"], **frame["variables"]})

    def save(self) -> None:
        self.runtime.records.save_frame(self.frame)

    def append(self, kind: str, details: dict[str, Any] | None = None) -> int:
        """Add an event to this flow's chain; inside a commit."""
        self.frame["previous"] = self.runtime.append(kind, self.frame["previous"], details)
        return self.frame["previous"]

    def completed(self, completion: Completion, target: str | None) -> Step:
        """Raises ``StateError`` States.DataLimitExceeded for an output that no state may hand on."""
        if size(dumps(completion.output)) > MAX_BYTES:
            raise StateError(DATA_LIMIT_EXCEEDED, too_large(self.frame["state"]), terminal=True)
        check_sizes(completion.assigned, {**self.frame["outer"], **self.frame["variables"]})
        return Step(completion.output, target, completion.assigned)

    def _run_to_end(self) -> None:
        while True:
            state = self.runtime.state_of(self.frame)
            if self.frame["entered"] is None:
                self._enter(state)
            if self._leave(state, self._through(state)):
                return

    def _enter(self, state: State) -> None:
        self.runtime.entering(self.path, self.frame["previous"])
        with self.runtime.commit(self.path):
            details = history.state_entered(self.frame["state"], self.frame["input"])
            event = self.append(f"{state['Type']}StateEntered", details)
            self.frame["entered"] = {"event": event, "time": iso_milliseconds(utc(time.time()))}
            self.save()
        most = self.runtime.max_events
        if most is not None and event >= most:
            cause = f"The execution reached the maximum number of history events ({most})."
            raise StateError(RUNTIME, cause, terminal=True)

    def _through(self, state: State) -> Step:
        """Run the state, as often as its Retry allows, or along its Catch."""
        while True:
            outcome = self.frame["outcome"]
            if outcome is None or "failure" not in outcome:
                try:
                    return self._attempt(state)
                except StateError as error:
                    self._record(state, error)
            step = self._retry_or_catch(state)
            if step is not None:
                return step

    def _attempt(self, state: State) -> Step:
        if state["Type"] in COUNTS_RETRIES and self.frame["wake"] is not None:
            self.runtime.wait_parked(self.path, self.frame["wake"], lambda: None)
            self.frame["wake"] = None
        return self.works[state["Type"]](self, state)

    def _record(self, state: State, error: StateError) -> None:
        """Keep the failure, with its events, unless the work did so itself."""
        if self.frame["outcome"] is not None and "failure" in self.frame["outcome"]:
            return
        failure = self._failure(error)
        cancelled = False
        with self.runtime.commit(self.path):
            if isinstance(error, EvaluationError):
                details = history.evaluation_failed(self.frame["state"], failure, error.location)
                self.append("EvaluationFailed", details)
            if state["Type"] in FORKING:
                self.append(f"{state['Type']}StateFailed")
                cancelled = self.runtime.drop_children(self.frame)
            cancelled = self.runtime.give_up_task(self.frame) or cancelled
            self.frame.update({"outcome": {"failure": failure}, "task": None, "fork": None})
            self.save()
        if cancelled:
            self.runtime.stop_cancelled_jobs()

    def _failure(self, error: StateError) -> Failure:
        cause, entered = error.cause, self.frame["entered"]
        if isinstance(error, EvaluationError) or (error.terminal and error.error == RUNTIME):
            event = entered["event"] if entered else 0
            name = self.frame["state"]
            cause = f"An error occurred while executing the state '{name}' (entered at the event id #{event}). {cause}"
        return failure_of(error, cause)

    def _retry_or_catch(self, state: State) -> Step | None:
        """None after a retrier took the failure and its delay is set. Raises it when nothing takes it."""
        outcome = self.frame["outcome"]
        assert outcome is not None  # noqa: S101 - the caller has just seen it
        failure = outcome["failure"]
        retry = retries.next_retry(state, failure, self.frame["retries"])
        if retry is not None:
            with self.runtime.commit(self.path):
                counts = self.frame["retries"]
                counts[str(retry.index)] = counts.get(str(retry.index), 0) + 1
                count = self.frame["retry_count"] + 1
                self.frame.update({"outcome": None, "retry_count": count, "wake": time.time() + retry.delay})
                self.save()
            return None
        caught = retries.catcher(state, failure)
        if caught is None:
            raise error_of(failure)
        error_output = {"Error": failure["error"] or "", "Cause": failure["cause"] or ""}
        scope = self.scope(state).with_error(error_output)
        try:
            completion = self.language(state).complete(caught.catcher, scope, error_output, caught.location)
            return self.completed(completion, caught.catcher["Next"])
        except StateError as error:
            if isinstance(error, EvaluationError):
                self.frame["outcome"] = None
                self._record(state, error)
            raise StateError(error.error, self._failure(error)["cause"], terminal=error.terminal) from error

    def _leave(self, state: State, step: Step) -> bool:
        """Commit the end of the state; True when it was the flow's last."""
        frame, output = self.frame, dumps(step.output)
        with self.runtime.commit(self.path):
            details = history.state_exited(frame["state"], output, step.assigned)
            self.append(f"{state['Type']}StateExited", details)
            frame["variables"].update(step.assigned)
            if step.target is None:
                self._succeed(step.output, output)
                return True
            frame.update({"state": step.target, "input": step.output, "entered": None, "retries": {}, "retry_count": 0})
            frame.update({"wake": None, "task": None, "fork": None, "outcome": None, "failed_fork": None})
            self.save()
        return False

    def _succeed(self, value: Any, output: str) -> None:
        """Inside the commit of the last state's end."""
        frame = self.frame
        if frame["path"] == ROOT:
            self.runtime.finish("SUCCEEDED", frame["previous"], error=None, cause=None, output=output)
            return
        previous = event = frame["previous"]
        if is_iteration(frame):
            index = frame["item"]["Index"] if frame["item"] else 0
            details = history.map_iteration("Succeeded", map_name(frame), index)
            event = self.runtime.append("MapIterationSucceeded", previous, details)
        self._finish({"output": value, "event": event, "previous": previous})

    def _fail(self, error: StateError) -> None:
        frame = self.frame
        if frame["path"] == ROOT:
            self.runtime.finish("FAILED", frame["previous"], error=error.error, cause=error.cause)
            return
        with self.runtime.commit(frame["path"]):
            previous = frame["previous"]
            self._finish({"failure": failure_of(error), "event": previous, "previous": previous})

    def _finish(self, finished: Finished) -> None:
        """Inside a commit: let the flow around this one know."""
        self.frame["finished"] = self.runtime.results[self.path] = finished
        self.save()

    def _fail_quietly(self, error: StateError) -> None:
        try:
            self._fail(error)
        except HaltedError:
            return


ROOT = "0"


def is_iteration(frame: Frame) -> bool:
    """Whether a frame is an iteration of a Map itself, not only inside one."""
    return frame["block"][-1:] in (["ItemProcessor"], ["Iterator"])


def map_name(frame: Frame) -> str:
    """The Map state that a frame is an iteration of."""
    return str(frame["block"][-2])


def too_large(source: str) -> str:
    return (
        f"The state/task '{source}' returned a result with a size exceeding the maximum number of bytes service limit."
    )
