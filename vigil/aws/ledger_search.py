"""Looking for the newest record of a kind, from the end of a chain backwards."""

from __future__ import annotations

from typing import Any

from vigil.audit.models import Record


def newest(client: Any, table: str, chain: str, event: str) -> Record | None:
    """Read consistently. ``client`` is a boto3 DynamoDB client."""
    pages = client.get_paginator("query").paginate(
        TableName=table,
        KeyConditionExpression="#chain = :chain",
        FilterExpression="#event = :event",
        ExpressionAttributeNames={"#chain": "chain", "#event": "event"},
        ExpressionAttributeValues={":chain": {"S": chain}, ":event": {"S": event}},
        ScanIndexForward=False,
        ConsistentRead=True,
    )
    for page in pages:
        for item in page["Items"]:
            return Record.model_validate_json(item["record"]["S"])
    return None
