"""The ledger's table against moto: conditional, idempotent by key, never forked by writers in threads."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError
from ledger_fakes import entry
from ledger_world import CHAIN, TABLE, client_in_moto, create_table, now

from vigil.audit.chain import walk
from vigil.audit.models import STACK_CHAIN, Head
from vigil.aws import ledger_table
from vigil.aws.ledger_table import ConditionFailedError, LedgerBusyError, LedgerDamagedError, LedgerTable

WRITERS = 8


@pytest.fixture
def dynamodb(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    with client_in_moto(monkeypatch, "dynamodb") as client:
        create_table(client)
        yield client


@pytest.fixture
def table(dynamodb: Any) -> LedgerTable:
    return LedgerTable(dynamodb, TABLE, now)


def refusing(error: Callable[[], ClientError], times: int, dynamodb: Any) -> Any:
    """The client, whose first transactions are cancelled."""

    class Client:
        left = times

        def __getattr__(self, name: str) -> Any:
            return getattr(dynamodb, name)

        def transact_write_items(self, **request: Any) -> Any:
            if self.left:
                self.left -= 1
                raise error()
            return dynamodb.transact_write_items(**request)

    return Client()


def cancelled(*codes: str) -> Callable[[], ClientError]:
    answer = {
        "Error": {"Code": "TransactionCanceledException", "Message": "cancelled"},
        "CancellationReasons": [{"Code": code} for code in codes],
    }
    return lambda: ClientError(answer, "TransactWriteItems")  # type: ignore[arg-type]


def test_records_follow_each_other_and_are_read_as_they_were_written(table: LedgerTable) -> None:
    written = [table.append(entry(number)) for number in range(5)]
    assert list(table.read(CHAIN)) == written
    assert list(table.read(CHAIN, after=3)) == written[3:]
    assert table.head(CHAIN) == Head(chain=CHAIN, sequence=5, hash=written[-1].hash)
    assert walk(CHAIN, table.stored(CHAIN)).finding is None


def test_all_chains_are_known_and_no_marker_is_taken_for_one(table: LedgerTable) -> None:
    for chain in ("model:b", STACK_CHAIN, "model:a"):
        table.append(entry(1, chain))
        table.append(entry(2, chain))
    assert table.chains() == ["model:a", "model:b", STACK_CHAIN]


def test_a_second_append_with_a_key_gives_the_first_record(table: LedgerTable) -> None:
    first = table.append(entry(1, subject="first"))
    table.append(entry(2))
    assert table.append(entry(1, subject="second")) == first
    assert table.head(CHAIN).sequence == 2
    assert table.find(CHAIN, "key-1") == first
    assert table.find(CHAIN, "unknown") is None


def test_one_key_in_two_chains_is_two_records(table: LedgerTable) -> None:
    assert table.append(entry(1, "model:a")).chain != table.append(entry(1, "model:b")).chain


class OneAtATime:
    """moto itself is not safe for threads: its calls come one by one, and writers meet between theirs."""

    def __init__(self, client: Any) -> None:
        self._client, self._lock = client, threading.Lock()

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._client, name)

        def locked(**request: Any) -> Any:
            with self._lock:
                return call(**request)

        return locked


def test_writers_at_once_never_fork_a_chain_and_lose_and_double_nothing(dynamodb: Any) -> None:
    table = LedgerTable(OneAtATime(dynamodb), TABLE, now)

    def write(writer: int) -> list[str]:
        return [table.append(entry(0, key=f"{writer}-{number}")).hash for number in range(10)]

    with ThreadPoolExecutor(WRITERS) as pool:
        hashes = [found for writer in pool.map(write, range(WRITERS)) for found in writer]
    table = LedgerTable(dynamodb, TABLE, now)
    stored = list(table.read(CHAIN))
    assert sorted(hashes) == sorted(record.hash for record in stored)
    assert sorted(record.key for record in stored) == sorted(f"{w}-{n}" for w in range(WRITERS) for n in range(10))
    found = walk(CHAIN, table.stored(CHAIN))
    assert (found.finding, found.good.sequence) == (None, WRITERS * 10)


def test_one_key_from_writers_at_once_is_one_record(dynamodb: Any) -> None:
    table = LedgerTable(OneAtATime(dynamodb), TABLE, now)
    with ThreadPoolExecutor(WRITERS) as pool:
        records = list(pool.map(lambda number: table.append(entry(1, subject=str(number))), range(WRITERS)))
    assert len({record.hash for record in records}) == 1
    assert table.head(CHAIN).sequence == 1


def change(key: str, condition: str = "attribute_not_exists(#chain)") -> dict[str, Any]:
    item = {"chain": {"S": f"other#{key}"}, "sequence": {"N": "0"}}
    names = {"#chain": "chain"}
    put = {"TableName": TABLE, "Item": item, "ConditionExpression": condition, "ExpressionAttributeNames": names}
    return {"Put": put}


def test_the_callers_changes_and_the_record_come_together_or_not_at_all(dynamodb: Any, table: LedgerTable) -> None:
    table.append_with(entry(1), [change("a")])
    with pytest.raises(ConditionFailedError) as caught:
        table.append_with(entry(2), [change("b"), change("a")])
    assert caught.value.index == 1
    assert table.head(CHAIN).sequence == 1
    there = dynamodb.get_item(TableName=TABLE, Key={"chain": {"S": "other#b"}, "sequence": {"N": "0"}})
    assert "Item" not in there


def test_what_follows_comes_in_the_same_transaction_after_it_in_its_chain(dynamodb: Any, table: LedgerTable) -> None:
    table.append(entry(0))
    first = table.append_with(entry(1), [change("a")], [entry(2), entry(3, chain="model:other")])
    assert [record.key for record in table.read(CHAIN)] == ["key-0", "key-1", "key-2"]
    assert [record.key for record in table.read("model:other")] == ["key-3"]
    assert {record.at for record in table.read(CHAIN, 1)} == {first.record.at}
    for chain in (CHAIN, "model:other"):
        assert walk(chain, table.stored(chain)).finding is None
    again = table.append_with(entry(1), [change("b")], [entry(2), entry(3, chain="model:other")])
    assert (again.is_new, again.record) == (False, first.record)
    with pytest.raises(ConditionFailedError) as caught:
        table.append_with(entry(4), [change("c"), change("a")], [entry(5)])
    assert caught.value.index == 1
    assert table.head(CHAIN).sequence == 3


def test_what_is_to_follow_and_is_recorded_without_its_first_is_damage(table: LedgerTable) -> None:
    table.append(entry(2))
    with pytest.raises(LedgerDamagedError):
        table.append_with(entry(1), (), [entry(2)])
    assert table.head(CHAIN).sequence == 1


def test_who_comes_second_with_a_change_that_another_made_with_the_same_following_is_told_of_the_change(
    table: LedgerTable,
) -> None:
    table.append_with(entry(1), [change("a")], [entry(9)])
    with pytest.raises(ConditionFailedError):
        table.append_with(entry(2), [change("a")], [entry(9)])
    assert table.head(CHAIN).sequence == 2


def test_a_known_key_writes_none_of_the_callers_changes(dynamodb: Any, table: LedgerTable) -> None:
    first = table.append_with(entry(1), [change("a")])
    again = table.append_with(entry(1), [change("b")])
    assert (first.is_new, again.is_new, again.record) == (True, False, first.record)
    there = dynamodb.get_item(TableName=TABLE, Key={"chain": {"S": "other#b"}, "sequence": {"N": "0"}})
    assert "Item" not in there


def test_a_key_whose_record_is_gone_is_said_at_once(dynamodb: Any, table: LedgerTable) -> None:
    table.append(entry(1))
    dynamodb.delete_item(TableName=TABLE, Key={"chain": {"S": CHAIN}, "sequence": {"N": "1"}})
    with pytest.raises(LedgerDamagedError, match="vigil audit verify"):
        table.append(entry(1))


@pytest.mark.parametrize("code", ["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"])
def test_what_passes_is_tried_again(dynamodb: Any, code: str) -> None:
    table = LedgerTable(refusing(cancelled("None", code), 3, dynamodb), TABLE, now)
    assert table.append(entry(1)).sequence == 1


def test_what_does_not_pass_is_raised(dynamodb: Any) -> None:
    table = LedgerTable(refusing(cancelled("ValidationError"), 1, dynamodb), TABLE, now)
    with pytest.raises(ClientError):
        table.append(entry(1))


def test_a_chain_that_stays_busy_is_said_to_be(dynamodb: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger_table, "MOST_ATTEMPTS", 3)
    table = LedgerTable(refusing(cancelled("TransactionConflict"), 9, dynamodb), TABLE, now)
    with pytest.raises(LedgerBusyError, match="nothing was recorded"):
        table.append(entry(1))


def test_a_record_that_lies_there_is_never_put_over(dynamodb: Any, table: LedgerTable) -> None:
    first = table.append(entry(1))
    (put, _) = table._puts(first)
    with pytest.raises(dynamodb.exceptions.ConditionalCheckFailedException):
        dynamodb.put_item(**{name: value for name, value in put["Put"].items() if name != "Item"}, Item={
            **put["Put"]["Item"], "event": {"S": "else"},
        })  # fmt: skip
    assert list(table.read(CHAIN)) == [first]
