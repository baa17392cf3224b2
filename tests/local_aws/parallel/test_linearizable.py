"""Callers that are really parallel see what they could have seen one after the other, and no more."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from gateway_clients import client_of
from hypothesis import given, settings
from hypothesis import strategies as st
from linearizable import Call, final_states, run_in_parallel
from state_machines import FakeServices, StatesWorld

from local_aws.api import ApiError
from local_aws.gateway import Gateway
from local_aws.moto_backend import MotoBackend

GATEWAY = Gateway(MotoBackend())
CALLERS = 4
CLIENTS = [client_of(GATEWAY, "dynamodb") for _ in range(CALLERS)]
NUMBERS = itertools.count(1)
REFUSED = "ConditionalCheckFailedException"
KEY = {"id": {"S": "one"}}
VALUES = st.integers(0, 2)
WRITES = st.one_of(
    st.tuples(st.just("create"), VALUES),
    st.tuples(st.just("swap"), VALUES, VALUES),
    st.tuples(st.just("add")),
    st.tuples(st.just("delete")),
    st.tuples(st.just("read")),
)
ANSWERS = [("succeed", 1), ("fail", "A"), ("beat",), ("succeed", 2), ("beat",), ("fail", "B")]


def row_step(value: int | None, operation: Any) -> tuple[int | None, Any]:
    """One row with one number, or no row. https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/WorkingWithItems.html"""
    match operation:
        case ("create", new):
            return (new, "done") if value is None else (value, REFUSED)
        case ("swap", old, new):
            return (new, "done") if value == old else (value, REFUSED)
        case ("add",):
            return (value or 0) + 1, (value or 0) + 1
        case ("delete",):
            return (None, "done") if value is not None else (value, REFUSED)
        case _:
            return value, value


def perform_on_row(table: str, caller: int, operation: Any) -> Any:
    client, names = CLIENTS[caller], {"TableName": table}
    number = {"ExpressionAttributeNames": {"#v": "value"}}
    try:
        match operation:
            case ("create", new):
                client.put_item(**names, Item=row(new), ConditionExpression="attribute_not_exists(id)")
            case ("swap", old, new):
                old_value = {":old": {"N": str(old)}}
                condition = {"ConditionExpression": "#v = :old", "ExpressionAttributeValues": old_value}
                client.put_item(**names, **number, Item=row(new), **condition)
            case ("add",):
                one = {"UpdateExpression": "ADD #v :one", "ExpressionAttributeValues": {":one": {"N": "1"}}}
                answer = client.update_item(**names, **number, Key=KEY, **one, ReturnValues="UPDATED_NEW")
                return int(answer["Attributes"]["value"]["N"])
            case ("delete",):
                client.delete_item(**names, Key=KEY, ConditionExpression="attribute_exists(id)")
            case _:
                return read(client, table)
    except ClientError as error:
        return error.response["Error"]["Code"]
    return "done"


def row(value: int) -> dict[str, Any]:
    return {**KEY, "value": {"N": str(value)}}


def read(client: Any, table: str) -> int | None:
    found = client.get_item(TableName=table, Key=KEY, ConsistentRead=True).get("Item")
    return None if found is None else int(found["value"]["N"])


@settings(max_examples=15, deadline=None)
@given(plans=st.lists(st.lists(WRITES, min_size=2, max_size=4), min_size=CALLERS, max_size=CALLERS))
def test_conditional_writes_to_a_row(plans: list[list[Any]]) -> None:
    table = f"parallel-{next(NUMBERS)}"
    CLIENTS[0].create_table(
        TableName=table,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    calls = run_in_parallel(plans, lambda caller, operation: perform_on_row(table, caller, operation))
    assert read(CLIENTS[0], table) in final_states(calls, None, row_step), calls


def token_step(spent_by: Any, operation: Any) -> tuple[Any, Any]:
    """The first answer spends a token; after it every call is TaskTimedOut (as recorded on AWS)."""
    if spent_by is not None:
        return spent_by, "TaskTimedOut"
    return (None if operation == ("beat",) else operation), "done"


@pytest.mark.parametrize("turn", range(len(ANSWERS)))
def test_answers_to_one_token(tmp_path: Path, turn: int) -> None:
    """https://docs.aws.amazon.com/step-functions/latest/apireference/API_SendTaskSuccess.html"""
    world = StatesWorld(tmp_path, FakeServices({"sqs.send_message": [{"MessageId": "m", "MD5OfMessageBody": "0"}]}))
    body = {"QueueUrl": "queue", "MessageBody": {"token": "{% $states.context.Task.Token %}"}}
    ask = {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken", "Arguments": body}
    execution = world.start(world.create({"StartAt": "Ask", "States": {"Ask": {**ask, "End": True}}}))
    world.await_event(execution, "TaskSubmitted")
    [token] = world.await_tokens()

    def answer(_: int, operation: Any) -> str:
        try:
            match operation:
                case ("succeed", value):
                    world.succeed(token, value)
                case ("fail", error):
                    world.fail(token, error=error)
                case _:
                    world.beat(token)
        except ApiError as error:
            return error.code
        return "done"

    turned = ANSWERS[turn:] + ANSWERS[:turn]
    calls = run_in_parallel([[*turned[at::CALLERS], ("beat",)] for at in range(CALLERS)], answer)
    described = world.ended(execution)
    world.close()
    ended = described["status"] == "SUCCEEDED"
    winner = ("succeed", json.loads(described["output"])) if ended else ("fail", described["error"])
    assert winner in final_states(calls, None, token_step), calls


def test_what_cannot_have_happened_in_any_order_is_found() -> None:
    """Two callers both created the row; a read saw a value after its delete had ended."""
    both = [Call(("create", 1), "done", 0, 2), Call(("create", 2), "done", 1, 3)]
    assert final_states(both, None, row_step) == set()
    stale = [Call(("create", 1), "done", 0, 1), Call(("delete",), "done", 2, 3), Call(("read",), 1, 4, 5)]
    assert final_states(stale, None, row_step) == set()
    overlapping = [*stale[:2], Call(("read",), 1, 1, 5)]
    assert final_states(overlapping, None, row_step) == {None}
