"""From a definition in Amazon States Language to the graph that people are shown.

https://docs.aws.amazon.com/step-functions/latest/dg/concepts-amazon-states-language.html; names of states are unique
in a whole machine, so a name says which state is meant at any depth.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Literal

from vigil.executions.models import Graph, State, Transition

RESOURCE = re.compile(r"^arn:[\w-]+:states:[^:]*:[^:]*:(?P<call>.+?)(?P<mode>\.sync(?::2)?|\.waitForTaskToken)?$")
#: A JSONPath rule's operand besides its comparison.
NOT_A_COMPARISON = frozenset({"Variable", "Next", "Comment", "Assign", "Output"})
LABEL_CHARACTERS = 200


def read_graph(definition: Mapping[str, Any]) -> Graph:
    return Graph(
        start=str(definition["StartAt"]),
        states=[_state(name, state) for name, state in definition["States"].items()],
    )


def each_state(graph: Graph) -> Iterator[State]:
    """At every depth."""
    for state in graph.states:
        yield state
        for branch in state.branches:
            yield from each_state(branch)


def enclosing(graph: Graph, within: str | None = None) -> dict[str, str | None]:
    """By a state's name, the Map or Parallel that it stands in."""
    found: dict[str, str | None] = {}
    for state in graph.states:
        found[state.name] = within
        for branch in state.branches:
            found |= enclosing(branch, state.name)
    return found


def _state(name: str, state: Mapping[str, Any]) -> State:
    call, mode = _call(state)
    return State(
        name=name,
        type=str(state["Type"]),
        comment=str(state.get("Comment", "")),
        calls=call,
        waits_for=_waits_for(state, call, mode),
        transitions=list(_transitions(state)),
        branches=[read_graph(branch) for branch in _branches(state)],
        distributed=_processor(state).get("ProcessorConfig", {}).get("Mode") == "DISTRIBUTED",
        pause_seconds=state["Seconds"] if isinstance(state.get("Seconds"), int) else None,
    )


def _call(state: Mapping[str, Any]) -> tuple[str, str]:
    if state["Type"] != "Task":
        return "", ""
    resource = str(state.get("Resource", ""))
    if found := RESOURCE.match(resource):
        return found["call"], found["mode"] or ""
    return resource.rpartition(":")[2], ""  # a function's own ARN


def _waits_for(state: Mapping[str, Any], call: str, mode: str) -> Literal["", "answer", "job", "execution", "time"]:
    if state["Type"] == "Wait":
        return "time"
    if mode == ".waitForTaskToken":
        return "answer"
    if mode:
        return "execution" if call == "states:startExecution" else "job"
    return ""


def _branches(state: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    if state["Type"] == "Parallel":
        return list(state["Branches"])
    processor = _processor(state)
    return [processor] if processor else []


def _processor(state: Mapping[str, Any]) -> Mapping[str, Any]:
    """A Map's; ``Iterator`` is its older name."""
    found: Mapping[str, Any] = state.get("ItemProcessor") or state.get("Iterator") or {}
    return found


def _transitions(state: Mapping[str, Any]) -> Iterator[Transition]:
    if "Next" in state:
        yield Transition(to=state["Next"], kind="next")
    for rule in state.get("Choices", []):
        yield Transition(to=rule["Next"], kind="choice", label=_rule(rule))
    if "Default" in state:
        yield Transition(to=state["Default"], kind="default", label="otherwise")
    for catcher in state.get("Catch", []):
        yield Transition(to=catcher["Next"], kind="catch", label=", ".join(catcher["ErrorEquals"]))


def _rule(rule: Mapping[str, Any]) -> str:
    if "Condition" in rule:
        return str(rule["Condition"]).strip().removeprefix("{%").removesuffix("%}").strip()[:LABEL_CHARACTERS]
    for word in ("And", "Or"):
        if word in rule:
            return f" {word.lower()} ".join(_rule(each) for each in rule[word])[:LABEL_CHARACTERS]
    if "Not" in rule:
        return f"not {_rule(rule['Not'])}"
    comparison = next((key for key in rule if key not in NOT_A_COMPARISON), "")
    return f"{rule.get('Variable', '')} {comparison} {rule.get(comparison, '')}".strip()[:LABEL_CHARACTERS]
