"""An update that creates its item is one change and one stream record; moto puts the bare key first and tells of both.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateItem.html ("adds a new item to the table if it
does not already exist"), https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html (one record for
each modification).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from moto.dynamodb.models import DynamoDBBackend

from local_aws.seams import around


@around(DynamoDBBackend, "update_item")
def update_item(
    original: Callable[..., Any], backend: DynamoDBBackend, table_name: str, *arguments: Any, **named: Any
) -> Any:
    shard = backend.get_table(table_name).stream_shard
    before = 0 if shard is None else len(shard.items)
    item = original(backend, table_name, *arguments, **named)
    if shard is not None and len(shard.items) == before + 2:
        bare, told = shard.items[before:]
        told.record["dynamodb"]["SequenceNumber"] = bare.record["dynamodb"]["SequenceNumber"]
        del shard.items[before]
    return item
