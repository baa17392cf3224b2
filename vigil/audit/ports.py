"""What the ledger needs from outside, as Protocols. ``vigil.aws`` holds the adapters, the tests a ledger in memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from vigil.audit.models import Checkpoint, Entry, Head, Record


class LedgerWriter(Protocol):
    def append(self, entry: Entry) -> Record:
        """Record the entry at the end of its chain, or give the record that has its key already."""


class LedgerReader(Protocol):
    def chains(self) -> list[str]:
        """All chains, sorted."""

    def read(self, chain: str, after: int = 0) -> Iterator[Record]:
        """The records of a chain in the order of their sequence, from ``after`` + 1; streamed, as stored."""

    def head(self, chain: str) -> Head:
        """Read consistently."""


class CheckpointStore(Protocol):
    def latest(self) -> Checkpoint | None: ...

    def all(self) -> Iterator[Checkpoint]:
        """In the order of their numbers."""

    def put(self, checkpoint: Checkpoint) -> bool:
        """Store it under its number; False if that number is taken. Nothing is ever overwritten."""
