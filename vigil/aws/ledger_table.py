"""The ledger in DynamoDB: one item for each record, key (chain, sequence). Items are put once and never changed.

Two writers cannot fork a chain: each puts the record after the head it read, on the condition that nothing is there,
and who comes second reads the new head and tries again. A marker beside the record makes an append idempotent by key.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError
from pydantic import ValidationError

from vigil.audit.models import GENESIS, Entry, Head, Record, link, start_of
from vigil.audit.ports import StoredText
from vigil.aws.ledger_markers import LedgerMarkers, marker_key
from vigil.digests import canonical_json
from vigil.moments import Clock

CHAINS_INDEX = "chains"  # sparse: only first records are in it
#: Reasons of a cancelled transaction that pass: DynamoDB's API reference, TransactWriteItems, CancellationReasons.
WORTH_ANOTHER_TRY = {"TransactionConflict", "ProvisionedThroughputExceeded", "ThrottlingError"}
#: Two hundred writers of one chain at once: each round lets one through.
MOST_ATTEMPTS = 400
LONGEST_PAUSE_SECONDS = 1.0
MOST_DOUBLINGS = 5


class LedgerBusyError(Exception):
    """Too many others append to the same chain: try again."""


class LedgerDamagedError(Exception):
    """The table contradicts itself, which no writer of ours can bring about: verify the ledger."""


class ConditionFailedError(Exception):
    """A condition of the caller's own changes did not hold: nothing was written. ``index`` counts those changes."""

    def __init__(self, index: int) -> None:
        super().__init__(f"change {index} was refused; nothing was written")
        self.index = index


@dataclass(frozen=True)
class Appended:
    """``is_new``: this call wrote the record, and with it the caller's changes.

    Otherwise the key was recorded before, and none of the caller's changes was written by this call.
    """

    record: Record
    is_new: bool

    def is_of(self, entry: Entry) -> bool:
        """Whether entry and changes are stored: by this call, or by an earlier try whose answer was lost.

        A record that says anything else was written by somebody else, with other changes or with none.
        """
        return self.is_new or self.record.model_dump(include=set(Entry.model_fields)) == entry.model_dump()


class LedgerTable:
    """``LedgerWriter`` and ``LedgerReader``. ``client`` is a boto3 DynamoDB client; ``clock`` the server's."""

    def __init__(self, client: Any, table: str, clock: Clock) -> None:
        self._client = client
        self._table = table
        self._clock = clock

    def append(self, entry: Entry) -> Record:
        return self.append_with(entry, ()).record

    def append_with(self, entry: Entry, changes: Sequence[dict[str, Any]], following: Sequence[Entry] = ()) -> Appended:
        """Append in one transaction with the caller's own changes, and with the entries that are to follow it in their
        chains (``TransactItems``: at most 100, of which each entry takes two).

        Raises ``ConditionFailedError`` where one of the changes was refused. Where the entry's key is recorded already,
        nothing is written, neither changes nor what follows, and the earlier record is given: see ``Appended``.
        """
        entries = [entry, *following]
        for attempt in range(MOST_ATTEMPTS):
            began = time.monotonic()
            linked = self._linked(entries)
            puts = [put for record in linked for put in self._puts(record)]
            try:
                self._client.transact_write_items(TransactItems=[*puts, *changes])
                return Appended(linked[0], is_new=True)
            except ClientError as error:
                known = self._explain(error, entries, len(changes))
                if known is not None:
                    return Appended(known, is_new=False)
            # As long as an attempt takes, doubled each time: who comes back too soon fails again and slows the others.
            took = time.monotonic() - began
            pause = min(LONGEST_PAUSE_SECONDS, took * 2.0 ** min(attempt, MOST_DOUBLINGS))
            time.sleep(random.uniform(0, pause))  # noqa: S311 -- spreads writers, decides nothing
        raise LedgerBusyError(f"the chain {entry.chain} is too busy: nothing was recorded, try again")

    def head(self, chain: str) -> Head:
        """Raises ``LedgerDamagedError``."""
        answer = self._client.query(
            TableName=self._table,
            KeyConditionExpression="#chain = :chain",
            ExpressionAttributeNames={"#chain": "chain", "#hash": "hash", "#sequence": "sequence"},
            ExpressionAttributeValues={":chain": {"S": chain}},
            ProjectionExpression="#sequence, #hash",
            ScanIndexForward=False,
            ConsistentRead=True,
            Limit=1,
        )
        if not answer["Items"]:
            return start_of(chain)
        item = answer["Items"][0]
        try:
            return Head(chain=chain, sequence=int(item["sequence"]["N"]), hash=item["hash"]["S"])
        except (KeyError, ValueError):
            damage = f"the chain {chain} ends with what is no record: run `vigil audit verify`"
            raise LedgerDamagedError(damage) from None

    def read(self, chain: str, after: int = 0) -> Iterator[Record]:
        for stored in self.stored(chain, after):
            yield Record.model_validate_json(stored.text)

    def stored(self, chain: str, after: int = 0) -> Iterator[StoredText]:
        """The records' JSON texts as they are stored, with what stands beside them, whatever they have become."""
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="#chain = :chain AND #sequence > :after",
            ExpressionAttributeNames={"#chain": "chain", "#sequence": "sequence"},
            ExpressionAttributeValues={":chain": {"S": chain}, ":after": {"N": str(after)}},
            ConsistentRead=True,
        )
        for page in pages:
            for item in page["Items"]:
                beside = {name: item.get(name, {}).get("S", "") for name in ("hash", "event", "at", "genesis")}
                number = item["sequence"]["N"]
                # A place that is no whole number is none of ours: what lies there has no place, and is found out.
                text = item.get("record", {}).get("S", "") if number.isdecimal() else ""
                yield StoredText(text, int(number) if number.isdecimal() else None, beside)

    def chains(self) -> list[str]:
        """As the index lists them: at once, and without a chain whose first record was put over without ``genesis``."""
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            IndexName=CHAINS_INDEX,
            KeyConditionExpression="genesis = :genesis",
            ExpressionAttributeValues={":genesis": {"S": GENESIS}},
            ProjectionExpression="#chain",
            ExpressionAttributeNames={"#chain": "chain"},
        )
        return sorted({item["chain"]["S"] for page in pages for item in page["Items"]})

    def every_chain(self) -> Iterator[str]:
        """Each chain that has an item, some more than once: reads the whole table."""
        last = None
        for item in self.markers().items():
            if item.marks is None and item.chain != last:
                last = item.chain
                yield last

    def find(self, chain: str, key: str) -> Record | None:
        """The record of this key in this chain, if there is one. A marker is not believed: the record must say both.

        Raises ``LedgerDamagedError``: whoever may put items could put a marker for a key that is still to come, and
        whoever appends under that key would be told that it is recorded.
        """
        marker = self._client.get_item(TableName=self._table, Key=marker_key(chain, key), ConsistentRead=True)
        if "Item" not in marker:
            return None
        place = {"chain": {"S": chain}, "sequence": marker["Item"].get("recorded_as", {"N": "0"})}
        item = self._client.get_item(TableName=self._table, Key=place, ConsistentRead=True).get("Item")
        if item is None:
            raise LedgerDamagedError(f"a record of the chain {chain} is gone: run `vigil audit verify`")
        try:
            record = Record.model_validate_json(item["record"]["S"])
        except (KeyError, ValidationError):
            raise LedgerDamagedError(f"a record of the chain {chain} is none: run `vigil audit verify`") from None
        if (record.chain, record.key) != (chain, key):
            raise LedgerDamagedError(f"a marker of the chain {chain} leads astray: run `vigil audit verify`")
        return record

    def markers(self) -> LedgerMarkers:
        return LedgerMarkers(self._client, self._table)

    def _linked(self, entries: Sequence[Entry]) -> list[Record]:
        """Each after the one before it in its chain, all at one moment."""
        heads = {chain: self.head(chain) for chain in sorted({entry.chain for entry in entries})}
        at, linked = self._clock(), []
        for entry in entries:
            record = link(entry, heads[entry.chain], at)
            heads[entry.chain] = Head(chain=entry.chain, sequence=record.sequence, hash=record.hash)
            linked.append(record)
        return linked

    def _puts(self, record: Record) -> list[dict[str, Any]]:
        item: dict[str, Any] = {
            "chain": {"S": record.chain},
            "sequence": {"N": str(record.sequence)},
            "hash": {"S": record.hash},
            "event": {"S": record.event.value},
            "at": {"S": record.model_dump(mode="json")["at"]},
            "record": {"S": canonical_json(record.model_dump(mode="json")).decode()},
        }
        if record.sequence == 1:
            item["genesis"] = {"S": GENESIS}
        marker = {**marker_key(record.chain, record.key), "recorded_as": {"N": str(record.sequence)}}
        return [self._put_new(item), self._put_new(marker)]

    def _put_new(self, item: dict[str, Any]) -> dict[str, Any]:
        return {
            "Put": {
                "TableName": self._table,
                "Item": item,
                "ConditionExpression": "attribute_not_exists(#chain)",
                "ExpressionAttributeNames": {"#chain": "chain"},
            }
        }

    def _explain(self, error: ClientError, entries: Sequence[Entry], changes: int) -> Record | None:
        """The earlier record where the first entry's key is known; None where it is worth trying again. Raises
        everything else, and ``LedgerDamagedError`` where what was to follow is recorded and nothing else stands against
        the transaction."""
        if error.response["Error"]["Code"] in ("TransactionConflictException", "TransactionInProgressException"):
            return None
        if error.response["Error"]["Code"] != "TransactionCanceledException":
            raise error
        codes = [reason.get("Code", "None") for reason in error.response.get("CancellationReasons", [])]
        refused = [index for index, code in enumerate(codes) if code == "ConditionalCheckFailed"]
        first = entries[0]
        known = self.find(first.chain, first.key) if 1 in refused else None
        if known is not None:
            return known
        own = [index - 2 * len(entries) for index in refused if index >= 2 * len(entries)]
        if own and changes:  # whoever made the change first may have recorded what was to follow, too
            raise ConditionFailedError(own[0]) from None
        if WORTH_ANOTHER_TRY & set(codes):
            return None
        self._refuse_damage(entries, refused)
        if refused:
            return None
        raise error

    def _refuse_damage(self, entries: Sequence[Entry], refused: Sequence[int]) -> None:
        """``refused``: places in the transaction, where an entry's marker is its second item."""
        for number, entry in enumerate(entries):
            if number and 2 * number + 1 in refused and self.find(entry.chain, entry.key) is not None:
                raise LedgerDamagedError(f"{entry.key} is recorded without {entries[0].key}: run `vigil audit verify`")
