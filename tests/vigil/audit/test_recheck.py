"""Reading the chains again: what sealing does not look at any more."""

from __future__ import annotations

import pytest
from ledger_fakes import MemoryLedger, entry, resealed

from vigil.audit.findings import Kind
from vigil.audit.recheck import Rechecked, recheck

CHAINS = ("model:a", "model:b", "stack")


@pytest.fixture
def ledger() -> MemoryLedger:
    made = MemoryLedger()
    for chain in CHAINS:
        made.fill(5, chain)
    made.seal()
    for chain in CHAINS:
        made.append(entry(9, chain))
    return made


def again(ledger: MemoryLedger, begin: str = "", most: int | None = None) -> Rechecked:
    left = iter(range(most)) if most is not None else None
    newest = ledger.newest(lambda _: True).checkpoint
    return recheck(ledger, newest, begin, lambda: left is not None and next(left, None) is None)


def test_a_sound_ledger_holds(ledger: MemoryLedger) -> None:
    assert again(ledger) == Rechecked(chains=3, records=18, left=0, findings=[])
    assert again(MemoryLedger()) == Rechecked(0, 0, 0, [])


def test_an_old_record_that_was_put_over_is_found_although_sealing_goes_on(ledger: MemoryLedger) -> None:
    ledger.replace("model:b", 2, resealed(ledger.text("model:b", 2), subject="never happened"))
    assert ledger.seal() is not None
    (finding,) = again(ledger).findings
    assert (finding.kind, finding.chain, finding.sequence) == (Kind.ALTERED, "model:b", 2)


def test_a_history_that_was_computed_anew_is_found(ledger: MemoryLedger) -> None:
    ledger.rewrite_from("stack", 3, subject="never happened")
    (finding,) = again(ledger).findings
    assert (finding.kind, finding.chain) == (Kind.REWRITTEN, "stack")


def test_a_time_that_goes_backwards_is_a_warning(ledger: MemoryLedger) -> None:
    ledger.replace("stack", 6, resealed(ledger.text("stack", 6), at="1999-01-01T00:00:00.000000Z"))
    done = again(ledger)
    assert (done.findings, [(each.kind, each.chain, each.sequence) for each in done.warnings]) == (
        [], [(Kind.BACKDATED, "stack", 6)],
    )  # fmt: skip


def test_a_dropped_chain_is_found(ledger: MemoryLedger) -> None:
    del ledger.rows["model:a"]
    assert [each.kind for each in again(ledger).findings] == [Kind.DROPPED]


def test_a_chain_that_is_not_listed_is_read_too_after_the_others(ledger: MemoryLedger) -> None:
    ledger.fill(2, "model:c")
    ledger.hidden = {"model:c"}
    ledger.replace("model:c", 2, resealed(ledger.text("model:c", 2), previous_hash="ab" * 32))
    done = again(ledger)
    assert [(each.kind, each.chain) for each in done.findings] == [(Kind.ALTERED, "model:c")]
    assert (done.chains, done.left) == (4, 0)
    short = again(ledger, most=18)
    assert (short.chains, short.records, short.left, short.findings) == (3, 18, 1, [])


def test_where_the_time_is_short_the_next_call_begins_where_this_one_ended(ledger: MemoryLedger) -> None:
    """Whoever alters a record must not escape by standing in the chain that is always last."""
    ledger.replace("stack", 5, resealed(ledger.text("stack", 5), subject="never happened"))
    first = again(ledger, most=13)
    assert (first.left, first.next, first.findings) == (1, "stack", [])
    second = again(ledger, first.next, most=7)
    assert (second.left, second.next) == (2, "model:a")
    assert [each.chain for each in second.findings] == ["stack"]


def test_a_chain_that_is_too_long_for_a_call_does_not_keep_the_others_from_their_turn(ledger: MemoryLedger) -> None:
    begins = ["model:a"]
    for _ in CHAINS:
        begins.append(again(ledger, begins[-1], most=3).next)
    assert begins == ["model:a", "model:b", "stack", "model:a"]


def test_a_call_that_was_to_begin_with_a_chain_that_is_gone_begins_with_the_one_after_it(ledger: MemoryLedger) -> None:
    assert again(ledger, "model:aa", most=7).next == "stack"
