"""Markers beside the records: an append finds by them that its key is recorded, so each must name its own record.

A marker without its record makes an append believe that something is recorded which is not; a record without its marker
can be recorded twice. Markers are read before the records: both are written in one transaction, so a marker whose
record comes later than the walk cannot be among them. Names wait in a temporary file, some 100 bytes for each marker
and as much for each record, and are compared there at the end: what is in memory does not grow with them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from vigil.audit.findings import Finding, Kind
from vigil.audit.ports import StoredText
from vigil.audit.reading import UnreadableError, parse_object

MOST_FINDINGS = 20  # of each kind: enough to see what happened
ROWS_AT_ONCE = 1000
DIFFERENT = """
SELECT record.chain, record.number, record.name, record.place, marker.place FROM record LEFT JOIN marker USING (name)
WHERE marker.place IS NULL OR marker.place <> record.place ORDER BY record.rowid
"""
LEFT = """
SELECT marker.name, marker.place FROM marker LEFT JOIN record USING (name)
WHERE record.name IS NULL ORDER BY marker.name LIMIT ?
"""


@dataclass(frozen=True, slots=True)
class Item:
    """One item of the ledger's table: a marker and the place that it gives, or a record (``marks`` is None)."""

    chain: str
    marks: str | None


class Markers(Protocol):
    def items(self) -> Iterator[Item]:
        """Every item there is, in one pass: for a marker, its name as ``chain``."""

    def name(self, chain: str, key: str) -> str:
        """What the marker of this key is called."""

    def place(self, name: str) -> str | None:
        """What the marker of this name gives now, read consistently."""


class MarkerCheck:
    """``chains``: all that have a record, whatever the list of chains says."""

    def __init__(self, markers: Markers) -> None:
        self._markers = markers
        self.chains: set[str] = set()
        self._file = sqlite3.connect("", isolation_level=None)  # a temporary file that goes with the connection
        self._file.executescript("""
            PRAGMA journal_mode = OFF;
            CREATE TABLE marker (name TEXT, place TEXT);
            CREATE TABLE record (name TEXT, chain TEXT, number TEXT, place TEXT);
            BEGIN;
        """)
        self._file.executemany("INSERT INTO marker VALUES (?, ?)", self._read())
        self._passed: list[tuple[str, str, str | None, str]] = []

    def passing(self, chain: str, records: Iterable[StoredText]) -> Iterator[StoredText]:
        """The records as they come, each noted with the marker that it must have."""
        for stored in records:
            self._see(chain, stored)
            yield stored

    def findings(self, whole: bool) -> list[Finding]:
        """Once, at the end. ``whole``: every record has passed, so that a marker that is left has none."""
        self._flush()
        self._file.executescript("CREATE INDEX marked ON marker (name); CREATE INDEX recorded ON record (name);")
        return [*self._unmarked(), *(self._stray() if whole else ())]

    def _read(self) -> Iterator[tuple[str, str]]:
        for item in self._markers.items():
            if item.marks is None:
                self.chains.add(item.chain)
            else:
                yield item.chain, item.marks

    def _see(self, chain: str, stored: StoredText) -> None:
        try:
            document = parse_object(stored.text)
            key, sequence = document["key"], document["sequence"]
            name = self._markers.name(chain, key) if isinstance(key, str) else None
        except (UnreadableError, KeyError, UnicodeEncodeError):
            return  # what is no record is the walk's finding
        if name is None or type(sequence) is not int:
            return
        self._passed.append((name, chain, None if stored.place is None else str(stored.place), str(sequence)))
        if len(self._passed) >= ROWS_AT_ONCE:
            self._flush()

    def _flush(self) -> None:
        self._file.executemany("INSERT INTO record VALUES (?, ?, ?, ?)", self._passed)
        self._passed.clear()

    def _unmarked(self) -> Iterator[Finding]:
        found = 0
        for chain, number, name, place, marked in self._file.execute(DIFFERENT):
            given = self._markers.place(name) if marked is None else marked  # the record may be the younger one
            if given == place:
                continue
            what = "has no marker" if given is None else f"has a marker that names record {given}"
            explanation = f"it {what}: what is appended under its key would be recorded wrongly"
            yield Finding(
                kind=Kind.UNMARKED, chain=chain, sequence=None if number is None else int(number),
                explanation=explanation,
            )  # fmt: skip
            found += 1
            if found == MOST_FINDINGS:
                return

    def _stray(self) -> Iterator[Finding]:
        for name, place in self._file.execute(LEFT, (MOST_FINDINGS,)):
            yield Finding(
                kind=Kind.STRAY, chain=name, sequence=int(place) if place.isdecimal() else None,
                explanation="a marker without its record: what is appended under its key would not be recorded",
            )  # fmt: skip
