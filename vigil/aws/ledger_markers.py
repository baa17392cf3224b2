"""Markers in the ledger's table: by them an append finds that its key is recorded already, and as which record."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from vigil.audit.markers import Item
from vigil.digests import digest_of

MARKER_CHAIN = "key#"  # no chain's name has this form, so no record can be taken for a marker


class LedgerMarkers:
    """``Markers``."""

    def __init__(self, client: Any, table: str) -> None:
        self._client = client
        self._table = table

    def items(self) -> Iterator[Item]:
        pages = self._client.get_paginator("scan").paginate(
            TableName=self._table,
            ProjectionExpression="#chain, #sequence, recorded_as",
            ExpressionAttributeNames={"#chain": "chain", "#sequence": "sequence"},
            ConsistentRead=True,
        )
        for page in pages:
            for item in page["Items"]:
                chain = item["chain"]["S"]
                if chain.startswith(MARKER_CHAIN):
                    yield Item(_name(chain, item["sequence"]["N"]), _place(item))
                else:
                    yield Item(chain, None)

    def name(self, chain: str, key: str) -> str:
        return str(marker_key(chain, key)["chain"]["S"])

    def place(self, name: str) -> str | None:
        key = {"chain": {"S": name}, "sequence": {"N": "0"}}
        item = self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True).get("Item")
        return None if item is None else _place(item)


def marker_key(chain: str, key: str) -> dict[str, Any]:
    return {"chain": {"S": MARKER_CHAIN + digest_of([chain, key])}, "sequence": {"N": "0"}}


def _place(item: dict[str, Any]) -> str:
    return str(next(iter(item.get("recorded_as", {"S": "nothing"}).values())))


def _name(chain: str, sequence: str) -> str:
    return chain if sequence == "0" else f"{chain}, {sequence}"  # markers lie at 0: anything else is a stray
