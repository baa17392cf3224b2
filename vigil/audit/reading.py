"""One stored text, read as it stands: is it a record, does it hash to what it says, is it where it belongs?

Nothing here goes through the types of ``models.py``: a verifier must judge bytes, and read records of later versions.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from vigil.audit.findings import Finding, Kind
from vigil.audit.models import GENESIS, Record
from vigil.audit.ports import StoredText
from vigil.digests import canonical_json, sha256_hex

HEX = re.compile(r"[0-9a-f]{64}")
BEFORE_HASH = tuple(sorted(name for name in Record.model_fields if name < "hash"))
AFTER_HASH = tuple(sorted(name for name in Record.model_fields if name > "hash"))
FIELDS = Record.model_fields.keys()


class UnreadableError(ValueError):
    """A text is no record or checkpoint; the message says why and repeats nothing of it."""


@dataclass(frozen=True, slots=True)
class Link:
    """What of a record makes the chain."""

    chain: str
    sequence: int
    previous_hash: str
    hash: str
    at: str


def parse_object(text: str) -> dict[str, Any]:
    """A JSON object. Raises ``UnreadableError``."""
    try:
        document = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise UnreadableError("its text is no JSON") from None
    if not isinstance(document, dict):
        raise UnreadableError("its text is no JSON object")
    return document


def read_link(stored: StoredText) -> Link:
    """The link, where the text is a record that hashes to what it says. Raises ``UnreadableError``."""
    document = parse_object(stored.text)
    if document.keys() != FIELDS:
        raise UnreadableError("it has not the fields of a record")
    link = Link(*(document[name] for name in ("chain", "sequence", "previous_hash", "hash", "at")))
    if not _is_link(link):
        raise UnreadableError("its fields have not the form of a record's")
    try:
        # The hash covers all fields but itself; in canonical form they stand before and after it.
        before = canonical_json({name: document[name] for name in BEFORE_HASH})[:-1] + b","
        after = b"," + canonical_json({name: document[name] for name in AFTER_HASH})[1:]
        written = stored.text.encode()
    except (ValueError, RecursionError):
        raise UnreadableError("it holds what has no canonical form") from None
    if sha256_hex(before[:-1] + after) != link.hash:
        raise UnreadableError("its content does not hash to what it says")
    if written != before + f'"hash":"{link.hash}"'.encode() + after:
        raise UnreadableError("its text is not the canonical one")
    genesis = GENESIS if link.sequence == 1 else ""  # without it the chain is not listed
    for name, value in stored.attributes.items():
        if value != (genesis if name == "genesis" else document[name]):
            raise UnreadableError(f"the attribute {name} beside it says something else")
    return link


def judge(chain: str, stored: StoredText, expected: int) -> Link | Finding:
    """The link, or what is wrong with this record by itself. ``expected`` names it where nothing else does."""
    place = expected if stored.place is None else stored.place
    if place > expected:
        return missing(chain, expected, place - 1)
    try:
        link = read_link(stored)
    except UnreadableError as error:
        return Finding(kind=Kind.ALTERED, chain=chain, sequence=place, explanation=str(error))
    if link.chain != chain:
        return Finding(
            kind=Kind.FOREIGN, chain=chain, sequence=place, explanation=f"it is a record of the chain {link.chain}"
        )
    return link


def missing(chain: str, first: int, last: int) -> Finding:
    what = f"record {first} is" if first == last else f"records {first} to {last} are"
    return Finding(
        kind=Kind.MISSING,
        chain=chain,
        sequence=first,
        through=last,
        explanation=f"{what} missing, later ones are there",
    )


def _is_link(link: Link) -> bool:
    return (
        isinstance(link.chain, str)
        and type(link.sequence) is int
        and link.sequence >= 1
        and isinstance(link.at, str)
        and all(isinstance(each, str) and HEX.fullmatch(each) is not None for each in (link.previous_hash, link.hash))
    )


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")
