"""Verification of the whole ledger, streamed: what is in memory grows with the number of chains, not of records.

Of the table's items, keys and markers are read once before the records, and wait in a temporary file (``markers``).

What it can see: every change to a record that a checkpoint covers, whatever was computed anew with it, and every change
to later records that leaves a link or a hash wrong. What it cannot: a tail cut off, or a whole tail written anew, after
the newest checkpoint; and checkpoints that are missing at the end, unless ``known`` names a later one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Set
from dataclasses import dataclass
from enum import IntEnum

from pydantic import BaseModel, ConfigDict

from vigil.audit.anchors import AnchorFile
from vigil.audit.chain import Anchor, Walk, walk
from vigil.audit.checkpoint_chain import CheckpointWalk, Keys, Known, anchors, heads_of, walk_checkpoints
from vigil.audit.findings import Finding, Kind
from vigil.audit.markers import MarkerCheck, Markers
from vigil.audit.models import Checkpoint
from vigil.audit.ports import LedgerSource, StoredText

#: Told of each record that was read: chain and how many of it.
Progress = Callable[[str, int], None]


class ExitCode(IntEnum):
    """Of ``vigil audit verify``; 1 and 2 are for what could not be done and for wrong usage."""

    HOLDS = 0
    RECORDS = 3
    CHECKPOINTS = 4


class Report(BaseModel):
    """``last_good``: the newest checkpoint that the ledger agrees with, as it does with all before it; 0 for none.

    ``unsealed``: records after the newest checkpoint, the oldest of them written at ``unsealed_since``.
    ``warnings``: of each chain the first record whose time cannot be right; the ledger holds all the same.
    ``broken``: chains that did not hold while checkpoints were signed, with the first and the last number of those.
    """

    model_config = ConfigDict(frozen=True)

    chains: int
    records: int
    checkpoints: int
    newest_checkpoint: Checkpoint | None
    last_good: int
    unsealed: int
    unsealed_since: str | None
    broken: dict[str, tuple[int, int]]
    findings: list[Finding]
    warnings: list[Finding]

    @property
    def exit_code(self) -> ExitCode:
        if not self.findings:
            return ExitCode.HOLDS
        of_records = any(not finding.kind.of_checkpoint for finding in self.findings)
        return ExitCode.RECORDS if of_records else ExitCode.CHECKPOINTS


def verify_ledger(
    source: LedgerSource,
    keys: Keys,
    *,
    only: Iterable[str] = (),
    known: Known | None = None,
    markers: Markers | None = None,
    progress: Progress = lambda chain, count: None,
) -> Report:
    """Verify all chains, or ``only`` these; at most one finding for each chain and one for the checkpoints.

    ``markers`` are compared with the records where the source has them: an export has none.
    """
    marked = MarkerCheck(markers) if markers else None
    only = set(only)
    # The checkpoints first: records that come meanwhile are later ones.
    checkpoints = walk_checkpoints(source.checkpoints(), keys, known)
    heads = heads_of(checkpoints.newest)
    newest_broken = set(checkpoints.newest.broken) if checkpoints.newest else set()
    # Whoever puts a first record over can take its chain from the list; not from among the items.
    there = marked.chains if marked else source.every_chain()
    chains = sorted(only or {*source.chains(), *there, *heads, *newest_broken})
    number = checkpoints.newest.number if checkpoints.newest else 0
    newest = {
        chain: [Anchor(head.sequence, head.hash, number, checkpoints.since[chain])] for chain, head in heads.items()
    }
    reading = _Reading(source, progress, marked)
    walks = [reading.walk(chain, newest.get(chain, [])) for chain in chains]
    broken = {each.good.chain for each in walks if each.finding}
    signed = AnchorFile(anchors(source.checkpoints(), keys, broken) if broken else ())
    walks = [_again(source, signed, each) if each.finding else each for each in walks]
    told = (found.finding or _healed(found, number, newest_broken) for found in walks)
    findings = [each for each in (checkpoints.finding, *told) if each]
    if marked:
        if not only:  # chains whose first record came meanwhile: their markers may have been seen
            reading.drain(set(source.chains()) - set(chains))
        findings += marked.findings(whole=not only)
    since = [each.first_unsealed_at for each in walks if each.first_unsealed_at]
    return Report(
        chains=len(chains),
        records=sum(each.good.sequence for each in walks),
        checkpoints=checkpoints.seen,
        newest_checkpoint=checkpoints.newest,
        last_good=_last_good(checkpoints, signed, [each for each in walks if each.finding]),
        unsealed=sum(each.good.sequence - each.sealed for each in walks),
        unsealed_since=min(since, default=None),
        broken={chain: span for chain, span in checkpoints.broken.items() if not only or chain in only},
        findings=findings,
        warnings=[each.warning for each in walks if each.warning],
    )


@dataclass(frozen=True)
class _Reading:
    """The records of a source as they pass by whoever is told of them."""

    source: LedgerSource
    progress: Progress
    marked: MarkerCheck | None

    def records(self, chain: str) -> Iterator[StoredText]:
        stored = self.source.stored(chain)
        for count, each in enumerate(self.marked.passing(chain, stored) if self.marked else stored, start=1):
            self.progress(chain, count)
            yield each

    def walk(self, chain: str, newest: list[Anchor]) -> Walk:
        records = self.records(chain)
        found = walk(chain, records, newest)
        if found.finding and self.marked:
            for _ in records:  # the walk has stopped; the rest have their markers nevertheless
                pass
        return found

    def drain(self, chains: Iterable[str]) -> None:
        for chain in chains:
            for _ in self.records(chain):
                pass


def _again(source: LedgerSource, signed: AnchorFile, found: Walk) -> Walk:
    """Once more, beside every checkpoint: the first that disagrees may say so earlier than the links do."""
    chain = found.good.chain
    again = walk(chain, source.stored(chain), signed.of(chain))
    return again if again.finding else found


def _healed(found: Walk, number: int, broken: Set[str]) -> Finding | None:
    """A chain that holds although checkpoint ``number`` says that it does not: within a minute of its mending, or else
    somebody has taken away what it was broken by."""
    if found.good.chain not in broken:
        return None
    explanation = f"checkpoint {number} says that its chain does not hold, and nothing of that is to be seen"
    return Finding(
        kind=Kind.BROKEN, chain=found.good.chain, sequence=found.sealed + 1, checkpoint=number, explanation=explanation
    )


def _last_good(checkpoints: CheckpointWalk, signed: AnchorFile, broken: list[Walk]) -> int:
    beyond = (signed.first_beyond(each.good.chain, each.sealed) for each in broken)
    return min([checkpoints.good, *(number - 1 for number in beyond if number is not None)])
