"""A ledger in memory that a test may tamper with, its checkpoints, and a key that signs them."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils

from vigil.approvals.models import Signature
from vigil.audit.checkpoint import Sealed, SealingPorts, seal
from vigil.audit.checkpoint_chain import read_checkpoint
from vigil.audit.events import EventName
from vigil.audit.models import Actor, Checkpoint, Entry, Head, Record, link, start_of
from vigil.audit.ports import Newest, StoredText
from vigil.audit.reading import UnreadableError
from vigil.digests import canonical_json, digest_of

KEY = "arn:aws:kms:us-east-1:123456789012:key/checkpoints"
ACTOR = Actor(name="ana", via="a test", verified=True)
PREHASHED = ec.ECDSA(utils.Prehashed(hashes.SHA256()))


def entry(number: int, chain: str = "model:run-1", **more: Any) -> Entry:
    fields = {"event": EventName.EVIDENCE_READ, "key": f"key-{number}", "actor": ACTOR, "subject": f"subject {number}"}
    return Entry(chain=chain, **{**fields, **more})


def text_of(record: Record) -> str:
    return canonical_json(record.model_dump(mode="json")).decode()


def resealed(text: str, **changes: Any) -> str:
    """The record with other content, and the hash computed anew: what somebody with access to the table can do."""
    document = json.loads(text) | changes
    document["hash"] = digest_of({name: value for name, value in document.items() if name != "hash"})
    return canonical_json(document).decode()


class LocalSigner:
    """The checkpoint key, with the library that verification does not use."""

    def __init__(self, key: str = KEY) -> None:
        self._private = ec.generate_private_key(ec.SECP256R1())
        self.key = key

    @property
    def public_pem(self) -> str:
        public = self._private.public_key()
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        return public.public_bytes(serialization.Encoding.PEM, form).decode()

    def sign(self, digest: bytes) -> Signature:
        return Signature(value=base64.b64encode(self._private.sign(digest, PREHASHED)).decode(), key=self.key)

    def verify(self, digest: bytes, signature: Signature) -> bool:
        try:
            self._private.public_key().verify(base64.b64decode(signature.value), digest, PREHASHED)
        except (InvalidSignature, ValueError):
            return False
        return True


class MemoryLedger:
    """``placed``: as the table gives records, each under its number; otherwise as lines of a file."""

    def __init__(self, placed: bool = True) -> None:
        self.placed = placed
        self.rows: dict[str, list[StoredText]] = {}
        self.hidden: set[str] = set()  # chains whose first record was put over, so that they are not listed
        self.sealed: list[StoredText] = []
        self.signer = LocalSigner()
        self.now = datetime(2030, 1, 1, tzinfo=UTC)

    def clock(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now

    def append(self, new: Entry) -> Record:
        rows = self.rows.setdefault(new.chain, [])
        last = json.loads(rows[-1].text) if rows else None
        head = Head(chain=new.chain, sequence=last["sequence"], hash=last["hash"]) if last else start_of(new.chain)
        record = link(new, head, self.clock())
        rows.append(self.stored_text(text_of(record), record.sequence))
        return record

    def stored_text(self, text: str, place: int) -> StoredText:
        if not self.placed:
            return StoredText(text)
        document = json.loads(text)
        return StoredText(text, place, {name: document[name] for name in ("hash", "event", "at")})

    def fill(self, count: int, chain: str = "model:run-1") -> None:
        for number in range(1, count + 1):
            self.append(entry(number, chain))

    def replace(self, chain: str, sequence: int, text: str) -> None:
        self.rows[chain][sequence - 1] = self.stored_text(text, sequence)

    def text(self, chain: str, sequence: int) -> str:
        return self.rows[chain][sequence - 1].text

    def rewrite_from(self, chain: str, sequence: int, **changes: Any) -> None:
        """Change one record and compute everything after it anew."""
        previous = json.loads(self.text(chain, sequence))["previous_hash"]
        for place in range(sequence, len(self.rows[chain]) + 1):
            changed = resealed(self.text(chain, place), previous_hash=previous, **changes)
            self.replace(chain, place, changed)
            previous, changes = json.loads(changed)["hash"], {}

    # LedgerSource
    def chains(self) -> list[str]:
        return sorted(self.rows.keys() - self.hidden)

    def every_chain(self) -> Iterator[str]:
        return iter(self.rows)

    def stored(self, chain: str, after: int = 0) -> Iterator[StoredText]:
        rows = self.rows.get(chain, [])
        if self.placed:
            yield from [row for row in rows if row.place is None or row.place > after]
        else:
            yield from rows[after:]

    def checkpoints(self) -> Iterator[StoredText]:
        yield from self.sealed

    # CheckpointStore
    def newest(self, holds: Callable[[Checkpoint], bool]) -> Newest:
        planted: dict[int, str] = {}
        for stored in reversed(self.sealed):
            try:
                checkpoint = read_checkpoint(stored)
            except UnreadableError as error:
                planted[stored.place or 0] = str(error)
                continue
            if checkpoint.number == stored.place and holds(checkpoint):
                return Newest(checkpoint, planted)
            planted[stored.place or 0] = "not ours"
        return Newest(None, planted)

    def all(self) -> Iterator[Checkpoint]:
        return (Checkpoint.model_validate_json(stored.text) for stored in self.sealed)

    def put(self, checkpoint: Checkpoint) -> bool:
        if any(stored.place == checkpoint.number for stored in self.sealed):
            return False
        text = canonical_json(checkpoint.model_dump(mode="json")).decode()
        self.sealed.append(StoredText(text, checkpoint.number))
        return True

    def seal(self) -> Checkpoint | None:
        return self.seal_with_findings().checkpoint

    def seal_with_findings(self) -> Sealed:
        return seal(SealingPorts(source=self, store=self, signer=self.signer, clock=self.clock))
