"""Times that cannot be right are warned of: they break no chain, for a clock may have been wrong."""

from __future__ import annotations

from datetime import timedelta

import pytest
from ledger_fakes import MemoryLedger, entry, resealed

from vigil.audit.findings import Kind
from vigil.audit.signatures import PublicKeys
from vigil.audit.verify import ExitCode, verify_ledger

CHAIN = "model:run-1"


@pytest.fixture
def ledger() -> MemoryLedger:
    """Ten records, one a second, with a checkpoint after the sixth."""
    made = MemoryLedger()
    made.fill(6)
    made.seal()
    for number in range(7, 11):
        made.append(entry(number))
    return made


def warned(ledger: MemoryLedger) -> list[tuple[Kind, int | None]]:
    report = verify_ledger(ledger, PublicKeys({ledger.signer.key: ledger.signer.public_pem}))
    assert (report.findings, report.exit_code) == ([], ExitCode.HOLDS)
    return [(each.kind, each.sequence) for each in report.warnings]


@pytest.mark.parametrize(
    "at",
    ["1999-01-01T00:00:00.000000Z", "2029-12-31T23:58:59.000000Z", "once", "2030-01-01", "0001-01-01T00:00:00+23:00"],
)
def test_a_time_that_goes_backwards_is_a_warning(ledger: MemoryLedger, at: str) -> None:
    ledger.replace(CHAIN, 10, resealed(ledger.text(CHAIN, 10), at=at))
    assert warned(ledger) == [(Kind.BACKDATED, 10)]


def test_clocks_may_differ_by_some_seconds(ledger: MemoryLedger) -> None:
    ledger.now -= timedelta(seconds=40)
    ledger.append(entry(11))
    ledger.seal()
    assert warned(ledger) == []


def test_a_time_after_the_checkpoint_that_covers_the_record_is_a_warning(ledger: MemoryLedger) -> None:
    ledger.replace(CHAIN, 10, resealed(ledger.text(CHAIN, 10), at="2030-01-01T00:02:00.000000Z"))
    assert warned(ledger) == []
    ledger.seal()
    ledger.now += timedelta(days=1)
    ledger.append(entry(9, "stack"))
    ledger.seal()
    assert warned(ledger) == [(Kind.POSTDATED, 10)]
