"""Nothing that the whole job leaves behind holds a task token or a password in clear, in whole or in part.

The tokens are the real ones: Step Functions itself keeps them in its histories' data. What else keeps one on purpose is
the approvals table, and there as ciphertext.
"""

from __future__ import annotations

import base64
import json
import re

import pytest
from everything_left import everything, forms, holders
from running_stack import RunningStack
from task_tokens import tokens_of_machine

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1800)]

#: Of each kind something must have been there to search, or the search proves nothing of it.
SEARCHED = (
    "demo.log", "airflow/airflow.db", "airflow/logs/.*", "local_aws/logs/.*", "mail/.*", "mail .*", "parameters",
    "table vigil-demo-.*", "s3://.*", "s3://.*/histories/.*", "log /vigil/demo/lambda/.*", "arn:aws:states:.*",
    "page /vigil/approvals", "page /vigil/state-machine/.*", "page /vigil/state-machine-data/.*/hand_off",
    "page /vigil/quality/.*", "queue vigil-demo-train-model-dlq", "queue vigil-demo-training-results-dlq",
)  # fmt: skip


def test_no_task_token_and_no_password_in_anything_that_is_left(running_stack: RunningStack) -> None:
    tokens = task_tokens(running_stack)
    passwords = [path.read_text() for path in (running_stack.state_dir / "secrets").glob("*.password")]
    assert len(passwords) >= 4
    searched, found = holders(everything(running_stack), [*tokens, *passwords])
    for kind in SEARCHED:
        assert [name for name in searched if re.fullmatch(kind, name)], f"nothing like {kind} was searched"
    requests = running_stack.requests()
    told = [name for name in searched if name.startswith("mail Vigil: ") and "waits for signatures" in name]
    assert any(each["request_id"] in name for name in told for each in requests), "nobody was told by mail of a request"
    signed = [each["request_id"] for each in requests if each["status"] == "APPROVED" and each["signatures"]]
    assert signed and {f"page /vigil/approvals/{request_id}" for request_id in signed} <= searched
    assert not found


def test_the_search_would_find_a_token_however_it_was_written(running_stack: RunningStack) -> None:
    token = task_tokens(running_stack)[0]
    told = {"asked": {"MessageBody": json.dumps({"task_token": token})}}
    hidden = [
        json.dumps(told).encode(),
        base64.b64encode(json.dumps(told).encode()),
        base64.urlsafe_b64encode(b"x" + json.dumps({"task_token": token}).encode()),
        token[:40].encode(),
    ]
    assert all(any(form in each for form in forms(token)) for each in hidden)
    # And the rows of the requests do hold it, for the function that delivers: as ciphertext.
    dynamodb = running_stack.client("dynamodb")
    rows = dynamodb.scan(TableName=running_stack.parameter("tables/approvals"))["Items"]
    assert any("token_ciphertext" in json.dumps(row, default=str) for row in rows)


def task_tokens(stack: RunningStack) -> list[str]:
    """The tokens of all runs so far, of every machine: of the wait for signatures, and of those for the endpoint."""
    states = stack.client("stepfunctions")
    machines = [
        each for page in states.get_paginator("list_state_machines").paginate() for each in page["stateMachines"]
    ]
    tokens = {each["stateMachineArn"]: tokens_of_machine(states, each["stateMachineArn"]) for each in machines}
    for name in ("train-and-promote", "update-endpoint"):
        assert tokens[stack.parameter(f"state-machines/{name}")], f"no run of {name} has waited with a token"
    return [token for found in tokens.values() for token in found]
