"""Sealing the ledger: a signed checkpoint over the heads of all chains, each minute in which one has grown.

Nothing is signed before every chain was seen to continue from the head that the last checkpoint signed; otherwise a
checkpoint would give a rewritten history the look of a sound one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from vigil.approvals.models import Signature
from vigil.audit.chain import walk
from vigil.audit.checkpoint_chain import heads_of
from vigil.audit.findings import Finding, Kind, LedgerBrokenError
from vigil.audit.models import NO_PREDECESSOR, Checkpoint, Head, start_of
from vigil.audit.ports import CheckpointStore, Clock, LedgerSource, Signer
from vigil.audit.reading import judge


@dataclass(frozen=True)
class SealingPorts:
    source: LedgerSource
    store: CheckpointStore
    signer: Signer
    clock: Clock


def seal(ports: SealingPorts) -> Checkpoint | None:
    """The new checkpoint; None where no chain has grown, or another call has just put this number.

    Raises ``LedgerBrokenError``, and has signed nothing, where the ledger does not follow its last checkpoint.
    """
    last = ports.store.latest()
    if last is not None:
        _check_last(last, ports.signer)
    before = heads_of(last)
    heads = _continued(ports.source, before)
    if heads == before:
        return None
    checkpoint = _signed(last, heads, ports)
    return checkpoint if ports.store.put(checkpoint) else None


def _check_last(last: Checkpoint, signer: Signer) -> None:
    """The bucket is not believed: whoever can put an object there cannot sign."""
    signature = Signature(value=last.signature, key=last.signing_key)
    if last.signing_key != signer.key or not signer.verify(bytes.fromhex(last.digest), signature):
        explanation = "the newest checkpoint is not signed by the ledger's key; the one before it may be"
        raise LedgerBrokenError([Finding(kind=Kind.CHECKPOINT_FORGED, checkpoint=last.number, explanation=explanation)])


def _continued(source: LedgerSource, before: Mapping[str, Head]) -> dict[str, Head]:
    """The heads now. Raises ``LedgerBrokenError`` with what each broken chain shows."""
    heads, findings = {}, []
    for chain in sorted({*source.chains(), *before}):
        found = _continue(source, chain, before.get(chain, start_of(chain)))
        if isinstance(found, Finding):
            findings.append(found)
        elif found.sequence:
            heads[chain] = found
    if findings:
        raise LedgerBrokenError(findings)
    return heads


def _continue(source: LedgerSource, chain: str, head: Head) -> Head | Finding:
    """Where the chain ends now, having passed the record that was signed as its head."""
    records = iter(source.stored(chain, max(head.sequence - 1, 0)))
    if head.sequence:
        signed = next(records, None)
        if signed is None:
            return _cut(head)
        link = judge(chain, signed, head.sequence)
        if isinstance(link, Finding):
            return link
        if (link.sequence, link.hash) != (head.sequence, head.hash):
            return Finding(
                kind=Kind.REWRITTEN, chain=chain, sequence=head.sequence,
                explanation="it is not the record that the last checkpoint signed as the chain's head",
            )  # fmt: skip
    found = walk(chain, records, start=head)
    return found.finding or found.good


def _cut(head: Head) -> Finding:
    return Finding(
        kind=Kind.CUT, chain=head.chain, sequence=head.sequence,
        explanation=f"the last checkpoint signed record {head.sequence}, and neither it nor a later one is there",
    )  # fmt: skip


def _signed(last: Checkpoint | None, heads: Mapping[str, Head], ports: SealingPorts) -> Checkpoint:
    unsigned = Checkpoint(
        number=last.number + 1 if last else 1,
        at=ports.clock(),
        heads=[heads[chain] for chain in sorted(heads)],
        previous_digest=last.digest if last else NO_PREDECESSOR,
        signing_key=ports.signer.key,
        signature="",
    )
    return unsigned.model_copy(update={"signature": ports.signer.sign(bytes.fromhex(unsigned.digest)).value})
