"""Markers beside the records: an append finds by them that its key is recorded, so each must name its own record.

A marker without its record makes an append believe that something is recorded which is not; a record without its marker
can be recorded twice. Markers are read before the records: both are written in one transaction, so a marker whose
record comes later than the walk cannot be among them. In memory is one small entry for each marker.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

from vigil.audit.findings import Finding, Kind
from vigil.audit.ports import StoredText
from vigil.audit.reading import UnreadableError, parse_object

MOST_FINDINGS = 20  # of each kind: enough to see what happened


class Markers(Protocol):
    def all(self) -> Iterator[tuple[str, str]]:
        """Every marker: its name and the place that it gives, both as they are stored."""

    def name(self, chain: str, key: str) -> str:
        """What the marker of this key is called."""

    def place(self, chain: str, key: str) -> str | None:
        """What the marker of this key gives now, read consistently."""


class MarkerCheck:
    def __init__(self, markers: Markers) -> None:
        self._markers = markers
        self._left = dict(markers.all())
        self._unmarked: list[Finding] = []

    def passing(self, chain: str, records: Iterable[StoredText]) -> Iterator[StoredText]:
        """The records as they come, each compared with its marker."""
        for stored in records:
            self._see(chain, stored)
            yield stored

    def _see(self, chain: str, stored: StoredText) -> None:
        try:
            document = parse_object(stored.text)
            key, sequence = document["key"], document["sequence"]
        except (UnreadableError, KeyError):
            return  # what is no record is the walk's finding
        if not isinstance(key, str):
            return
        given = self._left.pop(self._markers.name(chain, key), None)
        if given is None:  # the record may be younger than the reading of markers
            given = self._markers.place(chain, key)
        if given != str(sequence) and len(self._unmarked) < MOST_FINDINGS:
            what = "has no marker" if given is None else f"has a marker that names record {given}"
            explanation = f"it {what}: what is appended under its key would be recorded wrongly"
            self._unmarked.append(
                Finding(kind=Kind.UNMARKED, chain=chain, sequence=stored.place, explanation=explanation)
            )

    def findings(self, whole: bool) -> list[Finding]:
        """``whole``: every record has passed, so that a marker that is left has none."""
        left = sorted(self._left.items())[:MOST_FINDINGS] if whole else []
        stray = [
            Finding(
                kind=Kind.STRAY, chain=name, sequence=int(place) if place.isdecimal() else None,
                explanation="a marker without its record: what is appended under its key would not be recorded",
            )
            for name, place in left
        ]  # fmt: skip
        return [*self._unmarked, *stray]
