"""Reading the chains again from their beginning: sealing looks only from the last signed head on.

A record that was put over after it was sealed breaks nothing that sealing reads. Here every record is hashed again and
compared with the newest checkpoint's heads. A call has only so much time: the next one begins where it ended.
Last, the table is looked through for chains that neither the list nor a checkpoint names: somebody has hidden them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain as chain_from
from typing import TypeVar

from vigil.audit.chain import Anchor, walk
from vigil.audit.checkpoint_chain import heads_of
from vigil.audit.findings import Finding
from vigil.audit.models import Checkpoint
from vigil.audit.ports import LedgerSource


@dataclass(frozen=True)
class Rechecked:
    """``left``: chains that the time did not suffice for, or 1 where only the look at the whole table is left.

    ``next``: the chain to begin with; empty where none is left. ``warnings``: of each chain the first record whose
    time cannot be right.
    """

    chains: int
    records: int
    left: int
    findings: list[Finding]
    next: str = ""
    warnings: list[Finding] = field(default_factory=list)


Each = TypeVar("Each")


class _TimeIsOverError(Exception):
    pass


def recheck(source: LedgerSource, newest: Checkpoint | None, begin: str, is_over: Callable[[], bool]) -> Rechecked:
    """``newest`` was read, and its signature verified, before this: records that come meanwhile are later ones.

    ``begin``: the ``next`` of the call before; ``is_over`` says that the time is.
    """
    heads = heads_of(newest)
    listed = {*source.chains(), *heads}
    chains = sorted(listed)
    chains = [chain for chain in chains if chain >= begin] + [chain for chain in chains if chain < begin]
    done, records = 0, 0
    findings: list[Finding] = []
    warnings: list[Finding] = []
    try:
        for chain in chain_from(chains, _others(source, listed, is_over)):
            head = heads.get(chain)
            anchors = [Anchor(head.sequence, head.hash, newest.number, newest.at)] if newest and head else []
            found = walk(chain, _until(source.stored(chain), is_over), anchors)
            done, records = done + 1, records + found.good.sequence
            if found.finding:
                findings.append(found.finding)
            if found.warning:
                warnings.append(found.warning)
    except _TimeIsOverError:
        # One that is too long for a whole call must not keep the others from their turn.
        following = chains[max(done, 1) % len(chains)] if chains else ""
        return Rechecked(done, records, max(len(chains) - done, 1), findings, following, warnings)
    return Rechecked(done, records, 0, findings, warnings=warnings)


def _others(source: LedgerSource, listed: set[str], is_over: Callable[[], bool]) -> Iterator[str]:
    """Chains that the list does not have: sorted, when all of the table was looked through."""
    yield from sorted({chain for chain in _until(source.every_chain(), is_over) if chain not in listed})


def _until(several: Iterable[Each], is_over: Callable[[], bool]) -> Iterator[Each]:
    for each in several:
        if is_over():
            raise _TimeIsOverError
        yield each
