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
    checkpoints = walk_checkpoints(
        source.checkpoints(), keys, known
    )  # first: records that come meanwhile are later ones
    heads = heads_of(checkpoints.newest)
    # Whoever puts a first record over can take its chain from the list; not from among the items.
    newest_broken = set(checkpoints.newest.broken) if checkpoints.newest else set()
    found = only or {*source.chains(), *heads, *newest_broken, *(marked.chains if marked else source.every_chain())}
    chains = sorted(found)
    number = checkpoints.newest.number if checkpoints.newest else 0
    newest = {chain: [Anchor(head.sequence, head.hash, number)] for chain, head in heads.items()}
    reading = _Reading(source, progress, marked)
    walks = [_walk(reading, keys, chain, newest.get(chain, [])) for chain in chains]
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
        last_good=_last_good(source, keys, checkpoints, {each.good.chain: each for each in walks if each.finding}),
        unsealed=sum(each.good.sequence - each.sealed for each in walks),
        unsealed_since=min(since, default=None),
        broken={chain: span for chain, span in checkpoints.broken.items() if not only or chain in only},
        findings=findings,
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

    def drain(self, chains: Iterable[str]) -> None:
        for chain in chains:
            for _ in self.records(chain):
                pass


def _walk(reading: _Reading, keys: Keys, chain: str, newest: list[Anchor]) -> Walk:
    records = reading.records(chain)
    found = walk(chain, records, newest)
    if found.finding is None:
        return found
    if reading.marked:
        for _ in records:  # the walk has stopped; the rest have their markers nevertheless
            pass
    # Once more, beside every checkpoint: the first that disagrees may say so earlier than the links do.
    source = reading.source
    again = walk(chain, source.stored(chain), anchors(source.checkpoints(), keys, chain))
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


def _last_good(source: LedgerSource, keys: Keys, checkpoints: CheckpointWalk, broken: dict[str, Walk]) -> int:
    if not broken:
        return checkpoints.good
    limit = checkpoints.good
    for chain, found in broken.items():
        for anchor in anchors(source.checkpoints(), keys, chain):
            if anchor.number > limit:
                break
            if anchor.sequence > found.sealed:
                limit = anchor.number - 1
    return limit
