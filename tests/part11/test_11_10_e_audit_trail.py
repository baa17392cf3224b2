"""21 CFR 11.10(e): secure, computer-generated, time-stamped audit trails that changes do not obscure."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from cloudformation_template import load_template, references, resources_of
from ledger_fakes import ACTOR, entry, resealed
from ledger_world import CHAIN, TABLE, client_in_moto, create_table
from named_roles import PEOPLE, ROLES, policies_of, who_may
from pydantic import ValidationError

from vigil.audit.chain import walk
from vigil.audit.events import EventName
from vigil.audit.findings import Kind
from vigil.audit.models import Entry
from vigil.aws.ledger_table import LedgerTable

SERVER_TIME = datetime(2030, 5, 6, 7, 8, 9, tzinfo=UTC)
CHANGING = {"dynamodb:UpdateItem", "dynamodb:DeleteItem", "dynamodb:BatchWriteItem"}


@pytest.fixture
def dynamodb(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    with client_in_moto(monkeypatch, "dynamodb") as client:
        create_table(client)
        yield client


@pytest.fixture
def table(dynamodb: Any) -> LedgerTable:
    return LedgerTable(dynamodb, TABLE, lambda: SERVER_TIME)


def test_a_record_says_who_did_what_when_and_from_which_old_to_which_new_value(table: LedgerTable) -> None:
    """11.10(e): operator, date and time, entries and actions that create, modify or delete records."""
    new = entry(1, event=EventName.PLAN_CHANGED, subject="plan", old={"limit": 0.7}, new={"limit": 0.8})
    record = table.append(new)
    assert (record.actor, record.event, record.subject) == (ACTOR, EventName.PLAN_CHANGED, "plan")
    assert (record.old, record.new, record.at) == ({"limit": 0.7}, {"limit": 0.8}, SERVER_TIME)


def test_a_clients_time_is_ignored(table: LedgerTable) -> None:
    """11.10(e): computer-generated time stamps: an entry has no field for a time; one in its details is only that."""
    fields = entry(1).model_dump() | {"at": "1999-01-01T00:00:00Z"}
    with pytest.raises(ValidationError, match="at"):
        Entry.model_validate(fields)
    assert table.append(entry(1, details={"at": "1999-01-01T00:00:00Z"})).at == SERVER_TIME


def test_what_was_recorded_is_not_obscured_by_a_later_change(table: LedgerTable) -> None:
    """11.10(e): a second entry under the same key, and one that corrects, leave the first as it was."""
    first = table.append(entry(1, subject="first"))
    assert table.append(entry(1, subject="another")) == first
    table.append(entry(2, subject="correction", old="first"))
    assert next(table.read(CHAIN)) == first


def test_our_writer_puts_over_nothing(dynamodb: Any, table: LedgerTable) -> None:
    """11.10(e): every put of the writer is on the condition that nothing is there. It holds for our writer only."""
    record = table.append(entry(1))
    for put in table._puts(record):
        with pytest.raises(dynamodb.exceptions.ConditionalCheckFailedException):
            dynamodb.put_item(**put["Put"])


def test_a_record_that_somebody_put_over_is_found(dynamodb: Any, table: LedgerTable) -> None:
    """11.10(e): IAM cannot forbid a PutItem without a condition to who may put; the change is seen, with its place."""
    for number in range(1, 5):
        table.append(entry(number))
    place = {"chain": {"S": CHAIN}, "sequence": {"N": "2"}}
    item = dynamodb.get_item(TableName=TABLE, Key=place)["Item"]
    text = resealed(item["record"]["S"], subject="never happened")
    dynamodb.put_item(TableName=TABLE, Item={**item, "record": {"S": text}, "hash": {"S": json.loads(text)["hash"]}})
    finding = walk(CHAIN, table.stored(CHAIN)).finding
    assert finding is not None
    assert (finding.kind, finding.sequence) == (Kind.ALTERED, 2)


def test_no_policy_lets_anybody_update_or_delete_a_record() -> None:
    """11.10(e): secure: who may add is denied all else, and nobody else may write at all."""
    template = load_template()
    for name, policy in resources_of(template, "AWS::IAM::ManagedPolicy").items():
        for statement in policy["PolicyDocument"]["Statement"]:
            if "LedgerTable" in references(statement["Resource"]) and statement["Effect"] == "Allow":
                assert not CHANGING & set(statement["Action"]), name
                assert "dynamodb:PutItem" not in statement["Action"] or name == "LedgerAppendPolicy", name


def test_only_functions_that_record_may_add_a_record_and_no_person_may() -> None:
    """11.10(e): the same asked of the roles, and not of the statements' words: a wildcard would be seen here."""
    adding = who_may("dynamodb:PutItem", "LedgerTable")
    recording = {name for name in ROLES if "LedgerAppendPolicy" in policies_of(name)}
    assert adding == recording
    assert "ApprovalDeskRole" in adding
    assert not adding & set(PEOPLE)
    for action in CHANGING:
        assert who_may(action, "LedgerTable") == set(), action
