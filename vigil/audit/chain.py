"""Walking one chain from record to record, and naming the first at which it does not hold. Memory is constant."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from vigil.audit.findings import Finding, Kind
from vigil.audit.models import NO_PREDECESSOR, Head, start_of
from vigil.audit.ports import StoredText
from vigil.audit.reading import Link, UnreadableError, judge, missing, parse_object, read_link
from vigil.moments import timestamp

#: Two functions' clocks, and the time between reading the clock and the put that wins: beyond it a time is suspect.
CLOCKS_DIFFER = timedelta(minutes=1)
YEARS = (1900, 9000)


@dataclass(frozen=True, slots=True)
class Anchor:
    """What checkpoint ``number`` says of a chain. Anchors come in the order of their sequence.

    ``at``: when the record was sealed at the latest, where that is known.
    """

    sequence: int
    hash: str
    number: int
    at: datetime | None = None


@dataclass(frozen=True)
class Walk:
    """``good``: the last record up to which everything holds. ``sealed``: the last one that an anchor confirmed.

    ``warning``: the first record whose time cannot be right. It breaks nothing: a clock that was wrong once must not
    stop a chain from being sealed.
    """

    good: Head
    sealed: int
    finding: Finding | None
    newest_at: str | None = None
    first_unsealed_at: str | None = None
    warning: Finding | None = None


def walk(chain: str, records: Iterable[StoredText], anchors: Iterable[Anchor] = (), start: Head | None = None) -> Walk:
    """Follow ``records``, which come after ``start``, and compare them with ``anchors``."""
    return _Walker(chain, iter(records), iter(anchors), start or start_of(chain)).run()


class _Walker:
    def __init__(self, chain: str, records: Iterator[StoredText], anchors: Iterator[Anchor], start: Head) -> None:
        self._chain, self._records, self._anchors = chain, records, anchors
        self._good = start
        self._before: str | None = None  # what the last good record names as its predecessor
        self._sealed = start.sequence
        self._anchor = next(anchors, None)
        self._at: str | None = None
        self._first_unsealed_at: str | None = None
        self._moment: datetime | None = None
        self._warning: Finding | None = None

    def run(self) -> Walk:
        for stored in self._records:
            finding = self._step(stored)
            if finding is not None:
                return self._result(finding)
        return self._result(self._tail())

    def _step(self, stored: StoredText) -> Finding | None:
        link = judge(self._chain, stored, self._good.sequence + 1)
        if isinstance(link, Finding):
            return link
        if link.sequence != self._good.sequence + 1:
            return self._misplaced(link, stored)
        if link.previous_hash != self._good.hash:
            return self._unlinked(link)
        self._warning = self._warning or self._out_of_time(link)
        self._moment = _moment_of(link) or self._moment
        self._before = self._good.hash
        self._good = Head(chain=self._chain, sequence=link.sequence, hash=link.hash)
        self._at = link.at
        return self._compare()

    def _out_of_time(self, link: Link) -> Finding | None:
        at, anchor = _moment_of(link), self._anchor
        kind, explanation = Kind.BACKDATED, None
        if at is None:
            explanation = "its time cannot be read"
        elif self._moment is not None and at < self._moment - CLOCKS_DIFFER:
            explanation = (
                f"its time, {timestamp(at)}, lies before that of the record before it, {timestamp(self._moment)}"
            )
        elif anchor and anchor.at and link.sequence <= anchor.sequence and at > anchor.at + CLOCKS_DIFFER:
            kind = Kind.POSTDATED
            explanation = f"its time, {timestamp(at)}, lies after that of a checkpoint that seals it"
        if explanation is None:
            return None
        return Finding(kind=kind, chain=self._chain, sequence=link.sequence, explanation=explanation)

    def _compare(self) -> Finding | None:
        """With every anchor at this record."""
        while self._anchor is not None and self._anchor.sequence <= self._good.sequence:
            anchor = self._anchor
            if anchor.sequence == self._good.sequence and anchor.hash != self._good.hash:
                return self._rewritten(anchor)
            if anchor.sequence == self._good.sequence:
                self._sealed, self._first_unsealed_at = anchor.sequence, None
            self._anchor = next(self._anchors, None)
        if self._sealed < self._good.sequence and self._first_unsealed_at is None:
            self._first_unsealed_at = self._at
        return None

    def _rewritten(self, anchor: Anchor) -> Finding:
        first = self._sealed + 1
        self._good = Head(chain=self._chain, sequence=self._sealed, hash=NO_PREDECESSOR)
        return Finding(
            kind=Kind.REWRITTEN, chain=self._chain, sequence=first, through=anchor.sequence, checkpoint=anchor.number,
            explanation=f"record {anchor.sequence} is not the one that checkpoint {anchor.number} signed; "
            f"of the records {first} to {anchor.sequence} at least one was written anew",
        )  # fmt: skip

    def _misplaced(self, link: Link, stored: StoredText) -> Finding:
        expected = self._good.sequence + 1
        if link.sequence <= self._good.sequence:
            return self._forked(link.sequence, f"there is a second record with the sequence {link.sequence}")
        if stored.place is None and not self._comes_later(expected):
            return missing(self._chain, expected, link.sequence - 1)
        return Finding(
            kind=Kind.REORDERED, chain=self._chain, sequence=expected,
            explanation=f"record {link.sequence} stands in the place of record {expected}",
        )  # fmt: skip

    def _comes_later(self, sequence: int) -> bool:
        for stored in self._records:
            try:
                if parse_object(stored.text).get("sequence") == sequence:
                    return True
            except UnreadableError:
                continue
        return False

    def _unlinked(self, link: Link) -> Finding:
        """Who is to blame: this record, or the one before it? The record after this one knows, or an anchor."""
        if link.previous_hash == self._before:
            return self._forked(link.sequence, f"it and record {self._good.sequence} name the same predecessor")
        if self._good.sequence in (0, self._sealed) or self._is_disowned(link):
            return self._altered(link.sequence, "it does not name the record before it, and no later record names it")
        last = self._good
        self._good = Head(chain=self._chain, sequence=last.sequence - 1, hash=self._before or NO_PREDECESSOR)
        return self._altered(
            last.sequence, f"record {link.sequence} names another predecessor: it, and maybe more before, was replaced"
        )

    def _is_disowned(self, link: Link) -> bool:
        following = next(self._records, None)
        if following is None:
            return False
        try:
            return read_link(following).previous_hash != link.hash
        except UnreadableError:
            return False

    def _tail(self) -> Finding | None:
        """What checkpoints signed beyond the chain's end."""
        first, end = self._anchor, self._good.sequence
        if first is None:
            return None
        longest = max(first.sequence, max((anchor.sequence for anchor in self._anchors), default=0))
        kind, what = (Kind.CUT, f"the chain ends at record {end}") if end else (Kind.DROPPED, "no record is there")
        return Finding(
            kind=kind, chain=self._chain, sequence=end + 1, through=longest, checkpoint=first.number,
            explanation=f"{what}; checkpoint {first.number} signed record {first.sequence}",
        )  # fmt: skip

    def _forked(self, sequence: int, explanation: str) -> Finding:
        return Finding(kind=Kind.FORKED, chain=self._chain, sequence=sequence, explanation=explanation)

    def _altered(self, sequence: int, explanation: str) -> Finding:
        return Finding(kind=Kind.ALTERED, chain=self._chain, sequence=sequence, explanation=explanation)

    def _result(self, finding: Finding | None) -> Walk:
        return Walk(self._good, self._sealed, finding, self._at, self._first_unsealed_at, self._warning)


def _moment_of(link: Link) -> datetime | None:
    """None for what is no moment, or lies at the ends of the calendar, where one cannot reckon."""
    try:
        at = datetime.fromisoformat(link.at)
        return at.astimezone(UTC) if at.tzinfo and YEARS[0] <= at.year <= YEARS[1] else None
    except ValueError:
        return None
