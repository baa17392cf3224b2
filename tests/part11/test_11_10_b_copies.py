"""21 CFR 11.10(b): accurate and complete copies of records in both human readable and electronic form."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from ledger_fakes import MemoryLedger, entry

from vigil.audit.events import EventName
from vigil.audit.export import FolderSource, PublicKeyFile, read_export, write_export
from vigil.audit.models import Record
from vigil.audit.signatures import PublicKeys
from vigil.audit.verify import verify_ledger

SIGNERS = [("Ana Approver", "approved"), ("Quinn Quality", "reviewed")]
AT = "2030-01-01T00:00:00.000000Z"


@pytest.fixture
def ledger() -> MemoryLedger:
    """One model's history with two signatures."""
    made = MemoryLedger()
    made.fill(4)
    for number, (name, meaning) in enumerate(SIGNERS):
        signature = {"printed_name": name, "meaning": meaning, "signed_at": AT, "comment": "read <it> all"}
        made.append(entry(10 + number, event=EventName.SIGNATURE_MADE, new=signature))
    made.seal()
    return made


@pytest.fixture
def copy(ledger: MemoryLedger, tmp_path: Path) -> Path:
    keys = PublicKeyFile(checkpoint={ledger.signer.key: ledger.signer.public_pem})
    write_export(ledger, keys, tmp_path / "copy", stack="unit", at=datetime(2030, 2, 1, tzinfo=UTC), by="auditor")
    return tmp_path / "copy"


def test_the_electronic_copy_is_accurate_and_complete(ledger: MemoryLedger, copy: Path) -> None:
    """11.10(b): read again, it equals the original, record for record."""
    originals = [Record.model_validate_json(row.text) for row in ledger.rows["model:run-1"]]
    assert list(read_export(copy)) == originals


def test_that_the_copy_is_accurate_can_be_shown_without_the_system(ledger: MemoryLedger, copy: Path) -> None:
    """11.10(b): suitable for inspection and review by the agency."""
    report = verify_ledger(FolderSource(copy), PublicKeys({ledger.signer.key: ledger.signer.public_pem}))
    assert (report.findings, report.records, report.last_good) == ([], 6, 1)


def test_the_readable_copy_shows_every_record_and_every_signature_in_full(copy: Path) -> None:
    """11.10(b) with 11.50(b): printed name, date and time, and meaning in the human readable form."""
    page = (copy / "ledger.html").read_text(encoding="utf-8")
    assert page.count("<article>") == 6
    for name, meaning in SIGNERS:
        block = page[page.index(f"<dd>{name}</dd>") :].partition("</div>")[0]
        assert f"<dd>{AT}</dd>" in block
        assert f"<dd>{meaning}</dd>" in block
        assert "read &lt;it&gt; all" in block
