"""A transaction that is refused is undone item by item.

moto copies every table that a transaction names, deep and before each one, to be able to go back. That makes the cost
of a transaction grow with the table: with some thousand items each takes a second. Here only the items that it names
are copied, and put back when it fails; DynamoDB's transactions cost what their items cost
(https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html).
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from moto.dynamodb import models
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import DynamoType, Item
from moto.dynamodb.models.table import Table

from local_aws.seams import around


class _CopyOfItems:
    """``copy`` as moto's module sees it: tables are not copied, everything else is."""

    @staticmethod
    def deepcopy(value: Any, memo: Any = None) -> Any:
        return value if isinstance(value, Table) and _here.inside else copy.deepcopy(value, memo)

    def __getattr__(self, name: str) -> Any:
        return getattr(copy, name)


class _Here(threading.local):
    inside = False  # a transaction, in this thread


_here = _Here()
setattr(models, "copy", _CopyOfItems())  # noqa: B010 -- a name that moto does not mean to export


@dataclass
class _Before:
    """One item as it was; ``item`` is None where nothing was."""

    table: Table
    hash_value: DynamoType
    range_value: DynamoType | None
    item: Item | None

    def restore(self) -> None:
        if self.range_value is None:
            self._put(self.table.items, self.hash_value)
        elif self.item is not None or self.hash_value in self.table.items:
            items = self.table.items[self.hash_value]
            self._put(items, self.range_value)
            if not items:
                del self.table.items[self.hash_value]

    def _put(self, items: Any, key: DynamoType) -> None:
        if self.item is None:
            items.pop(key, None)
        else:
            items[key] = self.item


@around(DynamoDBBackend, "transact_write_items")
def transact_or_restore(
    original: Callable[..., Any], backend: DynamoDBBackend, transact_items: list[dict[str, Any]]
) -> Any:
    before = [found for item in transact_items if (found := _before(backend, item)) is not None]
    shards = [(table.stream_shard, len(table.stream_shard.items)) for table in _streamed(before)]
    _here.inside = True
    try:
        return original(backend, transact_items)
    except BaseException:
        for each in before:
            each.restore()
        for shard, length in shards:
            del shard.items[length:]
        raise
    finally:
        _here.inside = False


def _streamed(before: list[_Before]) -> list[Any]:
    tables = {id(each.table): each.table for each in before}
    return [table for table in tables.values() if table.stream_shard is not None]


def _before(backend: DynamoDBBackend, transact_item: dict[str, Any]) -> _Before | None:
    """None for what moto will refuse by itself."""
    for operation in transact_item.values():
        table = backend.tables.get(operation.get("TableName", "").rpartition("/")[2])
        key = operation.get("Item") or operation.get("Key") or {}
        if table is None or table.hash_key_attr not in key:
            return None
        range_attribute = table.range_key_attr
        if range_attribute is not None and range_attribute not in key:
            return None
        hash_value = DynamoType(key[table.hash_key_attr])
        range_value = DynamoType(key[range_attribute]) if range_attribute is not None else None
        return _Before(table, hash_value, range_value, copy.deepcopy(_found(table, hash_value, range_value)))
    return None


def _found(table: Table, hash_value: DynamoType, range_value: DynamoType | None) -> Any:
    if hash_value not in table.items:
        return None
    found: Any = table.items[hash_value]
    item: Item | None = found if range_value is None else found.get(range_value)
    return item
