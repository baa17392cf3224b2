"""Records to be read by people, each with what is wrong with it: nothing that does not hold is shown as if it did.

Only the records beside it are asked, so this is no verification: what a checkpoint knows better, it alone tells.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from vigil.audit.findings import Finding
from vigil.audit.models import NO_PREDECESSOR
from vigil.audit.ports import StoredText
from vigil.audit.reading import Link, UnreadableError, judge, missing, parse_object


@dataclass(frozen=True)
class Judged:
    """``document`` is empty where the text is none; ``problem`` is None where nothing was found."""

    chain: str
    number: int
    document: dict[str, Any]
    text: str
    problem: str | None


def judged(chain: str, records: Iterable[StoredText], after: int = 0) -> Iterator[Judged]:
    """``records`` come after the one with the number ``after``. Streamed."""
    expected, before = after + 1, NO_PREDECESSOR if after == 0 else None
    for stored in records:
        number = expected if stored.place is None else stored.place
        found = judge(chain, stored, number)
        problem = found.explanation if isinstance(found, Finding) else _out_of_line(chain, found, stored, expected)
        if isinstance(found, Link):
            if problem is None and before not in (None, found.previous_hash):
                problem = "it does not name the record before it: one of the two was replaced"
            before, expected = found.hash, max(expected, found.sequence + 1)
            number = found.sequence if stored.place is None else number
        else:
            before, expected = None, max(expected, number + 1)
        yield Judged(chain, number, _document(stored.text), stored.text, problem)


def _out_of_line(chain: str, link: Link, stored: StoredText, expected: int) -> str | None:
    if stored.place not in (None, link.sequence):
        return f"record {link.sequence} stands in its place"
    if link.sequence > expected:
        return missing(chain, expected, link.sequence - 1).explanation
    if link.sequence < expected:
        return f"record {link.sequence} stands after record {expected - 1}"
    return None


def _document(text: str) -> dict[str, Any]:
    try:
        return parse_object(text)
    except UnreadableError:
        return {}
