"""The checkpoints by themselves: signed by a trusted key, numbered without gaps, each naming the one before."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from pydantic import ValidationError

from vigil.audit.chain import Anchor
from vigil.audit.findings import Finding, Kind
from vigil.audit.models import NO_PREDECESSOR, Checkpoint, Head
from vigil.audit.ports import StoredText
from vigil.audit.reading import UnreadableError, parse_object
from vigil.digests import canonical_json


class Keys(Protocol):
    def __contains__(self, name: str) -> bool: ...

    def verify(self, name: str, message: bytes, signature: str) -> bool:
        """Whether the key of this name signed the SHA-256 of ``message``."""


@dataclass(frozen=True)
class Known:
    """A checkpoint that somebody wrote down: it must be there, as it was."""

    number: int
    digest: str


@dataclass(frozen=True)
class CheckpointWalk:
    """``good``: up to this number everything holds. ``newest``: the newest signed one that contradicts none before.

    ``since``: of each chain in ``newest``, when the first checkpoint with its present head was signed.
    ``broken``: each chain that signed checkpoints name as broken, with the first and the last number of such.
    """

    seen: int
    good: int
    newest: Checkpoint | None
    finding: Finding | None
    since: Mapping[str, datetime]
    broken: Mapping[str, tuple[int, int]]


def signed_part(checkpoint: Checkpoint) -> bytes:
    return canonical_json(checkpoint.model_dump(mode="json", exclude={"signature"}))


def read_checkpoint(stored: StoredText) -> Checkpoint:
    """Raises ``UnreadableError``."""
    document = parse_object(stored.text)
    try:
        checkpoint = Checkpoint.model_validate_json(stored.text)
        if canonical_json(document) != stored.text.encode() or checkpoint.model_dump(mode="json") != document:
            raise UnreadableError("its text is not the canonical one")
    except (ValidationError, UnicodeEncodeError):
        raise UnreadableError("it is no checkpoint") from None
    return checkpoint


def walk_checkpoints(stored: Iterable[StoredText], keys: Keys, known: Known | None = None) -> CheckpointWalk:
    """All of them; the first at which they do not hold is named. Memory is that of two checkpoints."""
    seen, good, finding, held = 0, 0, None, True
    newest: Checkpoint | None = None
    since: dict[str, datetime] = {}
    broken: dict[str, tuple[int, int]] = {}
    for each in stored:
        seen += 1
        place = (newest.number if newest else 0) + 1 if each.place is None else each.place
        found = _judge(each, place, keys)
        if isinstance(found, Checkpoint):
            wrong = _follows(found, newest) or _differs(found, known)
            finding, held = finding or wrong, held and wrong is None
            if (newest is None or found.number > newest.number) and not regression(newest, heads_of(found)):
                before = heads_of(newest)
                since.update({head.chain: found.at for head in found.heads if before.get(head.chain) != head})
                newest = found
            good = found.number if held else good
            for chain in found.broken:
                broken[chain] = (broken.get(chain, (found.number, 0))[0], found.number)
        else:
            finding = finding or found
    if known and finding is None and good < known.number:
        finding = _finding(Kind.CHECKPOINT_MISSING, known.number, "it was written down, and they end before it")
    return CheckpointWalk(seen, good, newest, finding, since, broken)


def anchors(stored: Iterable[StoredText], keys: Keys, chains: Set[str]) -> Iterator[tuple[str, Anchor]]:
    """What each checkpoint with a valid signature says of these chains, where it says something new of one."""
    last: dict[str, int] = {}
    for each in stored:
        found = _judge(each, each.place or 0, keys)
        if isinstance(found, Checkpoint):
            for head in found.heads:
                if head.chain in chains and head.sequence > last.get(head.chain, 0):
                    last[head.chain] = head.sequence  # one that goes back is a finding of its own
                    yield head.chain, Anchor(head.sequence, head.hash, found.number)


def heads_of(checkpoint: Checkpoint | None) -> Mapping[str, Head]:
    return {head.chain: head for head in checkpoint.heads} if checkpoint else {}


def regression(before: Checkpoint | None, heads: Mapping[str, Head]) -> str | None:
    """What in ``heads`` goes back behind the checkpoint ``before``."""
    for chain, head in heads_of(before).items():
        now = heads.get(chain)
        if now is None or now.sequence < head.sequence:
            return f"the chain {chain} ended at record {head.sequence} in the checkpoint before it, now earlier"
        if now.sequence == head.sequence and now.hash != head.hash:
            return f"record {head.sequence} of the chain {chain} has another hash than in the checkpoint before it"
    return None


def _judge(stored: StoredText, place: int, keys: Keys) -> Checkpoint | Finding:
    try:
        checkpoint = read_checkpoint(stored)
    except UnreadableError as error:
        return _finding(Kind.CHECKPOINT_ALTERED, place, str(error))
    if checkpoint.signing_key not in keys:
        return _finding(Kind.CHECKPOINT_FORGED, place, f"{checkpoint.signing_key} signed it, which is not trusted")
    if not keys.verify(checkpoint.signing_key, signed_part(checkpoint), checkpoint.signature):
        return _finding(Kind.CHECKPOINT_ALTERED, place, "its signature does not verify")
    if stored.place is not None and checkpoint.number != stored.place:
        return _finding(Kind.CHECKPOINT_UNLINKED, place, f"checkpoint {checkpoint.number} stands in its place")
    return checkpoint


def _follows(checkpoint: Checkpoint, before: Checkpoint | None) -> Finding | None:
    """Numbers may leave out places where something lies that is no checkpoint: the link says that none is missing."""
    place, expected = checkpoint.number, (before.number if before else 0) + 1
    is_linked = checkpoint.previous_digest == (before.digest if before else NO_PREDECESSOR)
    if place > expected and not is_linked:
        return _finding(Kind.CHECKPOINT_MISSING, expected, f"it is missing; checkpoint {place} is there")
    if place < expected:
        return _finding(Kind.CHECKPOINT_UNLINKED, expected, f"checkpoint {place} stands in its place")
    if not is_linked:
        return _finding(Kind.CHECKPOINT_UNLINKED, place, "it does not name the checkpoint before it")
    contradiction = regression(before, heads_of(checkpoint))
    return _finding(Kind.CHECKPOINT_UNLINKED, place, contradiction) if contradiction else None


def _differs(checkpoint: Checkpoint, known: Known | None) -> Finding | None:
    if known is None or checkpoint.number != known.number or checkpoint.digest == known.digest:
        return None
    return _finding(Kind.CHECKPOINT_ALTERED, known.number, "its digest is not the one that was written down")


def _finding(kind: Kind, number: int, explanation: str) -> Finding:
    return Finding(kind=kind, checkpoint=number, explanation=explanation)
