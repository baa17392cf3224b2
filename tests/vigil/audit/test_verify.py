"""Every way to tamper with records is found and the first record that it touched is named."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Iterator

import pytest
from ledger_fakes import MemoryLedger, entry, resealed, text_of

from vigil.audit.findings import Finding, Kind
from vigil.audit.markers import Item
from vigil.audit.models import Record, link, start_of
from vigil.audit.ports import StoredText
from vigil.audit.signatures import PublicKeys
from vigil.audit.verify import ExitCode, Report, verify_ledger
from vigil.digests import canonical_json, digest_of

CHAIN = "model:run-1"


@pytest.fixture(params=[True, False], ids=["table", "file"])
def ledger(request: pytest.FixtureRequest) -> MemoryLedger:
    """Ten records with a checkpoint after the sixth, and a second chain that is always whole."""
    made = MemoryLedger(placed=request.param)
    made.fill(6)
    made.fill(3, "stack")
    made.seal()
    for number in range(7, 11):
        made.append(entry(number))
    return made


def verify(ledger: MemoryLedger) -> Report:
    return verify_ledger(ledger, PublicKeys({ledger.signer.key: ledger.signer.public_pem}))


def the_finding(ledger: MemoryLedger) -> Finding:
    report = verify(ledger)
    (finding,) = report.findings
    assert report.exit_code is (ExitCode.CHECKPOINTS if finding.kind.of_checkpoint else ExitCode.RECORDS)
    return finding


def test_a_whole_ledger_holds(ledger: MemoryLedger) -> None:
    report = verify(ledger)
    assert (report.findings, report.exit_code) == ([], 0)
    assert (report.chains, report.records, report.checkpoints, report.last_good) == (2, 13, 1, 1)
    assert report.unsealed == 4
    assert report.unsealed_since == json.loads(ledger.text(CHAIN, 7))["at"]


@pytest.mark.parametrize("sequence", [1, 3, 6, 8, 10])
def test_any_one_byte_flipped_is_altered_at_its_place(ledger: MemoryLedger, sequence: int) -> None:
    whole = ledger.rows[CHAIN][sequence - 1]
    raw = whole.text.encode()
    for position in range(0, len(raw), 13):
        flipped = bytearray(raw)
        flipped[position] ^= 1
        changed = StoredText(bytes(flipped).decode(errors="replace"), whole.place, whole.attributes)
        ledger.rows[CHAIN][sequence - 1] = changed
        found = the_finding(ledger)
        assert (found.kind, found.chain, found.sequence) == (Kind.ALTERED, CHAIN, sequence), changed.text


@pytest.mark.parametrize("text", ["", "{}", "[1]", "null", "NaN", "[" * 100_000, '{"a":1e999}', '"\\ud800"'])
def test_what_is_no_record_any_more_is_altered_at_its_place(ledger: MemoryLedger, text: str) -> None:
    ledger.rows[CHAIN][3] = StoredText(text, 4 if ledger.placed else None)
    found = the_finding(ledger)
    assert (found.kind, found.sequence) == (Kind.ALTERED, 4)


def test_white_space_or_another_order_of_keys_is_altered(ledger: MemoryLedger) -> None:
    document = json.loads(ledger.text(CHAIN, 4))
    ledger.replace(CHAIN, 4, json.dumps(document))
    assert the_finding(ledger).kind is Kind.ALTERED
    ledger.replace(CHAIN, 4, canonical_json(document).decode()[:-1] + ',"at":"2020-01-01T00:00:00.000000Z"}')
    assert the_finding(ledger).sequence == 4


@pytest.mark.parametrize("sequence", [1, 4, 9])
def test_one_record_dropped_is_missing(ledger: MemoryLedger, sequence: int) -> None:
    del ledger.rows[CHAIN][sequence - 1]
    found = the_finding(ledger)
    assert (found.kind, found.sequence, found.through) == (Kind.MISSING, sequence, sequence)


def test_several_records_dropped_are_missing_together(ledger: MemoryLedger) -> None:
    del ledger.rows[CHAIN][2:5]
    found = the_finding(ledger)
    assert (found.kind, found.sequence, found.through) == (Kind.MISSING, 3, 5)


@pytest.mark.parametrize(("first", "second"), [(2, 3), (1, 2), (2, 9), (7, 8), (9, 10)])
def test_two_swapped_are_reordered_at_the_first_of_them(ledger: MemoryLedger, first: int, second: int) -> None:
    one, other = ledger.text(CHAIN, first), ledger.text(CHAIN, second)
    ledger.replace(CHAIN, first, other)
    ledger.replace(CHAIN, second, one)
    found = the_finding(ledger)
    assert (found.kind, found.sequence) == (Kind.REORDERED, first)


def test_a_tail_that_a_checkpoint_covers_is_cut(ledger: MemoryLedger) -> None:
    del ledger.rows[CHAIN][4:]
    found = the_finding(ledger)
    assert (found.kind, found.sequence, found.through, found.checkpoint) == (Kind.CUT, 5, 6, 1)


def test_a_tail_cut_after_the_newest_checkpoint_is_not_visible(ledger: MemoryLedger) -> None:
    """The limit that the documents state; the next checkpoint, a minute later, would have covered it."""
    del ledger.rows[CHAIN][6:]
    assert verify(ledger).findings == []


def test_a_fork_is_named_by_the_second_record_with_one_predecessor(ledger: MemoryLedger) -> None:
    other = link(entry(99), record(ledger, 7).head_before, ledger.clock())
    ledger.rows[CHAIN].insert(8, StoredText(text_of(other)))
    if ledger.placed:
        twin = resealed(ledger.text(CHAIN, 8), previous_hash=record(ledger, 8).previous_hash)
        ledger.rows[CHAIN][8] = ledger.stored_text(resealed(twin, sequence=9, subject="twin"), 9)
        del ledger.rows[CHAIN][9]
    found = the_finding(ledger)
    assert (found.kind, found.sequence) == (Kind.FORKED, 9 if ledger.placed else 7)


def test_a_record_that_is_there_twice_is_a_fork(ledger: MemoryLedger) -> None:
    ledger.rows[CHAIN].insert(8, StoredText(ledger.text(CHAIN, 8)))
    del ledger.rows[CHAIN][9]
    assert (the_finding(ledger).kind, the_finding(ledger).sequence) == (Kind.FORKED, 8)


def test_a_whole_chain_dropped_is_named(ledger: MemoryLedger) -> None:
    del ledger.rows[CHAIN]
    found = the_finding(ledger)
    assert (found.kind, found.chain, found.through, found.checkpoint) == (Kind.DROPPED, CHAIN, 6, 1)
    assert verify(ledger).last_good == 0


def test_a_record_of_another_chain_is_foreign(ledger: MemoryLedger) -> None:
    ledger.rows[CHAIN][1] = ledger.stored_text(ledger.text("stack", 2), 2)
    found = the_finding(ledger)
    assert (found.kind, found.sequence) == (Kind.FOREIGN, 2)


@pytest.mark.parametrize("sequence", [2, 5, 8])
def test_a_record_replaced_with_its_hash_is_named_and_not_the_one_after_it(ledger: MemoryLedger, sequence: int) -> None:
    ledger.replace(CHAIN, sequence, resealed(ledger.text(CHAIN, sequence), subject="something else"))
    found = the_finding(ledger)
    assert (found.kind, found.sequence) == (Kind.ALTERED, sequence)


def test_a_record_whose_predecessor_was_changed_is_named_itself(ledger: MemoryLedger) -> None:
    ledger.replace(CHAIN, 8, resealed(ledger.text(CHAIN, 8), previous_hash="ab" * 32))
    found = the_finding(ledger)
    assert (found.kind, found.sequence) == (Kind.ALTERED, 8)


def test_a_tail_written_anew_is_told_by_the_checkpoint_with_where_it_begins(ledger: MemoryLedger) -> None:
    ledger.seal()
    ledger.append(entry(11))
    ledger.seal()
    ledger.rewrite_from(CHAIN, 8, subject="never happened")
    found, report = the_finding(ledger), verify(ledger)
    assert (found.kind, found.sequence, found.through, found.checkpoint) == (Kind.REWRITTEN, 7, 10, 2)
    assert report.last_good == 1


@pytest.mark.parametrize("name", ["hash", "event", "at"])
def test_an_attribute_that_says_something_else_than_its_record_is_altered(name: str) -> None:
    ledger = MemoryLedger()
    ledger.fill(3)
    row = ledger.rows[CHAIN][1]
    ledger.rows[CHAIN][1] = StoredText(row.text, row.place, {**row.attributes, name: "else"})
    found = the_finding(ledger)
    assert (found.kind, found.sequence) == (Kind.ALTERED, 2)
    assert name in found.explanation


def test_a_record_of_a_later_version_with_an_unknown_event_still_verifies(ledger: MemoryLedger) -> None:
    ledger.rewrite_from("stack", 3, event="something.new")
    made = MemoryLedger(placed=ledger.placed)
    made.rows = {"stack": ledger.rows["stack"]}
    assert verify(made).findings == []


def test_each_broken_chain_is_named_once(ledger: MemoryLedger) -> None:
    del ledger.rows[CHAIN][0]
    ledger.replace("stack", 2, resealed(ledger.text("stack", 2), subject="x"))
    assert [(each.chain, each.kind) for each in verify(ledger).findings] == [
        (CHAIN, Kind.MISSING),
        ("stack", Kind.ALTERED),
    ]


def test_the_checkpoints_are_read_once_more_however_many_chains_are_broken() -> None:
    ledger = CountedReadings()
    for number in range(6):
        for chain in ("model:a", "model:b", "model:c", "stack"):
            ledger.append(entry(number, chain))
        ledger.seal()
    for place, chain in enumerate(("model:a", "model:b", "model:c"), start=2):
        ledger.replace(chain, place, ledger.text(chain, place).replace("subject", "subjekt"))
    report = verify(ledger)
    assert [(each.chain, each.sequence) for each in report.findings] == [
        ("model:a", 2), ("model:b", 3), ("model:c", 4),
    ]  # fmt: skip
    assert (report.last_good, ledger.readings) == (1, 2)


class CountedReadings(MemoryLedger):
    readings = 0

    def checkpoints(self) -> Iterator[StoredText]:
        self.readings += 1
        yield from super().checkpoints()


@pytest.mark.parametrize("with_markers", [True, False])
def test_memory_does_not_grow_with_the_number_of_records(with_markers: bool) -> None:
    peaks = []
    for count in (1200, 3000):  # more than wait to be written together
        markers = GeneratedMarkers(count) if with_markers else None
        keys = PublicKeys({"k": MemoryLedger().signer.public_pem})
        tracemalloc.start()
        report = verify_ledger(Generated(count), keys, markers=markers)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert (report.records, report.findings) == (count, [])
    assert peaks[1] < peaks[0] + 100_000


class GeneratedMarkers:
    """Those of ``Generated``: made as they are read, so that what is kept is kept by verification."""

    def __init__(self, count: int) -> None:
        self._count = count

    def items(self) -> Iterator[Item]:
        for number in range(self._count):
            yield Item(self.name(CHAIN, f"key-{number}"), str(number + 1))
            yield Item(CHAIN, None)

    def name(self, chain: str, key: str) -> str:
        return f"key#{digest_of([chain, key])}"

    def place(self, name: str) -> str | None:
        raise AssertionError("every marker was there before")


class Generated(MemoryLedger):
    """Records that are made as they are read."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self._count = count

    def chains(self) -> list[str]:
        return [CHAIN]

    def every_chain(self) -> Iterator[str]:
        return iter([CHAIN])

    def stored(self, chain: str, after: int = 0) -> Iterator[StoredText]:
        head = start_of(chain)
        for number in range(self._count):
            made = link(entry(number), head, self.now)
            yield StoredText(text_of(made), made.sequence)
            head = Entered(made).head


class Entered:
    """A record's heads: its own, and the one that it followed."""

    def __init__(self, made: Record) -> None:
        before = start_of(made.chain).model_copy(update={"sequence": made.sequence - 1, "hash": made.previous_hash})
        self.previous_hash, self.head_before = made.previous_hash, before
        self.head = before.model_copy(update={"sequence": made.sequence, "hash": made.hash})


def record(ledger: MemoryLedger, sequence: int) -> Entered:
    return Entered(Record.model_validate_json(ledger.text(CHAIN, sequence)))
