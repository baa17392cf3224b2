"""Task states that name an activity: the task waits until a worker fetches it, then for the worker's answer.

TimeoutSeconds and HeartbeatSeconds count from the moment at which GetActivityTask hands the task out:
https://docs.aws.amazon.com/step-functions/latest/dg/state-task.html
"""

from __future__ import annotations

import time
from typing import Any

from local_aws.services.states.activities import records as activities
from local_aws.services.states.activities.records import ActivityRecords
from local_aws.services.states.errors import RUNTIME, StateError
from local_aws.services.states.flow import Flow, Step
from local_aws.services.states.jsontext import dumps
from local_aws.services.states.models import State, Task, Token
from local_aws.services.states.tasks import tokens
from local_aws.services.states.tasks.resources import parse
from local_aws.services.states.tasks.task import Attempt, complete_task, run_task
from local_aws.services.states.tasks.task_events import activity_started


def run_any_task(flow: Flow, state: State) -> Step:
    if parse(state["Resource"]).kind != "activity":
        return run_task(flow, state)
    if flow.frame["outcome"] is None:
        ActivityAttempt(flow, state).run()
    return complete_task(flow, state)


class ActivityAttempt(Attempt):
    def run(self) -> None:
        task = self.flow.frame["task"] or self._schedule()
        try:
            self._succeed(self._answer(task))
        except StateError as error:
            self._fail(error)
            raise

    def _schedule(self) -> Task:
        language, frame, scope = self.flow.language(self.state), self.flow.frame, self.flow.scope(self.state)
        timeout = language.whole_number(self.state, "TimeoutSeconds", scope)
        heartbeat = language.whole_number(self.state, "HeartbeatSeconds", scope)
        arguments = language.arguments(self.state, scope)
        text = dumps(arguments)
        self._check_size(text)
        token, arn = tokens.mint(), self.resource.shown
        known = ActivityRecords(self.runtime.context.store)
        if known.find(arn) is None:
            raise StateError(RUNTIME, f"The activity {arn} does not exist.", terminal=True)
        task: Task = {"parameters": None, "token": token, "deadline": None}
        with self.runtime.commit(self.flow.path):
            frame["task"] = task
            self._event(self.events.scheduled(arguments, timeout, heartbeat))
            self.runtime.records.save_token(
                token, tokens.new(frame["execution"], frame["path"], None, None, time.time())
            )
            known.add_task(arn, {"token": token, "input": text, "timeout": timeout, "heartbeat": heartbeat})
            self.flow.save()
        activities.wake()
        return task

    def _answer(self, task: Task) -> Any:
        if not task.get("started"):
            token = self.runtime.wait_parked(self.flow.path, None, lambda: self._taken(task))
            worker = None if token is None else token.get("worker")
            with self.runtime.commit(self.flow.path):
                self._event(activity_started(worker))
                task["started"] = True
                self.flow.save()
        return super()._answer(task)

    def _taken(self, task: Task) -> Token | None:
        token = self.runtime.records.token(task["token"] or "")
        return token if token is not None and "worker" in token else None
