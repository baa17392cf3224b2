"""DynamoDB: items of batches and transactions by themselves, indexes and streams, leading keys.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/api-permissions-reference.html,
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from local_aws.access.needs import Need, Parameters, arn

#: What each part of a transaction needs.
OF_TRANSACTIONS = {
    "Get": "GetItem",
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "ConditionCheck": "ConditionCheckItem",
}


def needs(operation: str, parameters: Parameters) -> list[Need] | None:
    if operation in ("TransactWriteItems", "TransactGetItems"):
        return list(_of_transaction(parameters.get("TransactItems")))
    if operation in ("BatchGetItem", "BatchWriteItem"):
        items = parameters.get("RequestItems")
        return [Need(f"dynamodb:{operation}", table_arn(name)) for name in items] if isinstance(items, dict) else []
    if operation in ("GetRecords", "GetShardIterator", "DescribeStream"):
        return [Need(f"dynamodb:{operation}", _stream(parameters))]
    name = parameters.get("TableName")
    if not isinstance(name, str):
        return None
    table = table_arn(name)
    if operation in ("Query", "Scan") and parameters.get("IndexName"):
        table = f"{table}/index/{parameters['IndexName']}"
    return [Need(f"dynamodb:{operation}", table, context=_leading_keys(name, parameters))]


def table_arn(name: str) -> str:
    return name if name.startswith("arn:") else arn("dynamodb", f"table/{name}")


def _of_transaction(items: Any) -> Iterator[Need]:
    for item in items if isinstance(items, list) else []:
        for kind, part in item.items() if isinstance(item, dict) else []:
            if kind in OF_TRANSACTIONS and isinstance(part, dict):
                name = str(part.get("TableName", ""))
                action = f"dynamodb:{OF_TRANSACTIONS[kind]}"
                yield Need(action, table_arn(name), context=_leading_keys(name, part))


def _stream(parameters: Parameters) -> str:
    """A shard iterator of this server begins with the ARN of its stream."""
    return str(parameters.get("StreamArn") or parameters.get("ShardIterator", "").partition("|")[0] or "*")


def _leading_keys(table: str, part: Parameters) -> dict[str, list[str]]:
    """``dynamodb:LeadingKeys``: the value of the item's partition key."""
    item = part.get("Key") or part.get("Item")
    name = _partition_key(table) if isinstance(item, dict) else None
    if name is None or not isinstance(item, dict) or not isinstance(item.get(name), dict):
        return {}
    return {"dynamodb:leadingkeys": [str(value) for value in item[name].values()]}


def _partition_key(table: str) -> str | None:
    from moto.dynamodb.models import dynamodb_backends

    wanted = table.rpartition("/")[2]
    for account in list(dynamodb_backends.values()):
        for backend in list(account.values()):
            found = backend.tables.get(wanted)
            if found is not None:
                return str(found.hash_key_attr)
    return None
