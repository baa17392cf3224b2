"""What the ledger needs from outside, as Protocols. ``vigil.aws`` holds the adapters, the tests a ledger in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from vigil.approvals.models import Signature
from vigil.audit.models import Checkpoint, Entry, Head, Record


@dataclass(frozen=True)
class StoredText:
    """A record or checkpoint as it lies somewhere, whatever has become of it.

    ``place``: the number under which it lies, where the place has one (a table's key, an object's name).
    ``attributes``: what is stored beside the text and must say the same as the text.
    """

    text: str
    place: int | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)


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


@dataclass(frozen=True)
class Newest:
    """The newest checkpoint that holds, and what lies at higher numbers without being one of ours, by its number.

    ``number``: the first after it that is not known to be taken.
    """

    checkpoint: Checkpoint | None
    planted: Mapping[int, str]

    @property
    def number(self) -> int:
        following = self.checkpoint.number + 1 if self.checkpoint else 1
        while following in self.planted:
            following += 1
        return following


class CheckpointStore(Protocol):
    def newest(self, holds: Callable[[Checkpoint], bool]) -> Newest:
        """``holds``: whether our key signed it. Whoever can put an object there cannot sign."""

    def all(self) -> Iterator[Checkpoint]:
        """In the order of their numbers."""

    def put(self, checkpoint: Checkpoint) -> bool:
        """Store it under its number; False if that number is taken. Nothing is ever overwritten."""


class Signer(Protocol):
    """The key of checkpoints; the same form as the key of decisions, which is another key."""

    @property
    def key(self) -> str: ...

    def sign(self, digest: bytes) -> Signature: ...

    def verify(self, digest: bytes, signature: Signature) -> bool:
        """Whether the key of this signer, and no other, made the signature."""


class LedgerSource(Protocol):
    """What can be verified: the table with its bucket, or the folder of an export. May be read more than once."""

    def chains(self) -> list[str]:
        """The chains as they are listed, sorted: at once. One whose first record was put over may be left out."""

    def every_chain(self) -> Iterator[str]:
        """Each chain that has a record, at least once, in no order: may read everything."""

    def stored(self, chain: str, after: int = 0) -> Iterator[StoredText]:
        """The chain's records in their order, from ``after`` + 1; streamed."""

    def checkpoints(self) -> Iterator[StoredText]:
        """In the order of their numbers; streamed."""
