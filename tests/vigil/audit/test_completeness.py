"""What is missing at the end of a copy, where no checkpoint tells of it, its manifest tells."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from ledger_fakes import MemoryLedger

from vigil.audit.completeness import against_manifest
from vigil.audit.export import CHECKPOINTS, RECORDS, FolderSource, PublicKeyFile, write_export
from vigil.audit.findings import Finding, Kind
from vigil.audit.signatures import PublicKeys
from vigil.audit.verify import ExitCode, verify_ledger


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Of ``model:a`` two sealed records and four later ones, of ``model:b`` three that no checkpoint has yet."""
    ledger = MemoryLedger()
    ledger.fill(1, "model:a")
    ledger.seal()
    ledger.fill(1, "model:a")
    ledger.seal()
    ledger.fill(4, "model:a")
    ledger.fill(3, "model:b")
    keys = PublicKeyFile(checkpoint={ledger.signer.key: ledger.signer.public_pem})
    write_export(ledger, keys, tmp_path / "copy", stack="unit", at=datetime(2030, 2, 1, tzinfo=UTC), by="ana")
    return tmp_path / "copy"


def keep(path: Path, lines: list[int]) -> None:
    whole = path.read_text().splitlines(keepends=True)
    path.write_text("".join(whole[line] for line in lines))


def findings(copy: Path, *only: str) -> list[Finding]:
    source = FolderSource(copy)
    manifest = source.manifest()
    assert manifest is not None
    report = verify_ledger(source, PublicKeys(source.keys().checkpoint), only=only)
    compared = against_manifest(report, source, manifest, only)
    if compared.findings:
        assert compared.exit_code is not ExitCode.HOLDS
    return compared.findings


def test_a_whole_copy_is_as_long_as_its_manifest_says(copy: Path) -> None:
    assert findings(copy) == []


def test_a_tail_that_no_checkpoint_has_yet_is_cut(copy: Path) -> None:
    keep(copy / RECORDS, [0, 1, 6, 7, 8])
    (found,) = findings(copy)
    assert (found.kind, found.chain, found.sequence, found.through) == (Kind.CUT, "model:a", 3, 6)
    assert "by the manifest" in found.explanation
    assert findings(copy, "model:b") == []


def test_a_whole_chain_that_no_checkpoint_has_yet_is_dropped(copy: Path) -> None:
    keep(copy / RECORDS, [0, 1, 2, 3, 4, 5])
    (found,) = findings(copy)
    assert (found.kind, found.chain, found.sequence, found.through) == (Kind.DROPPED, "model:b", 1, 3)


def test_the_last_checkpoint_that_is_gone_is_missing(copy: Path) -> None:
    keep(copy / CHECKPOINTS, [0])
    (found,) = findings(copy)
    assert (found.kind, found.checkpoint) == (Kind.CHECKPOINT_MISSING, 2)


def test_records_that_were_not_exported_are_foreign(copy: Path) -> None:
    path = copy / "export.json"
    path.write_text(path.read_text().replace('"model:b":3', '"model:b":2').replace('"model:b": 3', '"model:b": 2'))
    (found,) = findings(copy)
    assert (found.kind, found.chain, found.sequence, found.through) == (Kind.FOREIGN, "model:b", 3, 3)


def test_a_chain_is_named_once_by_what_says_more(copy: Path) -> None:
    keep(copy / RECORDS, [0, 1, 3, 4, 5, 6, 7, 8])
    (found,) = findings(copy)
    assert (found.kind, found.sequence) == (Kind.MISSING, 3)
