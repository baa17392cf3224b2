"""Reading many items of a DynamoDB table at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

BATCH_TRIES = 3


def batch_items(dynamodb: Any, table: str, keys: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The items that are there, in no order. What is throttled away is asked for again, ``BATCH_TRIES`` times in all.

    ``keys``: at most 100 (BatchGetItem, API reference).
    """
    for _ in range(BATCH_TRIES):
        if not keys:
            return
        answer = dynamodb.batch_get_item(RequestItems={table: {"Keys": keys}})
        yield from answer["Responses"].get(table, [])
        keys = answer.get("UnprocessedKeys", {}).get(table, {}).get("Keys", [])
