"""``TransactWriteItems`` with a ``ClientRequestToken`` changes the tables once, however often it is sent.

A token is valid for ten minutes; another payload under the same token is refused
(https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html). The tokens lie in moto's
backend, so that snapshots and the journal keep them with the tables.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

from moto.core.responses import ActionResult
from moto.core.utils import unix_time
from moto.dynamodb.exceptions import ERROR_TYPE_PREFIX, DynamodbException
from moto.dynamodb.responses import DynamoHandler

from local_aws.seams import around

VALID_SECONDS = 600
TOKENS = "local_aws_transaction_tokens"
MISMATCH = ERROR_TYPE_PREFIX + "IdempotentParameterMismatchException"


@around(DynamoHandler, "transact_write_items")
def transact_once(original: Callable[[DynamoHandler], Any], handler: DynamoHandler) -> Any:
    token = handler.body.get("ClientRequestToken")
    if not token:
        return original(handler)
    now = unix_time()
    tokens: dict[str, tuple[str, float]] = handler.dynamodb_backend.__dict__.setdefault(TOKENS, {})
    for old in [name for name, (_, ended) in tokens.items() if now - ended >= VALID_SECONDS]:
        del tokens[old]
    digest = _digest(handler.body)
    if token in tokens:
        if tokens[token][0] != digest:
            raise DynamodbException(
                MISMATCH,
                f"The request uses the same client token {token} as a previous, but non-identical request. "
                "Do not reuse a client token with different requests, unless the requests are identical",
            )
        return ActionResult({"ConsumedCapacity": [], "ItemCollectionMetrics": {}})
    result = original(handler)
    tokens[token] = digest, now
    return result


def _digest(body: dict[str, Any]) -> str:
    payload = {name: value for name, value in body.items() if name != "ClientRequestToken"}
    return hashlib.sha256(json.dumps(payload, sort_keys=True).encode()).hexdigest()
