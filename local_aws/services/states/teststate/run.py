"""Running one state alone, in a store of its own that is gone afterwards."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from local_aws.api import Context
from local_aws.services.states import retries
from local_aws.services.states.engine import WORKS
from local_aws.services.states.errors import TIMEOUT, HaltedError, StateError
from local_aws.services.states.failures import failure_of
from local_aws.services.states.flow import ROOT, Flow, Step
from local_aws.services.states.fork import run_map
from local_aws.services.states.jsontext import dumps
from local_aws.services.states.languages.query_language import Scope
from local_aws.services.states.models import Execution, State
from local_aws.services.states.new_frames import new_frame
from local_aws.services.states.records import Records
from local_aws.services.states.runtime import Runtime
from local_aws.services.states.tasks import sync, tokens
from local_aws.services.states.tasks.http_task import Exchanged
from local_aws.services.states.tasks.integrations import Caller, prepare
from local_aws.services.states.tasks.resources import parse
from local_aws.services.states.teststate import inspection
from local_aws.services.states.teststate.definition import StateUnderTest
from local_aws.store import Store

#: https://docs.aws.amazon.com/step-functions/latest/apireference/API_TestState.html
LONGEST_SECONDS = 300.0


@dataclass(frozen=True)
class Setting:
    """What surrounds the state. ``mocked`` is called in place of the work; ``context`` replaces the context object."""

    value: Any
    variables: dict[str, Any]
    role: str
    mocked: Any = None
    context: dict[str, Any] | None = None
    attempts: int = 0
    reveal: bool = False


@dataclass
class Tested:
    status: str
    output: str | None = None
    error: StateError | None = None
    target: str | None = None
    inspected: dict[str, Any] = field(default_factory=dict)
    #: The request and the response of an HTTP task.
    exchanged: dict[str, Any] = field(default_factory=dict)


class SingleState(Flow):
    """A flow of one state. Nothing of it is kept, and its Retry is told of and not waited for."""

    def __init__(self, runtime: Runtime, under_test: StateUnderTest, setting: Setting) -> None:
        frame = new_frame(runtime.arn, ROOT, list(under_test.block), under_test.name, setting.value, 0)
        frame["variables"] = dict(setting.variables)
        frame["retry_count"] = setting.attempts
        super().__init__(runtime, frame, {**WORKS, "Map": run_map}, lambda *_: None)
        self.state = under_test.state
        self.setting = setting
        self.exchanged: dict[str, Any] = {}
        runtime.watch = self._watch
        if (
            setting.mocked is not None
            and self.state["Type"] == "Task"
            and parse(self.state["Resource"]).mode == "token"
        ):
            frame["task"] = {"parameters": None, "token": tokens.mint(), "deadline": None}

    def scope(self, state: State) -> Scope:
        scope = super().scope(state)
        return scope if self.setting.context is None else replace(scope, context=self.setting.context)

    def test(self) -> Tested:
        language = self.language(self.state)
        shown = {**self.state, "QueryLanguage": self._language_name()}
        inspected: dict[str, Any] = {}
        try:
            self._enter(self.state)
            inspected.update(inspection.before_work(shown, language, self.scope(self.state)))
            step = self._work()
            result = self._result(shown)
            inspected.update(inspection.after_work(shown, language, self.scope(self.state), result))
            return self._succeeded(step, inspected)
        except StateError as error:
            return self._failed(error, inspected)
        except HaltedError:
            return self._failed(StateError(TIMEOUT), inspected)

    def _watch(self, exchanged: Exchanged) -> None:
        self.exchanged = inspection.exchanged(exchanged, reveal=self.setting.reveal)

    def _language_name(self) -> str:
        return str(self.state.get("QueryLanguage", self.runtime.definition.get("QueryLanguage", "JSONPath")))

    def _work(self) -> Step:
        if self.setting.mocked is not None:
            self._check_arguments()
            self.frame["outcome"] = {"result": self.setting.mocked()}
        return self.works[self.state["Type"]](self, self.state)

    def _check_arguments(self) -> None:
        """A mocked task must still be one that could be called."""
        if self.state["Type"] != "Task":
            return
        resource = parse(self.state["Resource"])
        arguments = self.language(self.state).arguments(self.state, self.scope(self.state))
        prepare(resource, arguments, Caller(self.runtime.arn, self.runtime.machine))

    def _result(self, shown: State) -> Any:
        if self.state["Type"] == "Pass":
            if inspection.is_jsonata(shown):
                return None
            return inspection.pass_result(shown, self.language(self.state), self.scope(self.state))
        return (self.frame["outcome"] or {}).get("result")

    def _succeeded(self, step: Step, inspected: dict[str, Any]) -> Tested:
        self._show_variables(step, inspected)
        return Tested("SUCCEEDED", dumps(step.output), None, step.target, inspected)

    def _show_variables(self, step: Step, inspected: dict[str, Any]) -> None:
        variables = {**self.setting.variables, **step.assigned}
        if variables:
            inspected["variables"] = dumps(variables)

    def _failed(self, error: StateError, inspected: dict[str, Any]) -> Tested:
        failure = failure_of(error)
        counts = {str(index): self.setting.attempts for index in range(len(self.state.get("Retry", [])))}
        retry = retries.next_retry(self.state, failure, counts)
        if retry is not None:
            delay = round(retry.delay)
            inspected["errorDetails"] = {"retryIndex": retry.index, "retryBackoffIntervalSeconds": delay}
            return Tested("RETRIABLE", None, error, None, inspected)
        caught = retries.catcher(self.state, failure)
        if caught is None:
            return Tested("FAILED", None, error, None, inspected)
        output = {"Error": error.error or "", "Cause": error.cause or ""}
        scope = self.scope(self.state).with_error(output)
        try:
            completion = self.language(self.state).complete(caught.catcher, scope, output, caught.location)
        except StateError as broken:
            return Tested("FAILED", None, broken, None, inspected)
        step = self.completed(completion, caught.catcher["Next"])
        self._show_variables(step, inspected)
        inspected["errorDetails"] = {"catchIndex": self.state["Catch"].index(caught.catcher)}
        return Tested("CAUGHT_ERROR", dumps(step.output), error, step.target, inspected)


def run(aws: Context, under_test: StateUnderTest, setting: Setting) -> Tested:
    """Run the state; a job that it started and does not wait for any more is stopped."""
    store = Store(Path(":memory:"))
    try:
        scratch = replace(aws, store=store)
        execution = _execution(aws, under_test, setting)
        Records(store).save_execution(execution)
        state = SingleState(Runtime(scratch, execution, lambda: None), under_test, setting)
        tested = replace(state.test(), exchanged=state.exchanged)
        for _, job in Records(store).cancellations():
            sync.stop(job["service"], job["operation"], aws.client, job["parameters"], job["submitted"])
        return tested
    finally:
        store.close()


def _execution(aws: Context, under_test: StateUnderTest, setting: Setting) -> Execution:
    """An Express execution of a machine that has a generated name (recorded behaviour)."""
    machine, name = str(uuid.uuid4()), str(uuid.uuid4())
    now = datetime.now(UTC)
    return {
        "arn": aws.arn("states", f"express:{machine}:{name}"),
        "name": name,
        "machine": aws.arn("states", f"stateMachine:{machine}"),
        "machine_name": machine,
        "definition": dumps(under_test.definition),
        "role": setting.role,
        "revision": None,
        "machine_updated": now,
        "input": dumps(setting.value),
        "status": "RUNNING",
        "started": now,
        "stopped": None,
        "deadline": time.time() + LONGEST_SECONDS,
        "output": None,
        "error": None,
        "cause": None,
        "type": "EXPRESS",
    }
