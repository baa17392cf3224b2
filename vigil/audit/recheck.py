"""Reading the chains again from their beginning: sealing looks only from the last signed head on.

A record that was put over after it was sealed breaks nothing that sealing reads. Here every record is hashed again and
compared with the newest checkpoint's heads. A call has only so much time: the next one begins where it ended.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from vigil.audit.chain import Anchor, walk
from vigil.audit.checkpoint_chain import heads_of
from vigil.audit.findings import Finding
from vigil.audit.models import Checkpoint
from vigil.audit.ports import LedgerSource, StoredText


@dataclass(frozen=True)
class Rechecked:
    """``left``: chains that the time did not suffice for. ``next``: the one to begin with; empty where none is left."""

    chains: int
    records: int
    left: int
    findings: list[Finding]
    next: str = ""


class _TimeIsOverError(Exception):
    pass


def recheck(source: LedgerSource, newest: Checkpoint | None, begin: str, is_over: Callable[[], bool]) -> Rechecked:
    """``newest`` was read, and its signature verified, before this: records that come meanwhile are later ones.

    ``begin``: the ``next`` of the call before; ``is_over`` says that the time is.
    """
    heads = heads_of(newest)
    chains = sorted({*source.chains(), *heads})
    chains = [chain for chain in chains if chain >= begin] + [chain for chain in chains if chain < begin]
    records = 0
    findings: list[Finding] = []
    for done, chain in enumerate(chains):
        head = heads.get(chain)
        anchors = [Anchor(head.sequence, head.hash, newest.number)] if newest and head else []
        try:
            found = walk(chain, _until(source.stored(chain), is_over), anchors)
        except _TimeIsOverError:
            # One that is too long for a whole call must not keep the others from their turn.
            following = chains[max(done, 1) % len(chains)]
            return Rechecked(done, records, len(chains) - done, findings, following)
        records += found.good.sequence
        if found.finding:
            findings.append(found.finding)
    return Rechecked(len(chains), records, 0, findings)


def _until(records: Iterable[StoredText], is_over: Callable[[], bool]) -> Iterator[StoredText]:
    for stored in records:
        if is_over():
            raise _TimeIsOverError
        yield stored
