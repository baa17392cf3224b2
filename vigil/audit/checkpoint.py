"""Sealing the ledger: a signed checkpoint over the heads of all chains, each minute in which one has grown.

A head is signed only after its chain was seen to continue from the head that the last checkpoint signed; otherwise a
checkpoint would give a rewritten history the look of a sound one. A chain that does not continue is named as broken in
what is signed, with its last good head: nobody can delete what broke it, and the others must not stay unsealed for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from vigil.approvals.models import Signature
from vigil.audit.chain import walk
from vigil.audit.checkpoint_chain import heads_of
from vigil.audit.findings import Finding, Kind, LedgerBrokenError
from vigil.audit.models import NO_PREDECESSOR, Checkpoint, Head, start_of
from vigil.audit.ports import CheckpointStore, LedgerSource, Newest, Signer
from vigil.audit.reading import judge
from vigil.moments import Clock


@dataclass(frozen=True)
class SealingPorts:
    source: LedgerSource
    store: CheckpointStore
    signer: Signer
    clock: Clock


@dataclass(frozen=True)
class Sealed:
    """``checkpoint``: the new one, if any. ``whole``: everything that was there is sealed now.

    ``broken``: what each chain shows that does not follow its last checkpoint.
    ``planted``: objects that are none of our checkpoints. They are passed over: locked as they are, nobody can remove
    them, and sealing would stop for ten years.
    """

    checkpoint: Checkpoint | None
    whole: bool
    planted: tuple[Finding, ...] = ()
    broken: tuple[Finding, ...] = ()


def seal(ports: SealingPorts) -> Sealed:
    """Sign the heads, unless no chain has grown, or another call has just put this number.

    Raises ``LedgerBrokenError``, and has signed nothing, where there are checkpoints and none of them is ours.
    """
    newest = ports.store.newest(lambda checkpoint: is_ours(checkpoint, ports.signer))
    planted = tuple(_planted(number, why) for number, why in sorted(newest.planted.items()))
    if newest.checkpoint is None and planted:
        raise LedgerBrokenError(list(planted))  # never begin anew where others were, or seem to have been
    last = newest.checkpoint
    known_broken = last.broken if last else []
    heads, findings = _continued(ports.source, heads_of(last), known_broken)
    broken = sorted(findings)
    told = tuple(findings[chain] for chain in broken)
    if heads == heads_of(last) and broken == known_broken:
        return Sealed(None, whole=not broken, planted=planted, broken=told)
    checkpoint = _signed(newest, heads, broken, ports)
    is_put = ports.store.put(checkpoint)
    return Sealed(checkpoint if is_put else None, whole=is_put and not broken, planted=planted, broken=told)


def is_ours(checkpoint: Checkpoint, signer: Signer) -> bool:
    signature = Signature(value=checkpoint.signature, key=checkpoint.signing_key)
    return checkpoint.signing_key == signer.key and signer.verify(bytes.fromhex(checkpoint.digest), signature)


def _planted(number: int, why: str) -> Finding:
    explanation = f"what lies there is no checkpoint of this ledger ({why}); sealing goes on past it"
    return Finding(kind=Kind.CHECKPOINT_FORGED, checkpoint=number, explanation=explanation)


def _continued(
    source: LedgerSource, before: Mapping[str, Head], known_broken: Iterable[str]
) -> tuple[dict[str, Head], dict[str, Finding]]:
    """The last good heads now, and what each broken chain shows."""
    heads, findings = {}, {}
    for chain in sorted({*source.chains(), *before, *known_broken}):
        head, finding = _continue(source, chain, before.get(chain, start_of(chain)))
        if finding is not None:
            findings[chain] = finding
        if head.sequence:
            heads[chain] = head
    return heads, findings


def _continue(source: LedgerSource, chain: str, head: Head) -> tuple[Head, Finding | None]:
    """Up to where the chain holds now, having passed the record that was signed as its head."""
    records = iter(source.stored(chain, max(head.sequence - 1, 0)))
    if head.sequence:
        signed = next(records, None)
        if signed is None:
            return head, _cut(head)
        link = judge(chain, signed, head.sequence)
        if isinstance(link, Finding):
            return head, link
        if (link.sequence, link.hash) != (head.sequence, head.hash):
            return head, _rewritten(head)
    found = walk(chain, records, start=head)
    return found.good, found.finding


def _rewritten(head: Head) -> Finding:
    return Finding(
        kind=Kind.REWRITTEN, chain=head.chain, sequence=head.sequence,
        explanation="it is not the record that the last checkpoint signed as the chain's head",
    )  # fmt: skip


def _cut(head: Head) -> Finding:
    return Finding(
        kind=Kind.CUT, chain=head.chain, sequence=head.sequence,
        explanation=f"the last checkpoint signed record {head.sequence}, and neither it nor a later one is there",
    )  # fmt: skip


def _signed(newest: Newest, heads: Mapping[str, Head], broken: list[str], ports: SealingPorts) -> Checkpoint:
    last = newest.checkpoint
    unsigned = Checkpoint(
        number=newest.number,
        at=ports.clock(),
        heads=[heads[chain] for chain in sorted(heads)],
        broken=broken,
        previous_digest=last.digest if last else NO_PREDECESSOR,
        signing_key=ports.signer.key,
        signature="",
    )
    return unsigned.model_copy(update={"signature": ports.signer.sign(bytes.fromhex(unsigned.digest)).value})
