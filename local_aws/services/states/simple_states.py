"""Pass, Succeed, Fail, Choice and Wait: states without work outside the interpreter."""

from __future__ import annotations

import time

from local_aws.services.states.errors import RUNTIME, StateError
from local_aws.services.states.flow import Flow, Step
from local_aws.services.states.models import State

NO_NEXT_STATE = "Failed to transition out of the state. The state does not point to a next state."


def run_pass(flow: Flow, state: State) -> Step:
    scope = flow.scope(state)
    return flow.completed(flow.language(state).complete(state, scope, scope.input, ""), state.get("Next"))


def run_succeed(flow: Flow, state: State) -> Step:
    scope = flow.scope(state)
    return flow.completed(flow.language(state).complete(state, scope, scope.input, ""), None)


def run_fail(flow: Flow, state: State) -> Step:
    language, scope = flow.language(state), flow.scope(state)
    raise StateError(language.text(state, "Error", scope), language.text(state, "Cause", scope))


def run_choice(flow: Flow, state: State) -> Step:
    language, scope = flow.language(state), flow.scope(state)
    chosen = language.choose(state, scope)
    if chosen is None:
        # AWS documents States.NoChoiceMatched; this is what executions on AWS fail with.
        raise StateError(RUNTIME, NO_NEXT_STATE, terminal=True)
    return flow.completed(language.complete(chosen.rule, scope, scope.input, chosen.location), chosen.target)


def run_wait(flow: Flow, state: State) -> Step:
    """The end of the wait is kept: a restarted server does not wait again."""
    language, scope = flow.language(state), flow.scope(state)
    if flow.frame["wake"] is None:
        wake = _wake(flow, state)
        with flow.runtime.commit(flow.path):
            flow.frame["wake"] = wake
            flow.save()
    flow.runtime.wait_parked(flow.path, flow.frame["wake"], lambda: None)
    return flow.completed(language.complete(state, scope, scope.input, ""), state.get("Next"))


def _wake(flow: Flow, state: State) -> float:
    language, scope = flow.language(state), flow.scope(state)
    seconds = language.whole_number(state, "Seconds", scope)
    if seconds is not None:
        return time.time() + seconds
    return language.moment(state, "Timestamp", scope) or time.time()
