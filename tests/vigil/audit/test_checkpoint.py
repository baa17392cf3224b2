"""Sealing: only what continues from the last checkpoint is signed."""

from __future__ import annotations

import pytest
from ledger_fakes import LocalSigner, MemoryLedger, entry, resealed

from vigil.audit.checkpoint_chain import heads_of
from vigil.audit.findings import Kind, LedgerBrokenError
from vigil.audit.models import NO_PREDECESSOR
from vigil.audit.ports import StoredText
from vigil.audit.signatures import PublicKeys
from vigil.audit.verify import Report, verify_ledger

CHAIN = "model:run-1"


@pytest.fixture
def ledger() -> MemoryLedger:
    made = MemoryLedger()
    made.fill(4)
    made.seal()
    made.append(entry(5))
    return made


def refused(ledger: MemoryLedger) -> Kind:
    """What the chain shows, of which nothing more was signed: its head stayed, and it is named as broken."""
    before = heads_of(ledger.newest(lambda _: True).checkpoint)
    done = ledger.seal_with_findings()
    assert not done.whole
    assert done.checkpoint is not None
    assert (heads_of(done.checkpoint), done.checkpoint.broken) == (before, [CHAIN])
    assert ledger.seal() is None  # one is enough, as long as nothing changes
    (finding,) = done.broken
    return finding.kind


def refused_altogether(ledger: MemoryLedger) -> Kind:
    before = list(ledger.sealed)
    with pytest.raises(LedgerBrokenError) as caught:
        ledger.seal()
    assert ledger.sealed == before
    (finding,) = caught.value.findings
    return finding.kind


def report_of(ledger: MemoryLedger) -> Report:
    return verify_ledger(ledger, PublicKeys({ledger.signer.key: ledger.signer.public_pem}))


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


def junk(ledger: MemoryLedger) -> None:
    """What a role that appends can put, and nobody can delete."""
    ledger.rows["model:junk"] = [StoredText("", 1)]


def test_a_broken_chain_does_not_keep_the_others_unsealed(ledger: MemoryLedger) -> None:
    junk(ledger)
    for number in (2, 3):
        ledger.append(entry(number, "stack"))
        done = ledger.seal_with_findings()
        assert done.checkpoint is not None
        assert [(each.kind, each.chain) for each in done.broken] == [(Kind.ALTERED, "model:junk")]
        assert (done.checkpoint.broken, done.whole) == (["model:junk"], False)
    del ledger.rows["stack"][1:]
    found = {each.chain: each.kind for each in report_of(ledger).findings}
    assert found == {"model:junk": Kind.ALTERED, "stack": Kind.CUT}


def test_verification_tells_which_checkpoints_name_a_chain_as_broken(ledger: MemoryLedger) -> None:
    whole = ledger.text(CHAIN, 5)
    ledger.replace(CHAIN, 5, resealed(whole, previous_hash="ab" * 32))
    ledger.seal()
    ledger.append(entry(1, "stack"))
    ledger.seal()
    report = report_of(ledger)
    assert (report.broken, report.last_good) == ({CHAIN: (2, 3)}, 3)
    assert [each.kind for each in report.findings] == [Kind.ALTERED]
    ledger.replace(CHAIN, 5, whole)
    (finding,) = report_of(ledger).findings
    assert (finding.kind, finding.chain, finding.checkpoint) == (Kind.BROKEN, CHAIN, 3)
    mended = ledger.seal_with_findings()
    assert mended.checkpoint is not None
    assert (mended.whole, mended.checkpoint.broken) == (True, [])
    report = report_of(ledger)
    assert (report.findings, report.broken, report.unsealed) == ([], {CHAIN: (2, 3)}, 0)


def test_what_held_of_a_broken_chain_is_sealed(ledger: MemoryLedger) -> None:
    ledger.append(entry(6))
    ledger.replace(CHAIN, 6, resealed(ledger.text(CHAIN, 6), previous_hash="ab" * 32))
    ledger.append(entry(7))
    ledger.seal()
    sealed = ledger.seal_with_findings()
    assert sealed.checkpoint is None
    newest = ledger.newest(lambda _: True).checkpoint
    assert newest is not None
    assert [(head.sequence, newest.broken) for head in newest.heads] == [(4, [CHAIN])]


def test_a_broken_chain_of_which_nothing_is_left_is_still_named(ledger: MemoryLedger) -> None:
    junk(ledger)
    ledger.seal()
    del ledger.rows["model:junk"]
    assert [(each.kind, each.chain) for each in report_of(ledger).findings] == [(Kind.BROKEN, "model:junk")]


def test_a_checkpoint_without_broken_chains_is_written_as_before(ledger: MemoryLedger) -> None:
    """Those that were signed before the field was there must go on to verify, and to be what their digest says."""
    assert "broken" not in ledger.sealed[0].text
    with_an_empty_list = ledger.sealed[0].text.replace('"format"', '"broken":[],"format"')
    ledger.sealed[0] = StoredText(with_an_empty_list, 1)
    assert [each.kind for each in report_of(ledger).findings] == [Kind.CHECKPOINT_ALTERED]


def test_a_forged_last_checkpoint_is_not_built_upon(ledger: MemoryLedger) -> None:
    ledger.signer = LocalSigner()
    assert refused_altogether(ledger) is Kind.CHECKPOINT_FORGED


def test_a_last_checkpoint_with_other_heads_is_not_built_upon(ledger: MemoryLedger) -> None:
    text = ledger.sealed[0].text.replace('"sequence":4', '"sequence":3')
    ledger.sealed[0] = StoredText(text, 1)
    assert refused_altogether(ledger) is Kind.CHECKPOINT_FORGED


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
