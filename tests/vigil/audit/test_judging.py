"""What people are shown beside each record: what is wrong with it, where the records beside it can tell."""

from __future__ import annotations

import pytest
from ledger_fakes import MemoryLedger, resealed

from vigil.audit.judging import judged
from vigil.audit.ports import StoredText

CHAIN = "model:run-1"


@pytest.fixture(params=[True, False], ids=["table", "file"])
def ledger(request: pytest.FixtureRequest) -> MemoryLedger:
    made = MemoryLedger(placed=request.param)
    made.fill(6)
    return made


def problems(ledger: MemoryLedger, after: int = 0) -> dict[int, str]:
    found = judged(CHAIN, ledger.stored(CHAIN, after), after)
    return {each.number: each.problem for each in found if each.problem}


def test_nothing_is_wrong_with_sound_records(ledger: MemoryLedger) -> None:
    assert problems(ledger) == problems(ledger, after=3) == {}
    assert [each.document["key"] for each in judged(CHAIN, ledger.stored(CHAIN, 4), 4)] == ["key-5", "key-6"]


def test_only_the_altered_record_is_named(ledger: MemoryLedger) -> None:
    ledger.rows[CHAIN][2] = StoredText("{", 3 if ledger.placed else None)
    assert problems(ledger) == {3: "its text is no JSON"}


def test_a_record_after_a_gap_says_so(ledger: MemoryLedger) -> None:
    del ledger.rows[CHAIN][2]
    (problem,) = problems(ledger).values()
    assert "record 3 is missing" in problem


def test_two_that_were_swapped_are_both_named(ledger: MemoryLedger) -> None:
    one, other = ledger.text(CHAIN, 2), ledger.text(CHAIN, 3)
    ledger.replace(CHAIN, 2, other)
    ledger.replace(CHAIN, 3, one)
    assert {2, 3} <= problems(ledger).keys()


def test_a_record_that_does_not_name_the_one_before_it_is_named(ledger: MemoryLedger) -> None:
    ledger.replace(CHAIN, 3, resealed(ledger.text(CHAIN, 3), subject="something else"))
    assert list(problems(ledger)) == [4]
    assert problems(ledger, after=3) == {}  # nobody has asked the record before
