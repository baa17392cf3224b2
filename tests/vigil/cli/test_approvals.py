"""`vigil approvals` as people and programs use it: what it prints, what it exits with, what it never prints."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from approval_bench import Bench
from approval_fakes import EXECUTION, PASSWORD
from approvals_command import Command

from vigil.approvals import errors
from vigil.approvals.bundle import BundleError, UndecidedError
from vigil.approvals.models import Status
from vigil.audit.events import EventName
from vigil.cli.asking import DeclinedError

ROOT = Path(__file__).resolve().parents[3]
REASON = ["--comment", "looks right"]


@pytest.fixture
def command(tmp_path, monkeypatch) -> Command:
    return Command.over(Bench.make(), tmp_path, monkeypatch)


@pytest.fixture
def request_id(command) -> str:
    return command.bench.open().request_id


def test_list_shows_every_request_as_json_for_programs(command, request_id):
    (listed,) = json.loads(command.run("list", "--json").output)
    assert (listed["request_id"], listed["status"], listed["execution_arn"]) == (request_id, "PENDING", EXECUTION)


def test_list_can_be_narrowed_to_a_status(command, request_id):
    assert json.loads(command.run("list", "--json", "--status", "APPROVED").output) == []
    assert request_id in command.run("list", "--status", "PENDING").output
    assert "No approval requests" in command.run("list", "--status", "EXPIRED").output


def test_list_says_who_has_signed_and_who_must(command, request_id):
    before = command.run("list").output
    assert "nobody yet" in before and "… quality-assurance" in before and "… model-owner" in before
    assert "airflow:dana" in before.split()
    command.decide("review", request_id, user="quinn")
    after = command.run("list").output
    assert "✓ Quinn" in after and "quality-assurance" not in after and "model-owner" in after


def test_show_has_all_that_is_signed_and_the_evidence(command, request_id):
    shown = command.run("show", request_id).output
    facts = command.stored(request_id).facts
    for value in (
        facts.artefact_digest, facts.dataset_version, facts.evaluation_digest, facts.plan_digest, facts.code_revision,
        facts.model_package_arn, "airflow:dana", "leak-alarm-model", "0.880 [0.860, 0.900]", "test_next", "baseline",
        "sex_missing", "No model is in service yet", "Known limits", "quality-assurance", "nobody yet",
    ):  # fmt: skip
        assert value in shown, value


def test_show_as_json_is_the_whole_dossier(command, request_id):
    shown = json.loads(command.run("show", request_id, "--json").output)
    assert shown["request"]["request_id"] == request_id
    assert shown["evaluation"]["format"] == "vigil.evaluation/2"
    assert [seat["seat"]["role"] for seat in shown["seats"]] == ["quality-assurance", "model-owner"]


def test_reading_the_evidence_is_recorded_as_a_claim_of_who_read(command, request_id):
    command.run("show", request_id)
    written = [record for chain in command.bench.ledger.records.values() for record in chain]
    (record,) = [each for each in written if each.event is EventName.EVIDENCE_READ]
    assert record.actor.via == "the command line" and not record.actor.verified


def test_show_begins_with_the_kind_of_data_that_the_limits_are_for(command, request_id):
    lines = [line for line in command.run("show", request_id).output.splitlines() if "│" in line]
    profile = next(line for line in lines if "data profile" in line)
    assert "synthetic (not whole quarters: laxer limits than full)" in profile
    assert lines.index(profile) < 3


def test_show_of_a_decided_request_says_beside_which_model_it_stands(command, request_id):
    assert "Beside it stands" not in command.run("show", request_id).output
    command.decide("reject", request_id, *REASON)
    shown = command.run("show", request_id).output
    assert "Model in service: Beside it stands what served when the request was last signed" in shown


def test_show_says_when_the_evidence_does_not_hold(command, request_id):
    command.bench.evidence.evaluations.clear()
    assert "The evidence does not hold" in command.run("show", request_id).output
    assert json.loads(command.run("show", request_id, "--json").output)["problem"]


def test_review_and_approve_fill_the_seats_and_decide(command, request_id):
    reviewed = command.decide("review", request_id, *REASON, user="quinn")
    assert reviewed.exit_code == 0, reviewed.output
    for words in ("Quinn (quinn)", "reviewed", "looks right", "PENDING", "Still needed: approved by model-owner"):
        assert words in reviewed.output, words
    approved = command.decide("approve", request_id)
    assert approved.exit_code == 0, approved.output
    assert "Ana (ana)" in approved.output and "the request is APPROVED" in approved.output
    assert command.stored(request_id).status is Status.APPROVED


def test_what_is_signed_is_shown_before_it_is_signed_with_its_nonce(command, request_id):
    printed = command.decide("approve", request_id).output
    assert printed.index("AUROC in") < printed.index("To be signed") < printed.index("nonce") < printed.rindex("Signed")
    (challenge,) = command.bench.store.challenges.values()
    assert challenge.nonce in printed and challenge.challenge_id in printed


def test_json_output_is_the_request_with_the_signature(command, request_id):
    decided = json.loads(command.decide("reject", request_id, "--comment", "drifted", "--json").stdout)
    assert decided["request"]["status"] == "REJECTED"
    assert decided["request"]["signatures"][0]["comment"] == "drifted"
    assert "session" not in decided


def test_without_yes_it_asks_and_a_no_signs_nothing(command, request_id):
    file = command.password_file()
    result = command.run("approve", request_id, "--user", "ana", "--password-file", file, stdin="n\n")
    assert result.exit_code == 22
    assert "Sign as ana: approved, model aaaa" in result.output
    before, _, _ = result.output.partition("Sign as ana")
    for words in ("Ana (ana)", "model-owner", "WaitForApproval", "to be signed until"):
        assert words in before
    assert command.stored(request_id).signatures == []


def test_who_holds_no_seat_for_it_hears_so_before_anything_is_asked(command, request_id):
    result = command.run("approve", request_id, "--user", "quinn", "--password-stdin", "--yes", stdin="")
    assert result.exit_code == 8, result.output


def test_the_password_may_come_by_standard_input(command, request_id):
    result = command.run("approve", request_id, "--user", "ana", "--password-stdin", "--yes", stdin=PASSWORD + "\n")
    assert result.exit_code == 0, result.output
    result = command.run("review", request_id, "--user", "quinn", "--password-stdin", stdin=PASSWORD + "\n")
    assert result.exit_code == 2  # it cannot ask back


def test_a_password_file_that_others_may_read_is_refused(command, request_id):
    file = command.password_file(mode=0o644)
    result = command.run("approve", request_id, "--user", "ana", "--password-file", file, "--yes")
    assert result.exit_code == 2
    assert "chmod 600" in result.output
    assert command.stored(request_id).signatures == []


def test_prepare_and_sign_are_two_steps_for_those_who_sign_in_elsewhere(command, request_id):
    prepared = command.run("prepare", request_id, "--meaning", "approved", "--comment", "fine", "--json")
    challenge = json.loads(prepared.stdout)
    assert challenge["meaning"] == "approved" and len(challenge["nonce"]) == 64
    file = command.password_file()
    signed = command.run("sign", challenge["challenge_id"], "--user", "ana", "--password-file", file)
    assert signed.exit_code == 0, signed.output
    assert command.stored(request_id).signatures[0].comment == "fine"
    again = command.run("sign", challenge["challenge_id"], "--user", "ana", "--password-file", file)
    assert again.exit_code == 14


def test_prepare_prints_what_is_signed_for_people_too(command, request_id):
    printed = command.run("prepare", request_id, "--meaning", "reviewed").output
    to_be_signed = printed[printed.index("To be signed") :]
    assert "nonce" in to_be_signed and "waiting for" in to_be_signed
    facts = command.stored(request_id).facts.model_dump(mode="json", exclude={"rollback"})
    verdict = facts.pop("verdict")
    limits = [criterion[name] for criterion in verdict["criteria"] for name in ("name", "measured", "limit")]
    for value in (*facts.values(), verdict["outcome"], *limits):
        assert str(value) in to_be_signed, value
    assert EXECUTION in printed and "opened, expires" in printed


def test_an_id_token_reaches_the_desk_from_a_file_and_is_not_printed(command, request_id, tmp_path):
    token = tmp_path / "token"
    token.write_text("header.payload.seal\n")
    token.chmod(0o600)
    command.function.invoke = remembering(command.function)
    result = command.run("sign", "id-1", "--token-file", str(token))
    assert command.function.asked[-1]["answer"]["proof"] == {"kind": "token", "id_token": "header.payload.seal"}
    assert "header.payload.seal" not in result.output
    token.chmod(0o640)
    assert command.run("sign", "id-1", "--token-file", str(token)).exit_code == 2


def remembering(function):
    def invoke(FunctionName, Payload):  # noqa: N803 -- boto3's names
        import io

        function.asked.append(json.loads(Payload))
        refused = {"refused": {"error": "ChallengeError", "message": "not on the desk"}}
        return {"Payload": io.BytesIO(json.dumps(refused).encode())}

    return invoke


@pytest.mark.parametrize("more", [[], ["--token-file", "x", "--user", "ana"]])
def test_sign_takes_one_proof(command, more):
    assert command.run("sign", "id-1", *more).exit_code == 2


@pytest.mark.parametrize(
    ("verb", "user", "password", "more", "code"),
    [
        ("approve", "ana", "guess", [], 7),
        ("approve", "olga", PASSWORD, [], 8),
        ("approve", "quinn", PASSWORD, [], 8),  # may review, not approve
        ("approve", "mo", PASSWORD, [], 8),  # a deputy, and nothing was escalated
        ("reject", "ana", PASSWORD, ["--comment", " "], 9),
    ],
)
def test_each_refusal_has_its_exit_code_and_changes_nothing(command, request_id, verb, user, password, more, code):
    result = command.decide(verb, request_id, *more, user=user, password=password)
    assert result.exit_code == code, result.output
    assert command.stored(request_id).signatures == []


def test_an_unknown_request_exits_3(command):
    for result in (command.run("show", "apr-none"), command.decide("approve", "apr-none"), command.run("verify", "x")):
        assert result.exit_code == 3
        assert "vigil approvals list" in result.output


def test_a_decision_after_the_decision_exits_4_and_names_it(command, request_id):
    command.decide("reject", request_id, *REASON)
    result = command.decide("approve", request_id, user="ben")
    assert result.exit_code == 4
    assert "REJECTED by Ana" in result.output


def test_a_late_decision_exits_5(command, request_id):
    command.bench.clock.advance(days=30)
    assert command.decide("approve", request_id).exit_code == 5


def test_a_withdrawn_request_exits_6(command, request_id):
    command.row(request_id, status=Status.WITHDRAWN, note="the run was stopped")
    result = command.decide("approve", request_id)
    assert result.exit_code == 6
    assert "the run was stopped" in result.output


def test_changed_evidence_exits_10(command, request_id):
    command.bench.evidence.evaluations.clear()
    assert command.decide("approve", request_id).exit_code == 10


def test_who_was_revoked_exits_12(command, request_id):
    command.bench.people.change("ana", revoked_at=command.bench.clock())
    assert command.decide("approve", request_id).exit_code == 12


def test_signing_twice_exits_16(command, request_id):
    command.decide("review", request_id, user="both")
    assert command.decide("approve", request_id, user="both").exit_code == 16


def test_no_stack_is_one_line_and_not_a_trace(monkeypatch):
    from typer.testing import CliRunner

    from vigil.cli.approvals import app

    monkeypatch.delenv("VIGIL_STACK", raising=False)
    monkeypatch.delenv("AIRFLOW__VIGIL__STACK", raising=False)
    result = CliRunner().invoke(app, ["list"])
    assert (result.exit_code, result.output.count("\n")) == (1, 1)


def test_every_exit_code_is_documented(command):
    kinds = [*vars(errors).values(), BundleError, UndecidedError, DeclinedError]
    codes = {each.exit_code for each in kinds if isinstance(each, type) and hasattr(each, "exit_code")}
    words, guide = command.run("--help").output, (ROOT / "docs" / "approver.md").read_text(encoding="utf-8")
    for code in codes:
        assert f" {code} " in words, code
        assert f"\n| {code} | " in guide, code
