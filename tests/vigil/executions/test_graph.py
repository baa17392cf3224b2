"""Both machines of the tree and made-up ones, as graphs."""

from __future__ import annotations

import json

import pytest
from state_machine_text import NAMES, StateMachine

from vigil.executions.graph import each_state, enclosing, read_graph

BRANCH = {"StartAt": "Left", "States": {"Left": {"Type": "Pass", "End": True}}}
NESTED = {
    "StartAt": "Both",
    "States": {
        "Both": {"Type": "Parallel", "Branches": [BRANCH, {"StartAt": "Each", "States": {"Each": {
            "Type": "Map", "ItemProcessor": {"StartAt": "One", "States": {"One": {"Type": "Pass", "End": True}}},
            "End": True,
        }}}], "Next": "Done"},
        "Done": {"Type": "Succeed"},
    },
}  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_every_state_and_every_way_of_a_machine_is_in_its_graph(name: str) -> None:
    machine = StateMachine(name)
    graph = read_graph(machine.definition)
    assert graph.start == machine.start
    assert [state.name for state in graph.states] == list(machine.states)
    for state in graph.states:
        assert {way.to for way in state.transitions} == {to for to, _ in machine.edges(state.name)}, state.name


def test_the_kinds_of_ways_and_waits_are_told_apart() -> None:
    states = {state.name: state for state in read_graph(StateMachine("train-and-promote").definition).states}
    assert [way.kind for way in states["GateVerdict"].transitions] == ["choice", "choice", "default"]
    assert states["GateVerdict"].transitions[0].label == (
        "$gate.verdict.passed = true and $gate.verdict.outcome = 'within-plan'"
    )
    assert [way.kind for way in states["Train"].transitions] == ["next", "catch"]
    assert states["WaitForApproval"].transitions[1].label == "States.Timeout"
    waits = {name: state.waits_for for name, state in states.items() if state.waits_for}
    assert waits == {"Train": "job", "Evaluate": "job", "WaitForApproval": "answer", "UpdateEndpoint": "execution"}
    assert states["WaitForApproval"].calls == "sqs:sendMessage"


def test_branches_and_iterations_are_graphs_within_their_state() -> None:
    graph = read_graph(NESTED)
    assert [state.name for state in each_state(graph)] == ["Both", "Left", "Each", "One", "Done"]
    assert enclosing(graph) == {"Both": None, "Left": "Both", "Each": "Both", "One": "Each", "Done": None}


@pytest.mark.parametrize(
    ("rule", "label"),
    [
        ({"Variable": "$.n", "NumericGreaterThan": 3, "Next": "Done"}, "$.n NumericGreaterThan 3"),
        ({"Not": {"Variable": "$.a", "IsNull": True}, "Next": "Done"}, "not $.a IsNull True"),
        (
            {"And": [{"Variable": "$.a", "BooleanEquals": True}, {"Variable": "$.b", "StringEquals": "x"}],
             "Next": "Done"},
            "$.a BooleanEquals True and $.b StringEquals x",
        ),
    ],
)  # fmt: skip
def test_a_jsonpath_rule_is_put_in_words(rule: dict[str, object], label: str) -> None:
    states = {"Pick": {"Type": "Choice", "Choices": [rule]}, "Done": {"Type": "Succeed"}}
    assert read_graph({"StartAt": "Pick", "States": states}).states[0].transitions[0].label == label


def test_a_distributed_map_says_so_and_a_function_is_named_without_its_arn() -> None:
    processor = {**BRANCH, "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}}
    call = {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:score", "Next": "Each"}
    states = {"Call": call, "Each": {"Type": "Map", "ItemProcessor": processor, "End": True}}
    made = read_graph(json.loads(json.dumps({"StartAt": "Call", "States": states})))
    assert (made.states[0].calls, made.states[1].distributed) == ("score", True)
