"""The hourly reading of the whole ledger, against moto: a record put over after it was sealed is found and told."""

from __future__ import annotations

import json
from typing import Any

import pytest
from counted_metrics import counted
from ledger_fakes import entry, resealed
from ledger_world import kms_signs_digests
from moto_stack import MotoStack

from tasks.lambdas import checkpoint_ledger, verify_ledger
from vigil.aws.audit_ports import ledger_table
from vigil.aws.ledger_recheck import NEXT, recheck_stack
from vigil.aws.watchdog import RECHECKED

CHAIN = "model:run-1"


@pytest.fixture
def sealed(stack: MotoStack, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(checkpoint_ledger, "_newest", 0)
    kms_signs_digests(monkeypatch)
    table = ledger_table(stack.parameters)
    for number in range(6):
        table.append(entry(number))
    checkpoint_ledger.handler({}, None)
    return table


def put_over(stack: MotoStack, sequence: int) -> None:
    """As a role that appends could: PutItem without a condition."""
    dynamodb, name = stack.client("dynamodb"), stack.parameters.tables.ledger
    key = {"chain": {"S": CHAIN}, "sequence": {"N": str(sequence)}}
    item = dynamodb.get_item(TableName=name, Key=key)["Item"]
    text = resealed(item["record"]["S"], subject="never happened")
    dynamodb.put_item(TableName=name, Item={**item, "record": {"S": text}, "hash": {"S": json.loads(text)["hash"]}})


def test_a_sound_ledger_holds(stack: MotoStack, sealed: Any) -> None:
    done = verify_ledger.handler({}, None)
    assert done == {"checkpoint": 1, "chains": 1, "records": 6, "left": 0, "broken": [], "warnings": []}


def test_a_record_put_over_is_passed_by_sealing_and_found_here_and_told_once(stack: MotoStack, sealed: Any) -> None:
    put_over(stack, 2)
    sealed.append(entry(9))
    assert checkpoint_ledger.handler({}, None) == {"checkpoint": 2}
    first, second = verify_ledger.handler({}, None), verify_ledger.handler({}, None)
    assert first == second
    assert [(each["kind"], each["sequence"]) for each in first["broken"]] == [("altered", 2)]
    assert [notice["sequence"] for notice in stack.notices()] == [2]


def test_sealing_says_that_the_ledger_was_not_yet_read_again_and_the_reading_that_it_was(
    stack: MotoStack, sealed: Any
) -> None:
    assert counted(stack, RECHECKED) == (0, 1)
    verify_ledger.handler({}, None)
    assert counted(stack, RECHECKED) == (1, 2)


def test_a_reading_that_did_not_come_to_the_end_is_none_and_the_next_goes_on_where_it_ended(
    stack: MotoStack, sealed: Any
) -> None:
    sealed.append(entry(0, "model:run-2"))
    assert recheck_stack(stack.parameters, seconds=-1)["left"] == 2
    assert counted(stack, RECHECKED) == (0, 2)
    place = {"Bucket": stack.parameters.buckets.audit, "Key": NEXT}
    assert stack.client("s3").get_object(**place)["Body"].read() == b"model:run-2"
    assert recheck_stack(stack.parameters, seconds=-1)["left"] == 2
    assert stack.client("s3").get_object(**place)["Body"].read() == CHAIN.encode()
    assert verify_ledger.handler({}, None)["left"] == 0
    assert stack.client("s3").get_object(**place)["Body"].read() == b""
    assert counted(stack, RECHECKED)[0] == 1
