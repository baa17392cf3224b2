"""The ledger in memory: appends under one lock, as DynamoDB's conditional writes come one after the other."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import datetime

from vigil.audit.events import EventName
from vigil.audit.models import Entry, Head, Record, link, start_of


class MemoryLedger:
    """``LedgerWriter`` and ``LedgerReader``."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self.records: dict[str, list[Record]] = {}
        self._clock = clock
        self._lock = threading.RLock()

    def append(self, entry: Entry) -> Record:
        with self._lock:
            known = self.find(entry.chain, entry.key)
            if known is not None:
                return known
            record = link(entry, self.head(entry.chain), self._clock())
            self.records.setdefault(entry.chain, []).append(record)
            return record

    def find(self, chain: str, key: str) -> Record | None:
        return next((record for record in self.records.get(chain, []) if record.key == key), None)

    def chains(self) -> list[str]:
        return sorted(self.records)

    def head(self, chain: str) -> Head:
        found = self.records.get(chain)
        return Head(chain=chain, sequence=found[-1].sequence, hash=found[-1].hash) if found else start_of(chain)

    def read(self, chain: str, after: int = 0) -> Iterator[Record]:
        yield from self.records.get(chain, [])[after:]

    def events(self) -> list[EventName]:
        """Of all chains, in the order of their sequence."""
        return [record.event for chain in self.chains() for record in self.records[chain]]

    def of(self, event: EventName) -> list[Record]:
        return [record for chain in self.chains() for record in self.records[chain] if record.event is event]
