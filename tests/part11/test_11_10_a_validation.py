"""21 CFR 11.10(a): validation of systems to ensure … the ability to discern invalid or altered records."""

from __future__ import annotations

import pytest
from ledger_fakes import MemoryLedger
from ledger_verification import findings

from vigil.audit.findings import Kind
from vigil.audit.ports import StoredText

CHAIN = "model:run-1"


@pytest.fixture
def ledger() -> MemoryLedger:
    made = MemoryLedger()
    made.fill(12)
    made.seal()
    return made


def test_an_unaltered_trail_is_valid(ledger: MemoryLedger) -> None:
    """11.10(a): validation means nothing if sound records were called altered."""
    assert findings(ledger) == []


@pytest.mark.parametrize("sequence", [1, 7, 12])
def test_one_changed_byte_fails_and_names_the_record(ledger: MemoryLedger, sequence: int) -> None:
    """11.10(a): an altered record is discerned, and which one."""
    whole = ledger.rows[CHAIN][sequence - 1]
    for position in range(0, len(whole.text), 11):
        text = whole.text[:position] + ("x" if whole.text[position] != "x" else "y") + whole.text[position + 1 :]
        ledger.rows[CHAIN][sequence - 1] = StoredText(text, whole.place, whole.attributes)
        (found,) = findings(ledger)
        assert (found.kind, found.chain, found.sequence) == (Kind.ALTERED, CHAIN, sequence)


def test_a_history_written_anew_with_all_its_hashes_is_discerned(ledger: MemoryLedger) -> None:
    """11.10(a): whoever can write the table can compute hashes; the signed checkpoint tells."""
    ledger.rewrite_from(CHAIN, 5, subject="never happened")
    (found,) = findings(ledger)
    assert found.kind is Kind.REWRITTEN


def test_an_invalid_record_is_discerned(ledger: MemoryLedger) -> None:
    """11.10(a): what is no record any more is named by its place."""
    ledger.rows[CHAIN][4] = StoredText("not even JSON", 5)
    (found,) = findings(ledger)
    assert (found.kind, found.sequence) == (Kind.ALTERED, 5)
