"""Markers are not believed: one that leads astray is refused by the writer and found by verification."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ledger_fakes import LocalSigner, entry
from ledger_world import CHAIN, TABLE, client_in_moto, create_table, now

from vigil.approvals.people import Person
from vigil.audit.export import PublicKeyFile, write_export
from vigil.audit.findings import Finding, Kind
from vigil.audit.recheck import recheck
from vigil.audit.signatures import PublicKeys
from vigil.audit.verify import ExitCode, verify_ledger
from vigil.aws.ledger_markers import marker_key
from vigil.aws.ledger_table import LedgerDamagedError, LedgerTable
from vigil.aws.recorded_people import RecordedPeopleTable


@pytest.fixture
def dynamodb(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    with client_in_moto(monkeypatch, "dynamodb") as client:
        create_table(client)
        yield client


@pytest.fixture
def table(dynamodb: Any) -> LedgerTable:
    made = LedgerTable(dynamodb, TABLE, now)
    for number in range(1, 4):
        made.append(entry(number))
    made.append(entry(1, "stack"))
    return made


class WithoutCheckpoints:
    def __init__(self, table: LedgerTable) -> None:
        self.chains, self.every_chain, self.stored = table.chains, table.every_chain, table.stored

    def checkpoints(self) -> Iterator[Any]:
        return iter(())


def found(table: LedgerTable, *only: str) -> list[Finding]:
    keys = PublicKeys({"k": LocalSigner().public_pem})
    report = verify_ledger(WithoutCheckpoints(table), keys, only=only, markers=table.markers())
    assert report.exit_code is (ExitCode.RECORDS if report.findings else ExitCode.HOLDS)
    return report.findings


def plant(dynamodb: Any, key: str, place: int) -> None:
    """For a key that is still to come, pointing at a record that is there."""
    dynamodb.put_item(TableName=TABLE, Item={**marker_key(CHAIN, key), "recorded_as": {"N": str(place)}})


def test_a_planted_marker_does_not_pass_for_a_record(dynamodb: Any, table: LedgerTable) -> None:
    plant(dynamodb, "decision.made#apr-1", 2)
    with pytest.raises(LedgerDamagedError, match="leads astray"):
        table.append(entry(9, key="decision.made#apr-1"))
    with pytest.raises(LedgerDamagedError, match="leads astray"):
        table.find(CHAIN, "decision.made#apr-1")


def test_a_marker_that_names_what_is_no_record_is_refused(dynamodb: Any, table: LedgerTable) -> None:
    dynamodb.put_item(TableName=TABLE, Item={"chain": {"S": CHAIN}, "sequence": {"N": "9"}, "record": {"S": "{}"}})
    plant(dynamodb, "coming", 9)
    with pytest.raises(LedgerDamagedError, match="is none"):
        table.find(CHAIN, "coming")


def test_markers_of_a_sound_ledger_hold(table: LedgerTable) -> None:
    assert found(table) == []
    assert found(table, CHAIN) == []


def test_a_marker_without_its_record_is_found(dynamodb: Any, table: LedgerTable) -> None:
    plant(dynamodb, "decision.made#apr-1", 2)
    (finding,) = found(table)
    assert (finding.kind, finding.sequence) == (Kind.STRAY, 2)
    assert found(table, CHAIN) == []  # it could belong to another chain


def test_a_record_without_its_marker_is_found(dynamodb: Any, table: LedgerTable) -> None:
    dynamodb.delete_item(TableName=TABLE, Key=marker_key(CHAIN, "key-2"))
    (finding,) = found(table)
    assert (finding.kind, finding.chain, finding.sequence) == (Kind.UNMARKED, CHAIN, 2)


def test_a_marker_that_names_another_record_is_found(dynamodb: Any, table: LedgerTable) -> None:
    plant(dynamodb, "key-2", 1)
    (finding,) = found(table)
    assert (finding.kind, finding.sequence) == (Kind.UNMARKED, 2)
    assert "names record 1" in finding.explanation


def test_markers_after_a_record_that_does_not_hold_are_no_strays(dynamodb: Any, table: LedgerTable) -> None:
    place = {"chain": {"S": CHAIN}, "sequence": {"N": "2"}}
    dynamodb.put_item(TableName=TABLE, Item={**dynamodb.get_item(TableName=TABLE, Key=place)["Item"], "at": {"S": "x"}})
    assert [each.kind for each in found(table)] == [Kind.ALTERED]


def test_a_record_of_the_meantime_has_its_marker(table: LedgerTable) -> None:
    keys = PublicKeys({"k": LocalSigner().public_pem})
    markers = table.markers()
    before = list(markers.items())
    markers.items = lambda: iter(before)  # type: ignore[method-assign]
    table.append(entry(4))
    assert verify_ledger(WithoutCheckpoints(table), keys, markers=markers).findings == []


def put_over_without_genesis(dynamodb: Any, chain: str) -> None:
    """What a role that appends can do: the same record again, so that hash, event and time are the same."""
    place = {"chain": {"S": chain}, "sequence": {"N": "1"}}
    item = dynamodb.get_item(TableName=TABLE, Key=place)["Item"]
    dynamodb.put_item(TableName=TABLE, Item={name: value for name, value in item.items() if name != "genesis"})


@pytest.mark.parametrize("with_markers", [True, False])
def test_a_chain_that_somebody_took_from_the_index_is_named(
    dynamodb: Any, table: LedgerTable, with_markers: bool
) -> None:
    put_over_without_genesis(dynamodb, CHAIN)
    assert table.chains() == ["stack"]
    keys = PublicKeys({"k": LocalSigner().public_pem})
    markers = table.markers() if with_markers else None
    report = verify_ledger(WithoutCheckpoints(table), keys, markers=markers)
    (finding,) = report.findings
    assert (finding.kind, finding.chain, finding.sequence) == (Kind.ALTERED, CHAIN, 1)
    assert "genesis" in finding.explanation
    (again,) = recheck(WithoutCheckpoints(table), None, "", lambda: False).findings
    assert again == finding


def test_a_chain_that_began_with_a_planted_item_is_named(dynamodb: Any, table: LedgerTable) -> None:
    dynamodb.put_item(TableName=TABLE, Item={"chain": {"S": "model:x"}, "sequence": {"N": "5"}})
    (finding,) = found(table)
    assert (finding.kind, finding.chain, finding.sequence) == (Kind.MISSING, "model:x", 1)


def test_an_export_holds_a_chain_that_is_not_in_the_index(dynamodb: Any, table: LedgerTable, tmp_path: Path) -> None:
    put_over_without_genesis(dynamodb, CHAIN)
    keys = PublicKeyFile(checkpoint={"k": LocalSigner().public_pem})
    manifest = write_export(WithoutCheckpoints(table), keys, tmp_path / "out", stack="unit", at=now(), by="ana")
    assert manifest.chains == {CHAIN: 3, "stack": 1}


def test_an_item_that_is_no_record_of_ours_is_a_finding_and_no_crash(dynamodb: Any, table: LedgerTable) -> None:
    item = dynamodb.get_item(TableName=TABLE, Key={"chain": {"S": CHAIN}, "sequence": {"N": "1"}})["Item"]
    dynamodb.put_item(TableName=TABLE, Item={**item, "sequence": {"N": "1.5"}})
    (finding,) = found(table)
    assert (finding.kind, finding.chain, finding.sequence) == (Kind.ALTERED, CHAIN, 2)
    dynamodb.put_item(TableName=TABLE, Item={**item, "sequence": {"N": "7.5"}})
    with pytest.raises(LedgerDamagedError, match="verify"):
        table.append(entry(5))


def test_a_revocation_that_was_not_stored_is_not_said_to_be(dynamodb: Any, table: LedgerTable) -> None:
    """Somebody has recorded something else under the coming key: the change rides on no record."""
    key = [{"AttributeName": "username", "KeyType": "HASH"}]
    kinds = [{"AttributeName": "username", "AttributeType": "S"}]
    dynamodb.create_table(TableName="people", KeySchema=key, AttributeDefinitions=kinds, BillingMode="PAY_PER_REQUEST")
    people = RecordedPeopleTable(dynamodb, "people", table)
    person = Person(
        username="ana", subject="s", issuer="https://pool.test", printed_name="Ana", email="a@x.test", roles={}
    )
    change = entry(7, key="person.revoked#ana#1")
    table.append(change.model_copy(update={"subject": "something else"}))
    assert not people.insert(person, change)
    assert people.get("ana") is None
    own = entry(8, key="person.added#ana")
    assert people.insert(person, own)
    assert people.insert(person, own)  # tried again, for its answer was lost
    assert people.get("ana") is not None
