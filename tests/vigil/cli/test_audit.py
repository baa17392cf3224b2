"""`vigil audit` against a stack in moto: what it prints, what its exit codes say, what it records."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ledger_fakes import LocalSigner, entry, resealed
from ledger_world import kms_signs_digests
from moto_stack import MotoStack, moto_stack
from typer.testing import CliRunner

from tasks.lambdas import checkpoint_ledger
from vigil.approvals.errors import DeskUnavailableError
from vigil.audit.events import EventName
from vigil.audit.models import Entry, Record, model_chain
from vigil.aws import audit_export
from vigil.aws.audit_ports import checkpoint_key, ledger_table
from vigil.cli.audit import app

CHAIN = model_chain("run-1")


@pytest.fixture
def stack(monkeypatch: pytest.MonkeyPatch) -> Iterator[MotoStack]:
    """A sealed ledger of two chains."""
    with moto_stack(monkeypatch) as made:
        monkeypatch.setattr(checkpoint_ledger, "_newest", 0)
        kms_signs_digests(monkeypatch)
        table = ledger_table(made.parameters)
        for number in range(3):
            table.append(entry(number))
        table.append(entry(1, "stack", event=EventName.PLAN_CHANGED, old="a", new="b"))
        checkpoint_ledger.handler({}, None)
        yield made


class Desk:
    def __init__(self, stack: MotoStack) -> None:
        self._table = ledger_table(stack.parameters)

    def note(self, event: EventName, actor: Any, subject: str, details: dict[str, Any]) -> None:
        new = Entry(chain="stack", event=event, key=secrets.token_hex(8), actor=actor, subject=subject, details=details)
        self._table.append(new)


@pytest.fixture
def desk(stack: MotoStack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_export, "desk_client", lambda parameters: Desk(stack))


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, arguments)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.stdout


def listed(*arguments: str) -> list[tuple[str, int]]:
    """But for the records of copies, of which each listing makes one."""
    code, out = run("list", "--json", *arguments)
    assert code == 0
    found = [record for record in map(json.loads, out.splitlines()) if record["event"] != "ledger.exported"]
    return [(record["chain"], record["sequence"]) for record in found]


def drop(stack: MotoStack, chain: str, sequence: int) -> None:
    key = {"chain": {"S": chain}, "sequence": {"N": str(sequence)}}
    stack.client("dynamodb").delete_item(TableName=stack.parameters.tables.ledger, Key=key)


@pytest.mark.usefixtures("desk")
def test_a_list_of_whole_records_is_a_copy_and_recorded_before_it_is_given(stack: MotoStack) -> None:
    run("list"), run("list", "--chains", "--json"), run("show", "stack", "1", "--json")
    assert exported(stack) == []
    _, out = run("list", "--json", "--chain", "stack")
    (record,) = exported(stack)
    assert (record.details["chains"], record.details["as"]) == (["stack"], "lines of `vigil audit list --json`")
    assert record.hash in out


def exported(stack: MotoStack) -> list[Record]:
    found = ledger_table(stack.parameters).read("stack")
    return [record for record in found if record.event is EventName.LEDGER_EXPORTED]


def test_a_list_of_whole_records_that_cannot_be_recorded_is_not_given(
    stack: MotoStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Silent:
        def note(self, *_: Any) -> None:
            raise DeskUnavailableError("no answer")

    monkeypatch.setattr(audit_export, "desk_client", lambda parameters: Silent())
    assert run("list", "--json") == (1, "")


@pytest.mark.usefixtures("desk")
def test_records_are_listed_by_chain_run_event_and_time(stack: MotoStack) -> None:
    assert json.loads(run("list", "--chains", "--json")[1])[1]["sequence"] == 1
    assert listed() == [(CHAIN, 1), (CHAIN, 2), (CHAIN, 3), ("stack", 1)]
    assert listed("--chain", "stack") == listed("--event", "plan.changed") == [("stack", 1)]
    assert listed("--run", "run-1", "--since", "2020-01-01") == [(CHAIN, 1), (CHAIN, 2), (CHAIN, 3)]
    assert listed("--until", "2020-01-01") == []
    assert "evidence.read" in run("list")[1]


def test_one_record_is_shown_and_one_that_is_not_there_is_said(stack: MotoStack) -> None:
    assert json.loads(run("show", "stack", "1", "--json")[1])["new"] == "b"
    assert "plan.changed" in run("show", "stack", "1")[1]
    assert run("show", "stack", "2")[0] == run("show", "nothing", "1")[0] == 5


def put_text(stack: MotoStack, sequence: int, text: str) -> None:
    """What somebody who may put items does to a record."""
    dynamodb, name = stack.client("dynamodb"), stack.parameters.tables.ledger
    key = {"chain": {"S": CHAIN}, "sequence": {"N": str(sequence)}}
    item = dynamodb.get_item(TableName=name, Key=key)["Item"]
    dynamodb.put_item(TableName=name, Item={**item, "record": {"S": text}})


def stored_text(stack: MotoStack, sequence: int) -> str:
    return next(ledger_table(stack.parameters).stored(CHAIN, sequence - 1)).text


@pytest.mark.usefixtures("desk")
@pytest.mark.parametrize("text", ["{broken", '{"a": 1}', "[]"])
def test_a_record_that_cannot_be_read_is_listed_and_shown_as_what_it_is(stack: MotoStack, text: str) -> None:
    put_text(stack, 2, text)
    code, out = run("list", "--json", "--run", "run-1", "--until", "2020-01-01")  # whatever was asked for
    (line,) = map(json.loads, out.splitlines())
    assert (code, line["chain"], line["sequence"], line["stored"]) == (3, CHAIN, 2, text)
    code, out = run("list")
    assert (code, "does not hold" in out, "plan.changed" in out) == (3, True, True)
    code, out = run("show", CHAIN, "2")
    assert (code, "this record does not hold: its text is" in out or "has not the fields" in out) == (3, True)
    assert run("show", CHAIN, "1")[0] == 0


def test_an_altered_record_is_not_shown_as_if_it_were_sound(stack: MotoStack) -> None:
    put_text(stack, 2, stored_text(stack, 2).replace("subject ", "another "))
    for arguments in (["list", "--chain", CHAIN], ["show", CHAIN, "2"]):
        code, out = run(*arguments)
        assert (code, "another" in out, "does not hold" in " ".join(out.split())) == (3, True, True), arguments


@pytest.mark.usefixtures("desk")
def test_a_record_that_was_replaced_with_its_hash_is_told_by_the_one_after_it(stack: MotoStack) -> None:
    dynamodb, name = stack.client("dynamodb"), stack.parameters.tables.ledger
    key = {"chain": {"S": CHAIN}, "sequence": {"N": "2"}}
    text = resealed(stored_text(stack, 2), subject="never happened")
    item = dynamodb.get_item(TableName=name, Key=key)["Item"]
    dynamodb.put_item(TableName=name, Item={**item, "record": {"S": text}, "hash": {"S": json.loads(text)["hash"]}})
    lines = [json.loads(line) for line in run("list", "--json", "--chain", CHAIN)[1].splitlines()]
    assert ["does_not_hold" in line for line in lines] == [False, False, True]
    assert run("show", CHAIN, "3")[0] == 3


@pytest.mark.usefixtures("desk")
def test_an_event_of_a_later_version_is_listed_and_shown(stack: MotoStack) -> None:
    dynamodb, name = stack.client("dynamodb"), stack.parameters.tables.ledger
    key = {"chain": {"S": CHAIN}, "sequence": {"N": "3"}}
    text = resealed(stored_text(stack, 3), event="something.new")
    item = dynamodb.get_item(TableName=name, Key=key)["Item"]
    more = {"record": {"S": text}, "hash": {"S": json.loads(text)["hash"]}, "event": {"S": "something.new"}}
    dynamodb.put_item(TableName=name, Item={**item, **more})
    assert (run("show", CHAIN, "3")[0], listed("--chain", CHAIN)) == (0, [(CHAIN, 1), (CHAIN, 2), (CHAIN, 3)])


def test_a_chain_that_ends_with_no_record_is_listed_with_the_others(stack: MotoStack) -> None:
    item = {"chain": {"S": CHAIN}, "sequence": {"N": "9"}}
    stack.client("dynamodb").put_item(TableName=stack.parameters.tables.ledger, Item=item)
    code, out = run("list", "--chains", "--json")
    assert (code, [each["sequence"] for each in json.loads(out)]) == (3, [None, 1])


def test_a_ledger_that_holds_ends_with_0(stack: MotoStack) -> None:
    code, out = run("verify", "--json")
    report = json.loads(out)
    assert (code, report["holds"], report["records"], report["last_good"]) == (0, True, 4, 1)
    assert "The ledger holds." in run("verify")[1]
    assert run("verify", "--chain", "nothing")[0] == 5


def test_a_broken_record_ends_with_3_and_is_named(stack: MotoStack) -> None:
    drop(stack, CHAIN, 2)
    code, out = run("verify")
    assert code == 3
    assert f"{CHAIN}, record 2: missing" in out
    assert run("verify", "--chain", "stack")[0] == 0


def test_checkpoints_that_the_given_key_did_not_sign_end_with_4(stack: MotoStack, tmp_path: Path) -> None:
    key = tmp_path / "key.pem"
    key.write_text(LocalSigner().public_pem)
    assert run("verify", "--public-key", str(key))[0] == 4


def test_several_keys_can_be_given_one_by_one_or_as_a_folder(stack: MotoStack, tmp_path: Path) -> None:
    """A stack whose key was replaced: older checkpoints by one key, newer ones by another."""
    (key,) = checkpoint_key(stack.parameters).values()
    (tmp_path / "keys").mkdir()
    present, earlier = tmp_path / "keys" / "present.der", tmp_path / "keys" / "earlier.pem"
    present.write_bytes(key)
    earlier.write_text(LocalSigner().public_pem)
    assert run("verify", "--public-key", str(earlier), "--public-key", str(present))[0] == 0
    code, out = run("verify", "--json", "--public-key", str(tmp_path / "keys"))
    assert (code, len(json.loads(out)["keys"])) == (0, 2)


def test_a_checkpoint_that_was_written_down_must_be_there(stack: MotoStack) -> None:
    digest = json.loads(run("verify", "--json")[1])
    newest = audit_export.stack_ledger(stack.parameters).bucket.newest(lambda _: True).checkpoint
    assert newest is not None and digest["last_good"] == newest.number
    assert run("verify", "--known", f"1:{newest.digest}")[0] == 0
    assert run("verify", "--known", f"2:{newest.digest}")[0] == 4
    assert run("verify", "--known", "none")[0] == 2


def test_what_cannot_be_checked_ends_with_1(tmp_path: Path, stack: MotoStack) -> None:
    assert run("verify", "--from", str(tmp_path))[0] == 1
    (tmp_path / "key.pem").write_text("no key")
    assert run("verify", "--public-key", str(tmp_path / "key.pem"))[0] == 1
    assert run("verify", "--public-key", str(tmp_path / "none.pem"))[0] == 1


@pytest.mark.usefixtures("desk")
def test_an_export_is_recorded_verifies_offline_and_holds_its_own_record(stack: MotoStack, tmp_path: Path) -> None:
    out = tmp_path / "out"
    code, text = run("export", "--out", str(out), "--json")
    assert (code, json.loads(text)["chains"]) == (0, {CHAIN: 3, "stack": 2})
    assert {path.name for path in out.iterdir()} == {
        "ledger.jsonl", "checkpoints.jsonl", "public_keys.json", "checkpoint_key.pem", "export.json", "ledger.html",
        "README.txt",
    }  # fmt: skip
    assert [record.sequence for record in exported(stack)] == [2]
    assert run("verify", "--from", str(out), "--public-key", str(out / "checkpoint_key.pem"))[0] == 0
    assert run("verify", "--from", str(out))[0] == 0
    lines = (out / "ledger.jsonl").read_text().splitlines(keepends=True)
    (out / "ledger.jsonl").write_text("".join(lines[1:]))
    assert run("verify", "--from", str(out))[0] == 3
    assert run("export", "--out", str(out))[0] == 2


@pytest.mark.usefixtures("desk")
def test_a_copy_whose_unsealed_tail_is_gone_ends_with_3(stack: MotoStack, tmp_path: Path) -> None:
    assert run("export", "--out", str(tmp_path / "out"))[0] == 0
    lines = (tmp_path / "out" / "ledger.jsonl").read_text().splitlines(keepends=True)
    (tmp_path / "out" / "ledger.jsonl").write_text("".join(lines[:-1]))  # the record of the export, in no checkpoint
    code, text = run("verify", "--from", str(tmp_path / "out"))
    assert code == 3
    assert "stack, record 2: cut" in text
    (tmp_path / "out" / "export.json").unlink()
    assert run("verify", "--from", str(tmp_path / "out"))[0] == 0  # nothing tells


@pytest.mark.usefixtures("desk")
def test_one_chain_alone_is_exported_and_verified(stack: MotoStack, tmp_path: Path) -> None:
    assert run("export", "--out", str(tmp_path / "out"), "--chain", CHAIN)[0] == 0
    assert run("verify", "--from", str(tmp_path / "out"))[0] == 0


@pytest.mark.usefixtures("desk")
def test_a_chain_that_does_not_exist_is_not_exported(stack: MotoStack, tmp_path: Path) -> None:
    assert run("export", "--out", str(tmp_path / "out"), "--run", "nosuchrun")[0] == 5
    assert not (tmp_path / "out").exists()


def test_an_export_that_cannot_be_recorded_is_not_made(stack: MotoStack, tmp_path: Path) -> None:
    assert run("export", "--out", str(tmp_path / "out"))[0] == 1
    assert not (tmp_path / "out").exists()
