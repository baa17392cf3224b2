"""Task: one attempt after another to have a service do something.

A call that was under way when the server was killed is made again when it resumes: a task happens at least once, as
on AWS when a request times out. A job of ``.sync`` that the interrupted call had already started is found by its name
and followed; a Glue job run has none, so it may run twice.
"""

from __future__ import annotations

import time
import uuid
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local_aws.services.states.errors import DATA_LIMIT_EXCEEDED, TIMEOUT, HaltedError, StateError
from local_aws.services.states.failures import error_of, failure_of
from local_aws.services.states.flow import Flow, Step, too_large
from local_aws.services.states.jsontext import MAX_BYTES, dumps, loads, size
from local_aws.services.states.models import State, Task, Token, TokenAnswer
from local_aws.services.states.tasks import sync, tokens
from local_aws.services.states.tasks.calls import Call
from local_aws.services.states.tasks.integrations import Caller, call, prepare
from local_aws.services.states.tasks.resources import Resource, parse
from local_aws.services.states.tasks.service_errors import client_error, service_error
from local_aws.services.states.tasks.task_events import (
    ActivityTaskEvents,
    Event,
    FunctionTaskEvents,
    ServiceTaskEvents,
    TaskEvents,
)

FIRST_POLL_SECONDS = 0.1
LONGEST_POLL_SECONDS = 1.0
POLL_GROWTH = 1.5
#: How often in a row a poll may go unanswered before the task fails: half a minute, a restart of the service.
FAILED_POLLS = 30
SERVER_ERROR = 500


def run_task(flow: Flow, state: State) -> Step:
    if flow.frame["outcome"] is None:
        Attempt(flow, state).run()
    return complete_task(flow, state)


def complete_task(flow: Flow, state: State) -> Step:
    outcome = flow.frame["outcome"] or {}
    scope = flow.scope(state).with_result(outcome.get("result"))
    return flow.completed(flow.language(state).complete(state, scope, outcome.get("result"), ""), state.get("Next"))


class Attempt:
    """One attempt, from TaskScheduled to its end; the frame holds how far it came."""

    def __init__(self, flow: Flow, state: State) -> None:
        self.flow = flow
        self.state = state
        self.runtime = flow.runtime
        self.resource: Resource = parse(state["Resource"])
        self.caller = Caller(
            self.runtime.arn, str(self.runtime.context_object()["StateMachine"]["Id"]), self.runtime.watch
        )
        self.events: TaskEvents
        if self.resource.kind == "function":
            self.events = FunctionTaskEvents(self.resource.shown)
        elif self.resource.kind == "activity":
            self.events = ActivityTaskEvents(self.resource.shown)
        else:
            self.events = ServiceTaskEvents(self.resource.shown_type, self.resource.shown, self.runtime.context.region)

    def run(self) -> None:
        """Raises what the task failed with, after its events are written."""
        resumed = self.flow.frame["task"] is not None
        task = self.flow.frame["task"] or self._schedule()
        try:
            if "submitted" not in task:
                reply = self._call(task, again=resumed)
                if self.resource.mode == "request":
                    self._succeed(reply)
                    return
                self._submit(task, reply)
            self._succeed(self._answer(task) if self.resource.mode == "token" else self._job(task))
        except StateError as error:
            self._fail(error)
            raise

    def _schedule(self) -> Task:
        language, frame = self.flow.language(self.state), self.flow.frame
        scope = self.flow.scope(self.state)
        timeout = language.whole_number(self.state, "TimeoutSeconds", scope)
        heartbeat = language.whole_number(self.state, "HeartbeatSeconds", scope)
        now = time.time()
        deadline = None if timeout is None else now + timeout
        token = tokens.mint() if self.resource.mode == "token" else None
        task: Task = {"parameters": None, "token": token, "deadline": deadline}
        frame["task"] = task
        try:
            task["parameters"] = language.arguments(self.state, self.flow.scope(self.state))
            self._check_size(dumps(task["parameters"]))
            prepare(self.resource, task["parameters"], self.caller)
        except StateError:
            frame["task"] = None
            raise
        with self.runtime.commit(self.flow.path):
            self._event(self.events.scheduled(task["parameters"], timeout, heartbeat))
            self._event(self.events.started())
            if token is not None:
                document = tokens.new(frame["execution"], frame["path"], deadline, heartbeat, now)
                self.runtime.records.save_token(token, document)
            self._name_execution(task)
            self.flow.save()
        return task

    def _name_execution(self, task: Task) -> None:
        # A name of our own makes a repeated start find the first one.
        if (self.resource.service, self.resource.operation) == ("stepfunctions", "StartExecution"):
            task["parameters"] = {"Name": str(uuid.uuid4()), **task["parameters"]}

    def _call(self, task: Task, again: bool) -> Any:
        clients = self.runtime.context.client

        def make() -> Any:
            try:
                return call(clients, self.resource, task["parameters"], self.caller)
            except StateError as error:
                kind = sync.KINDS.get((self.resource.service, self.resource.operation))
                if again and kind is not None and error.error in kind.duplicates:
                    return kind.existing(clients, task["parameters"])
                raise

        wait = Call(self.runtime, self.flow.path, make, lambda reply: self._stop_late(task, reply))
        return wait.result(task["deadline"])

    def _stop_late(self, task: Task, reply: Any) -> None:
        """A job was started after its task had ended. A restarted server looks for it; nobody else would."""
        if self.resource.mode.startswith("sync") and not self.runtime.closing:
            self.runtime.cancel_job(self.resource, {**task, "submitted": reply})

    def _submit(self, task: Task, reply: Any) -> None:
        try:
            with self.runtime.commit(self.flow.path):
                self._event(self.events.submitted(dumps(reply)))
                task["submitted"] = reply
                self.flow.save()
        except HaltedError:
            self._stop_late(task, reply)
            raise

    def _answer(self, task: Task) -> Any:
        """Wait for SendTaskSuccess or SendTaskFailure, or until time is up."""
        token = task["token"] or ""

        def change() -> Token | None:
            document = self.runtime.records.token(token)
            if document is not None and document["answer"] is None and tokens.ends_at(document)[0] == until:
                return None
            return document

        until: float | None = None
        while True:
            document = self.runtime.wait_parked(self.flow.path, until, change)
            if document is None:
                return self._late_answer(token)
            if document["answer"] is not None:
                return _value(document["answer"])
            # A heartbeat has moved the end.
            until, _ = tokens.ends_at(document)

    def _late_answer(self, token: str) -> Any:
        """Time is up. An answer that was taken at the last moment counts; after this none is."""
        with self.runtime.commit(self.flow.path):
            document = self.runtime.records.token(token)
            tokens.spend(self.runtime.records, token)
        if document is not None and document["answer"] is not None:
            return _value(document["answer"])
        raise StateError(TIMEOUT, heartbeat=document is not None and tokens.ends_at(document)[1])

    def _job(self, task: Task) -> Any:
        """Poll the job until it ends. What is known of earlier polls outlives the parking of this flow."""
        kind = sync.KINDS[(self.resource.service, self.resource.operation)]
        path, polls = self.flow.path, self.runtime.polls
        key = f"{path}#{self.flow.frame['previous']}"
        while True:
            delay, unanswered = polls.get(key, (FIRST_POLL_SECONDS, 0))
            clients, parsed = self.runtime.context.client, self.resource.mode == "sync:2"
            try:
                found = sync.poll(kind, clients, task["parameters"], task["submitted"], parsed=parsed)
                if found is not None:
                    return found
                unanswered = 0
            except (BotoCoreError, ClientError) as error:
                unanswered += 1
                if unanswered >= FAILED_POLLS or _is_final(error):
                    raise self._poll_error(error) from error
            polls[key] = min(delay * POLL_GROWTH, LONGEST_POLL_SECONDS), unanswered
            until = time.time() + delay
            if task["deadline"] is not None and until > task["deadline"]:
                self.runtime.wait_parked(path, task["deadline"], lambda: None)
                raise StateError(TIMEOUT)
            self.runtime.wait_parked(path, until, lambda: None, patience=0)

    def _poll_error(self, error: BotoCoreError | ClientError) -> StateError:
        if isinstance(error, ClientError):
            return service_error(self.resource, error)
        return client_error(self.resource, error)

    def _succeed(self, result: Any) -> None:
        text = dumps(result)
        self._check_size(text)
        with self.runtime.commit(self.flow.path):
            self._event(self.events.succeeded(text))
            self.flow.frame.update({"task": None, "outcome": {"result": result}})
            self.flow.save()

    def _fail(self, error: StateError) -> None:
        if error.terminal:
            # Not the task's own failure: the state reports it.
            return
        failure = failure_of(error)
        with self.runtime.commit(self.flow.path):
            self._event(self.events.failed(failure))
            # A job that failed by itself need not be stopped.
            cancelled = self.runtime.give_up_task(self.flow.frame, stop=error.error == TIMEOUT)
            self.flow.frame.update({"task": None, "outcome": {"failure": failure}})
            self.flow.save()
        if cancelled:
            self.runtime.stop_cancelled_jobs()

    def _check_size(self, text: str) -> None:
        if size(text) > MAX_BYTES:
            raise StateError(DATA_LIMIT_EXCEEDED, too_large(self.resource.shown_type))

    def _event(self, event: Event) -> None:
        self.flow.append(*event)


def _value(answer: TokenAnswer) -> Any:
    if "failure" in answer:
        raise error_of(answer["failure"])
    return loads(answer["output"])


def _is_final(error: BotoCoreError | ClientError) -> bool:
    """Whether a poll's error will not go away: the service answered, and refused."""
    if not isinstance(error, ClientError):
        return False
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", SERVER_ERROR)
    return status < SERVER_ERROR and error.response["Error"]["Code"] not in ("ThrottlingException", "Throttling")
