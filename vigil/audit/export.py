"""Copies of the ledger for an inspector: readable by people and by machines (21 CFR 11.10(b)), and verifiable alone.

Records and checkpoints are copied byte for byte as they are stored, one a line: also those that do not hold.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from vigil.audit.checkpoint_chain import heads_of, read_checkpoint
from vigil.audit.models import Record
from vigil.audit.page import write_page
from vigil.audit.ports import LedgerSource, StoredText
from vigil.audit.reading import UnreadableError
from vigil.moments import Moment, timestamp

RECORDS = "ledger.jsonl"
CHECKPOINTS = "checkpoints.jsonl"
KEYS = "public_keys.json"
PEM = "checkpoint_key.pem"
MANIFEST = "export.json"
PAGE = "ledger.html"
README = "README.txt"

README_TEXT = """\
The ledger of the stack {stack}, exported at {at} by {by}.

{page}         the records, to be read: each with its signatures (printed name, date and time, meaning)
{records}        the records as they are stored, one JSON object a line, chain by chain
{checkpoints}   the signed checkpoints over the heads of all chains
{keys}   the public keys (PEM), by their name
{pem}  the key that checkpoints are signed with, alone
{manifest}         what was exported

{scope}

To verify this copy without any access to the stack:

    vigil audit verify --from . --public-key {pem}

The copy of the key in this folder proves nothing by itself: compare its fingerprint (SHA-256 of the DER form),
which `vigil audit verify` prints, with one that you have from elsewhere. Each record names the hash of the one before
it; a record's hash is the SHA-256 of its canonical JSON (UTF-8, sorted keys, no white space) without the field `hash`.
A checkpoint's signature is ECDSA on P-256 over the SHA-256 of its canonical JSON without the field `signature`.
"""


class ExportError(Exception):
    """A folder is no export, or cannot become one; the message says what to do."""


class UnknownChainError(ExportError):
    """Nothing was ever recorded in a chain of this name: a copy of it would look like a proof, and is none."""

    exit_code = 5  # as `vigil audit --help` lists it


class Manifest(BaseModel):
    """What an export holds. ``complete``: all chains that could be seen then."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: str = "vigil.ledger-export/1"
    stack: str
    exported_at: Moment
    exported_by: str
    complete: bool
    chains: dict[str, int]
    checkpoints: int


class PublicKeyFile(BaseModel):
    """PEM by name. Checkpoints are verified with ``checkpoint`` only; ``signing`` is for signatures of approvals."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    checkpoint: dict[str, str]
    signing: dict[str, str] = {}


def write_export(
    source: LedgerSource, keys: PublicKeyFile, folder: Path, *, stack: str, at: datetime, by: str,
    only: list[str] | None = None,
) -> Manifest:  # fmt: skip
    """Write the export into ``folder``, which must not exist yet. Streamed."""
    try:
        folder.mkdir(parents=True)
    except FileExistsError:
        raise ExportError(f"{folder} exists already: name a new folder") from None
    sealed = _Heads()
    checkpoints = _write_lines(folder / CHECKPOINTS, sealed.passing(source.checkpoints()))  # first: chains reach as far
    chains = only or sorted({*source.chains(), *source.every_chain(), *sealed.chains})
    counts: dict[str, int] = {}
    (folder / RECORDS).touch()
    for chain in chains:
        counts[chain] = _write_lines(folder / RECORDS, source.stored(chain))
    manifest = Manifest(
        stack=stack, exported_at=at, exported_by=by, complete=not only, chains=counts, checkpoints=checkpoints
    )
    _write(folder / MANIFEST, manifest.model_dump_json(indent=1))
    _write(folder / KEYS, keys.model_dump_json(indent=1))
    _write(folder / PEM, "\n".join(keys.checkpoint.values()) + "\n")
    _write(folder / README, _readme(manifest))
    copy = FolderSource(folder)
    write_page(folder / PAGE, manifest, ((chain, copy.stored(chain)) for chain in chains))
    return manifest


class _Heads:
    """The chains that the newest readable checkpoint names: of one that is gone, the copy says that it has nothing."""

    def __init__(self) -> None:
        self.chains: frozenset[str] = frozenset()

    def passing(self, checkpoints: Iterator[StoredText]) -> Iterator[StoredText]:
        for stored in checkpoints:
            with suppress(UnreadableError):
                self.chains = frozenset(heads_of(read_checkpoint(stored)))
            yield stored


class FolderSource:
    """``LedgerSource`` over an export. Memory grows with the number of chains."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._blocks: dict[str, list[tuple[int, int]]] | None = None
        if not (folder / RECORDS).is_file():
            raise ExportError(f"{folder} is no export of the ledger: it has no {RECORDS}")

    def manifest(self) -> Manifest | None:
        path = self._folder / MANIFEST
        try:
            return Manifest.model_validate_json(path.read_bytes()) if path.is_file() else None
        except ValueError:
            raise ExportError(f"{path} cannot be read as an export's: export anew") from None

    def keys(self) -> PublicKeyFile:
        path = self._folder / KEYS
        try:
            return PublicKeyFile.model_validate_json(path.read_bytes())
        except (OSError, ValueError):
            raise ExportError(f"{path} cannot be read: give the key with --public-key") from None

    def chains(self) -> list[str]:
        return sorted(self._index())

    def every_chain(self) -> Iterator[str]:
        return iter(self._index())

    def stored(self, chain: str, after: int = 0) -> Iterator[StoredText]:
        skipped = 0
        with (self._folder / RECORDS).open("rb") as file:
            for start, end in self._index().get(chain, []):
                file.seek(start)
                while file.tell() < end:
                    line = file.readline()
                    skipped += 1
                    if skipped > after:
                        yield _line(line)

    def checkpoints(self) -> Iterator[StoredText]:
        path = self._folder / CHECKPOINTS
        if path.is_file():
            with path.open("rb") as file:
                yield from (_line(line) for line in file)

    def _index(self) -> dict[str, list[tuple[int, int]]]:
        """Where in the file each chain's lines are.

        Lines that cannot be read belong to the chain after them as far as that lacks its beginning, else to the one
        before them.
        """
        if self._blocks is None:
            self._blocks = {}
            current, start, position = "", 0, 0
            unread: list[int] = []
            with (self._folder / RECORDS).open("rb") as file:
                for line in file:
                    named = _place_of(line)
                    if named is None:
                        unread.append(position)
                    else:
                        chain, sequence = named
                        if chain != current:
                            lacking = unread[-(sequence - 1) :] if sequence > 1 else []
                            border = lacking[0] if lacking else position
                            self._add(current or chain, start, border)
                            current, start = chain, border
                        unread.clear()
                    position += len(line)
            self._add(current or "unreadable", start, position)
        return self._blocks

    def _add(self, chain: str, start: int, end: int) -> None:
        if self._blocks is not None and end > start:
            self._blocks.setdefault(chain, []).append((start, end))


def read_export(folder: Path) -> Iterator[Record]:
    """The records of an export, in its order. Raises pydantic's ``ValidationError`` for one that is none."""
    source = FolderSource(folder)
    for chain in source.chains():
        for stored in source.stored(chain):
            yield Record.model_validate_json(stored.text)


def _place_of(line: bytes) -> tuple[str, int] | None:
    """Chain and sequence, as the line says."""
    try:
        document = json.loads(line)
        chain, sequence = document["chain"], document["sequence"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return (chain, sequence) if isinstance(chain, str) and type(sequence) is int else None


def _line(line: bytes) -> StoredText:
    return StoredText(line.removesuffix(b"\n").decode(errors="replace"))


def _write_lines(path: Path, stored: Iterator[StoredText]) -> int:
    count = 0
    with path.open("ab") as file:
        for each in stored:
            count += 1
            whole = "\n" not in each.text
            text = each.text if whole else json.dumps({"unreadable": each.text})
            file.write(text.encode(errors="replace") + b"\n")
    return count


def _readme(manifest: Manifest) -> str:
    scope = "It holds every chain." if manifest.complete else f"It holds only: {', '.join(manifest.chains)}."
    return README_TEXT.format(
        stack=manifest.stack, at=timestamp(manifest.exported_at), by=manifest.exported_by, scope=scope, page=PAGE,
        records=RECORDS, checkpoints=CHECKPOINTS, keys=KEYS, pem=PEM, manifest=MANIFEST,
    )  # fmt: skip


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
