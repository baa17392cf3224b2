"""What a command asks of a person, where it asks, and what it says of a value that does not fit."""

from __future__ import annotations

import json

import pytest
from approval_bench import Bench
from approvals_command import Command
from typer.testing import CliRunner

from vigil.approvals.models import LONGEST_COMMENT, LONGEST_ID, LONGEST_REASON, LONGEST_USER
from vigil.audit.events import EventName
from vigil.cli import approvals, drift, models, people

LONG = "x" * 5000


@pytest.fixture
def command(tmp_path, monkeypatch) -> Command:
    return Command.over(Bench.make(), tmp_path, monkeypatch)


@pytest.fixture
def request_id(command) -> str:
    return command.bench.open().request_id


@pytest.mark.parametrize("verb", ["review", "approve", "reject"])
@pytest.mark.parametrize(("option", "longest"), [("--comment", LONGEST_COMMENT), ("--user", LONGEST_USER)])
def test_what_is_too_long_is_wrong_usage_of_its_option_before_anything_is_asked(
    command, request_id, verb, option, longest
):
    given = {"--comment": "fine", "--user": "ana"} | {option: "x" * (longest + 1)}
    result = command.run(verb, request_id, "--yes", *[each for pair in given.items() for each in pair])
    assert result.exit_code == 2
    assert option in result.output and f"{longest:,}" in result.output
    assert LONG[:100] not in result.output
    assert command.function.asked == []


def test_a_comment_of_the_longest_kind_is_signed(command, request_id):
    result = command.decide("approve", request_id, "--comment", "x" * LONGEST_COMMENT)
    assert result.exit_code == 0, result.output
    assert len(command.stored(request_id).signatures[0].comment) == LONGEST_COMMENT


@pytest.mark.parametrize(
    "arguments", [["show"], ["approve", "--user", "ana"], ["prepare", "--meaning", "approved"], ["verify"]]
)
@pytest.mark.parametrize("name", ["x" * (LONGEST_ID + 1), ""])
def test_a_request_that_no_request_can_be_is_wrong_usage(command, arguments, name):
    result = command.run(arguments[0], name, *arguments[1:])
    assert result.exit_code == 2
    assert "REQUEST" in result.output
    assert command.function.asked == []


def test_bytes_that_are_no_text_are_wrong_usage(command, request_id):
    result = command.decide("approve", request_id, "--comment", "caf\udce9")
    assert result.exit_code == 2
    assert "UTF-8" in result.output
    assert command.stored(request_id).signatures == []


@pytest.mark.parametrize(
    ("app", "arguments", "named"),
    [
        (approvals.app, ["sign", LONG, "--user", "ana"], "CHALLENGE"),
        (models.app, ["rollback", "1", "--reason", "x" * (LONGEST_REASON + 1)], "--reason"),
        (models.app, ["rollback", LONG, "--reason", "why"], "MODEL"),
        (drift.app, ["show", LONG], "DECISION"),
        (drift.app, ["override", "d-1", "--decide", "retrain", "--user", "ana", "--reason", LONG], "--reason"),
        (people.app, ["revoke", "ana", "--reason", LONG], "--reason"),
    ],
)
def test_every_group_of_commands_names_what_is_too_long(app, arguments, named):
    result = CliRunner().invoke(app, arguments)
    assert isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code == 2
    assert named in result.output and LONG[:200] not in result.output


def test_an_answer_that_does_not_fit_this_version_is_told_without_what_is_in_it(command, request_id):
    command.row(request_id, note="x")
    command.function.invoke = answering({"ok": {"request": {}, "unheard_of": "SECRET"}})
    result = command.run("show", request_id)
    assert result.exit_code == 1
    assert "this version" in result.output and "Dossier: plan" in result.output
    assert "SECRET" not in result.output


def answering(document):
    import io

    return lambda FunctionName, Payload: {"Payload": io.BytesIO(json.dumps(document).encode())}  # noqa: N803


def test_with_json_standard_output_is_for_the_program_and_the_rest_is_shown_beside_it(command, request_id):
    file = command.password_file()
    result = command.run("reject", request_id, "--password-file", file, "--json", stdin="ana\ntoo weak\nyes\n")
    assert result.exit_code == 0, result.output
    signed = json.loads(result.stdout)["request"]["signatures"][0]
    assert (signed["signer"], signed["comment"]) == ("ana", "too weak")
    (challenge,) = command.bench.store.challenges.values()
    for words in ("User: ", "Why: ", "Sign as ana", "AUROC in", "Known limits", challenge.nonce, "too weak"):
        assert words in result.stderr, words
    written = [record for chain in command.bench.ledger.records.values() for record in chain]
    assert EventName.EVIDENCE_READ in [record.event for record in written]


def test_without_json_what_is_shown_is_on_standard_output_again(command, request_id):
    command.decide("review", request_id, "--json", user="quinn")
    assert "To be signed" in command.decide("approve", request_id).stdout


def test_prepare_shows_on_standard_error_what_a_program_gets(command, request_id):
    result = command.run("prepare", request_id, "--meaning", "approved", "--json")
    challenge = json.loads(result.stdout)
    assert challenge["nonce"] in result.stderr and challenge["facts"]["image"] in result.stderr


@pytest.mark.parametrize("answer", ["n\n", "\n", "what?\n", ""])
def test_whatever_is_not_yes_signs_nothing_and_has_its_own_code(command, request_id, answer):
    file = command.password_file()
    result = command.run("approve", request_id, "--user", "ana", "--password-file", file, stdin=answer)
    assert result.exit_code == 22
    assert "nothing was done" in result.stderr
    assert command.stored(request_id).signatures == []


def test_where_nobody_can_be_asked_the_option_is_named(command, request_id):
    result = command.run("approve", request_id, "--yes", stdin="")
    assert result.exit_code == 2
    assert "--user" in result.output and command.function.asked == []
