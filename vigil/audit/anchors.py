"""What all checkpoints say of some chains, kept in a temporary file: read once, however many chains are broken.

A chain that grew each minute for years has as many anchors: they are not held in memory.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator

from vigil.audit.chain import Anchor


class AnchorFile:
    def __init__(self, anchors: Iterable[tuple[str, Anchor]]) -> None:
        self._file = sqlite3.connect("", isolation_level=None)  # it goes with the connection
        self._file.executescript("""
            PRAGMA journal_mode = OFF;
            CREATE TABLE anchor (chain BLOB, sequence INTEGER, hash TEXT, number INTEGER);
            BEGIN;
        """)
        rows = ((_key(chain), each.sequence, each.hash, each.number) for chain, each in anchors)
        self._file.executemany("INSERT INTO anchor VALUES (?, ?, ?, ?)", rows)
        self._file.execute("CREATE INDEX of_chain ON anchor (chain)")

    def of(self, chain: str) -> Iterator[Anchor]:
        """In the order of the checkpoints."""
        select = "SELECT sequence, hash, number FROM anchor WHERE chain = ? ORDER BY rowid"
        return (Anchor(*row) for row in self._file.execute(select, (_key(chain),)))

    def first_beyond(self, chain: str, sequence: int) -> int | None:
        """The number of the first checkpoint that names a later record than this."""
        select = "SELECT min(number) FROM anchor WHERE chain = ? AND sequence > ?"
        number: int | None = self._file.execute(select, (_key(chain), sequence)).fetchone()[0]
        return number


def _key(chain: str) -> bytes:
    return chain.encode(errors="surrogatepass")  # what a damaged copy calls a chain may be no text
