"""Sealing: only what continues from the last checkpoint is signed."""

from __future__ import annotations

import pytest
from ledger_fakes import LocalSigner, MemoryLedger, entry, resealed

from vigil.audit.findings import Kind, LedgerBrokenError
from vigil.audit.models import NO_PREDECESSOR
from vigil.audit.ports import StoredText
from vigil.audit.signatures import PublicKeys
from vigil.audit.verify import verify_ledger

CHAIN = "model:run-1"


@pytest.fixture
def ledger() -> MemoryLedger:
    made = MemoryLedger()
    made.fill(4)
    made.seal()
    made.append(entry(5))
    return made


def refused(ledger: MemoryLedger) -> Kind:
    before = list(ledger.sealed)
    with pytest.raises(LedgerBrokenError) as caught:
        ledger.seal()
    assert ledger.sealed == before
    (finding,) = caught.value.findings
    return finding.kind


def test_the_first_names_no_predecessor_and_the_next_the_first(ledger: MemoryLedger) -> None:
    second = ledger.seal()
    first, last = ledger.all()
    assert second == last
    assert (first.number, first.previous_digest) == (1, NO_PREDECESSOR)
    assert (last.number, last.previous_digest) == (2, first.digest)
    assert [(head.chain, head.sequence) for head in last.heads] == [(CHAIN, 5)]


def test_nothing_is_signed_while_no_chain_grows(ledger: MemoryLedger) -> None:
    assert ledger.seal() is not None
    assert ledger.seal() is None
    assert len(ledger.sealed) == 2


def test_an_empty_ledger_is_not_sealed() -> None:
    assert MemoryLedger().seal() is None


def test_a_chain_that_is_new_joins_the_others(ledger: MemoryLedger) -> None:
    ledger.append(entry(1, "stack"))
    sealed = ledger.seal()
    assert sealed is not None
    assert [head.chain for head in sealed.heads] == [CHAIN, "stack"]


def test_a_chain_that_the_index_does_not_show_yet_is_still_followed(
    ledger: MemoryLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger, "chains", list)
    sealed = ledger.seal()
    assert sealed is not None
    assert sealed.heads[0].sequence == 5


def test_a_second_call_at_once_does_not_seal_the_same_number_twice(
    ledger: MemoryLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    stale = ledger.newest(lambda _: True)
    assert ledger.seal() is not None
    monkeypatch.setattr(ledger, "newest", lambda _: stale)
    assert ledger.seal() is None
    assert len(ledger.sealed) == 2


def test_a_rewritten_history_is_not_signed(ledger: MemoryLedger) -> None:
    ledger.rewrite_from(CHAIN, 2, subject="never happened")
    assert refused(ledger) is Kind.REWRITTEN


def test_a_cut_tail_is_not_signed(ledger: MemoryLedger) -> None:
    del ledger.rows[CHAIN][3:]
    assert refused(ledger) is Kind.CUT


def test_a_dropped_chain_is_not_signed(ledger: MemoryLedger) -> None:
    del ledger.rows[CHAIN]
    assert refused(ledger) is Kind.CUT


def test_a_missing_head_is_not_signed(ledger: MemoryLedger) -> None:
    del ledger.rows[CHAIN][3]
    assert refused(ledger) is Kind.MISSING


def test_a_new_record_that_does_not_link_is_not_signed(ledger: MemoryLedger) -> None:
    ledger.replace(CHAIN, 5, resealed(ledger.text(CHAIN, 5), previous_hash="ab" * 32))
    assert refused(ledger) is Kind.ALTERED


def test_a_forged_last_checkpoint_is_not_built_upon(ledger: MemoryLedger) -> None:
    ledger.signer = LocalSigner()
    assert refused(ledger) is Kind.CHECKPOINT_FORGED


def test_a_last_checkpoint_with_other_heads_is_not_built_upon(ledger: MemoryLedger) -> None:
    text = ledger.sealed[0].text.replace('"sequence":4', '"sequence":3')
    ledger.sealed[0] = StoredText(text, 1)
    assert refused(ledger) is Kind.CHECKPOINT_FORGED


@pytest.mark.parametrize("number", [2, 3, 40, 999_999_999_999])
@pytest.mark.parametrize("text", ["{", "a copy"])
def test_what_somebody_planted_is_told_and_does_not_stop_sealing(ledger: MemoryLedger, number: int, text: str) -> None:
    planted = StoredText(ledger.sealed[0].text if text == "a copy" else text, number)
    ledger.sealed.append(planted)
    done = ledger.seal_with_findings()
    assert done.checkpoint is not None
    assert done.whole
    assert [(each.kind, each.checkpoint) for each in done.planted] == [(Kind.CHECKPOINT_FORGED, number)]
    assert done.checkpoint.number == (3 if number == 2 else 2)
    ledger.sealed.sort(key=lambda stored: stored.place or 0)
    report = verify_ledger(ledger, PublicKeys({ledger.signer.key: ledger.signer.public_pem}))
    (finding,) = report.findings
    assert (finding.checkpoint, finding.kind.of_checkpoint) == (number, True)
    assert report.last_good == done.checkpoint.number
    assert report.unsealed == 0
