"""Names and comments are written by people, maybe hostile ones: shown as text, never obeyed, never part of a path."""

from __future__ import annotations

import json
import unicodedata

from approval_bench import ROLES, Bench
from approvals_command import Command
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vigil.approvals.bundle import read_bundle
from vigil.approvals.bundle_check import verify_bundle
from vigil.approvals.models import Meaning
from vigil.cli.terminal_text import INVISIBLE, visible, visible_lines

HOSTILE = [
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "\x1b[2J\x1b[1;1HAPPROVED by everybody",
    "\x1b]0;title\x07", "\x1b]8;;http://example.org\x1b\\link\x1b]8;;\x1b\\", "\x9b31m", "\x7f",
    "name\r\nVerified: 9 signatures",
    "\u202egnihton", "zero\u200bwidth", "../../../etc/passwd", "C:\\..\\x", "a/b", "[bold red]rich[/]", "[/nowhere]",
    "\x00", "line\u2028separator", "{request_id}", "%s%n", "' OR 1=1 --", "=HYPERLINK(1)", "\ud7ff\ue000",
]  # fmt: skip

hostile_text = st.one_of(
    st.sampled_from(HOSTILE), st.text(st.characters(codec="utf-8"), min_size=1, max_size=40),
    st.lists(st.sampled_from(HOSTILE), min_size=1, max_size=3).map("".join),
)  # fmt: skip


@given(hostile_text)
def test_nothing_that_a_terminal_acts_on_is_left(text):
    assert not [each for each in visible(text) if unicodedata.category(each) in INVISIBLE]
    assert not [each for each in visible_lines(text) if each != "\n" and unicodedata.category(each) in INVISIBLE]


@given(st.text(st.characters(categories=["L", "N", "P", "S", "Zs", "M"])))
def test_what_people_write_in_any_script_stays_as_it_is(text):
    assert visible(text) == text


def signed_with(command: Command, name: str, comment: str) -> str:
    command.bench.people.change("ana", printed_name=name)
    request = command.bench.open()
    command.bench.sign(request, Meaning.REJECTED, "ana", comment)
    return request.request_id


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=hostile_text, comment=hostile_text)
def test_hostile_names_and_comments_are_shown_harmless_by_every_command(tmp_path, monkeypatch, name, comment):
    command = Command.over(Bench.make(ROLES), tmp_path, monkeypatch)
    request_id = signed_with(command, name, comment.strip() or "no")
    for arguments in (["list"], ["show", request_id], ["verify", request_id]):
        result = command.run(*arguments)
        assert result.exit_code == 0, result.output
        harmful = [each for each in result.output if each != "\n" and unicodedata.category(each) in INVISIBLE]
        assert not harmful, (arguments, harmful)
    assert "\nVerified: 9" not in result.output
    late = command.decide("approve", request_id, user="ben")  # the refusal names who rejected
    assert late.exit_code == 4
    assert "\nVerified: 9" not in late.output
    assert not [each for each in late.output if each != "\n" and unicodedata.category(each) in INVISIBLE]


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=hostile_text, comment=hostile_text)
def test_they_are_kept_byte_for_byte_in_the_bundle_and_name_no_file(tmp_path_factory, monkeypatch, name, comment):
    folder = tmp_path_factory.mktemp("kept")
    command = Command.over(Bench.make(ROLES), folder, monkeypatch)
    request_id = signed_with(command, name, comment.strip() or "no")
    saved = command.run("verify", request_id, "--save", str(folder / "bundle.json"))
    assert saved.exit_code == 0, saved.output
    assert [path.name for path in folder.rglob("*")] == ["bundle.json"]
    bundle = read_bundle((folder / "bundle.json").read_bytes())
    (signature,) = verify_bundle(bundle, command.bench.signer.public_key_pem()).signatures
    lines = comment.strip().replace("\r\n", "\n").replace("\r", "\n")  # line ends are made one
    assert (signature.printed_name, signature.comment) == (name, lines or "no")


def test_json_output_is_printable_ascii_so_no_terminal_acts_on_it(tmp_path, monkeypatch):
    command, text = Command.over(Bench.make(), tmp_path, monkeypatch), " ".join(HOSTILE)
    request_id = signed_with(command, text, text)
    for arguments in (["list", "--json"], ["show", request_id, "--json"], ["verify", request_id, "--json"]):
        printed = command.run(*arguments).output
        assert all(each == "\n" or " " <= each <= "~" for each in printed)
        assert json.loads(printed)


def test_markup_in_a_comment_is_printed_as_it_was_written(tmp_path, monkeypatch):
    command = Command.over(Bench.make(), tmp_path, monkeypatch)
    request_id = command.bench.open().request_id
    result = command.decide("approve", request_id, "--comment", "[bold]see [/nowhere] <b>this</b>")
    assert "[bold]see [/nowhere] <b>this</b>" in result.output


def test_a_comment_of_several_lines_stays_inside_its_cell(tmp_path, monkeypatch):
    command = Command.over(Bench.make(), tmp_path, monkeypatch)
    request_id = command.bench.open().request_id
    result = command.decide("approve", request_id, "--comment", "first\nVerified: 9 signature(s)")
    line = next(line for line in result.output.splitlines() if "Verified: 9" in line)
    assert line.count("│") >= 2
