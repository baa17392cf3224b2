"""Where a state machine hands out a task token, the collector of the end-to-end search finds it in the history."""

import json

import pytest
from state_machine_text import StateMachine
from task_tokens import tokens_in

TOKEN = "AAAA" * 200
MACHINES = ("train-and-promote", "update-endpoint", "roll-back", "retrain-on-drift")
WAITS = [
    (machine, name)
    for machine in MACHINES
    for name, state in StateMachine(machine).states.items()
    if state.get("Resource", "").endswith(".waitForTaskToken")
]


def scheduled(parameters, resource_type):
    details = {"resourceType": resource_type, "parameters": json.dumps(parameters)}
    return {"type": "TaskScheduled", "taskScheduledEventDetails": details}


@pytest.mark.parametrize(("machine", "name"), WAITS)
def test_the_token_of_every_wait_is_found(machine, name):
    state = StateMachine(machine).states[name]
    text = json.dumps(state["Arguments"]).replace("{% $states.context.Task.Token %}", TOKEN)
    events = [{"type": "TaskStateEntered"}, scheduled(json.loads(text), state["Resource"].split(":")[5])]
    assert tokens_in(events) == [TOKEN]


def test_a_message_that_went_out_as_text_is_read_too():
    assert tokens_in([scheduled({"MessageBody": json.dumps({"task_token": TOKEN, "attempt": 0})}, "sqs")]) == [TOKEN]


def test_the_waits_are_those_for_signatures_and_for_the_endpoint():
    assert {machine for machine, _ in WAITS} == {"train-and-promote", "update-endpoint", "roll-back"}


def test_a_task_without_a_token_gives_none():
    assert tokens_in([scheduled({"FunctionName": "f", "Payload": {"names": ["one"]}}, "lambda")]) == []
