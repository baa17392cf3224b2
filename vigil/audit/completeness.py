"""Is a copy as long as its manifest says? Links and checkpoints do not tell of what was last, and in no checkpoint yet.

The manifest is not signed: who shortens a copy can shorten it too. It shows what was lost by accident, or cut off by
somebody who did not look into every file; who needs more keeps the manifest, or its counts, apart from the copy.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from vigil.audit.export import FolderSource, Manifest
from vigil.audit.findings import Finding, Kind
from vigil.audit.verify import Report

BY_THE_MANIFEST = "by the manifest"


def against_manifest(
    report: Report, source: FolderSource, manifest: Manifest, only: Collection[str] | None = None
) -> Report:
    """The report, with a finding for each chain that has none yet and is longer or shorter than the manifest says."""
    known = {finding.chain for finding in report.findings if finding.chain}
    chains = set(only) if only else {*manifest.chains, *source.chains()}
    new = [found for chain in sorted(chains - known) for found in _of_chain(source, manifest, chain)]
    if report.checkpoints < manifest.checkpoints and not any(each.kind.of_checkpoint for each in report.findings):
        new.append(_of_checkpoints(report, manifest))
    return report.model_copy(update={"findings": [*report.findings, *new]})


def _of_chain(source: FolderSource, manifest: Manifest, chain: str) -> Iterator[Finding]:
    said, there = manifest.chains.get(chain, 0), sum(1 for _ in source.stored(chain))
    if there < said:
        kind, what = (Kind.CUT, f"the chain ends at record {there}") if there else (Kind.DROPPED, "no record is there")
        yield Finding(
            kind=kind, chain=chain, sequence=there + 1, through=said,
            explanation=f"{what}; {BY_THE_MANIFEST} {said} were exported",
        )  # fmt: skip
    elif there > said:
        yield Finding(
            kind=Kind.FOREIGN, chain=chain, sequence=said + 1, through=there,
            explanation=f"it was not exported: {BY_THE_MANIFEST} the chain had {said} records, and {there} are there",
        )  # fmt: skip


def _of_checkpoints(report: Report, manifest: Manifest) -> Finding:
    newest = report.newest_checkpoint.number if report.newest_checkpoint else 0
    return Finding(
        kind=Kind.CHECKPOINT_MISSING, checkpoint=newest + 1,
        explanation=f"{report.checkpoints} are there; {BY_THE_MANIFEST} {manifest.checkpoints} were exported",
    )  # fmt: skip
