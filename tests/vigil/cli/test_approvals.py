"""`vigil approvals` as people and programs use it: what it prints, what it exits with, what it never prints."""

import json
from pathlib import Path

import pytest
from approval_fakes import EXECUTION, PASSWORD, TOKEN
from moto_stack import MotoStack, moto_stack, strong
from typer.testing import CliRunner

from vigil.approvals.models import Status, WaitMessage
from vigil.approvals.open import open_request
from vigil.aws.approval_ports import approvals_table, server_time, token_vault
from vigil.cli.approvals import app

ANAS_PASSWORD = strong(PASSWORD)
REASON = ["--comment", "looks right"]


@pytest.fixture
def stack(monkeypatch):
    with moto_stack(monkeypatch) as made:
        made.add_people()
        yield made


@pytest.fixture
def request_id(stack):
    return open_one(stack)


def open_one(stack: MotoStack, execution: str = EXECUTION, **changes) -> str:
    _, _, facts = stack.candidate()
    document = {
        "task_token": TOKEN, "execution_arn": execution, "state_name": "WaitForApproval", "attempt": 0,
        "entered_at": server_time(), "timeout_seconds": 3600, "facts": facts,
    }  # fmt: skip
    message = WaitMessage(**(document | changes))
    opened = open_request(message, approvals_table(stack.parameters), token_vault(stack.parameters), server_time)
    return opened.request.request_id


def run(*arguments, stdin=None):
    """The command's result; whatever it was, no token is in what it printed."""
    result = CliRunner().invoke(app, list(arguments), input=stdin, env={"COLUMNS": "200"})
    assert TOKEN not in result.output
    assert "token" not in result.output.lower()
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def password_file(folder: Path, text: str = ANAS_PASSWORD, mode: int = 0o600) -> str:
    path = folder / "password"
    path.write_text(text + "\n")
    path.chmod(mode)
    return str(path)


def decide(folder, verb, request_id, *more, user="ana", password=ANAS_PASSWORD):
    return run(verb, request_id, "--user", user, "--password-file", password_file(folder, password), "--yes", *more)


def test_list_shows_every_request_as_json_for_programs(stack, request_id):
    (listed,) = json.loads(run("list", "--json").output)
    assert (listed["request_id"], listed["status"], listed["execution_arn"]) == (request_id, "PENDING", EXECUTION)
    assert "token_ciphertext" not in listed


def test_list_can_be_narrowed_to_a_status(stack, request_id):
    assert json.loads(run("list", "--json", "--status", "APPROVED").output) == []
    assert request_id in run("list", "--status", "PENDING").output
    assert "No approval requests" in run("list", "--status", "EXPIRED").output


def test_show_has_all_that_is_signed_and_the_evidence(stack, request_id):
    shown = run("show", request_id).output
    request = approvals_table(stack.parameters).get(request_id)
    for value in (
        request.facts.artefact_digest, request.facts.dataset_version, request.facts.evaluation_digest,
        request.facts.plan_digest, request.facts.code_revision, request.facts.model_package_arn, "airflow:dana",
        "leak-alarm-model", "0.880 [0.860, 0.900]", "test_next", "baseline", "sex_missing",
    ):  # fmt: skip
        assert value in shown, value


def test_show_begins_with_the_kind_of_data_that_the_limits_are_for(stack, request_id):
    lines = [line for line in run("show", request_id).output.splitlines() if "│" in line]
    profile = next(line for line in lines if "data profile" in line)
    assert "synthetic (not whole quarters: laxer limits than full)" in profile
    assert lines.index(profile) < 3


def test_show_says_when_the_evidence_does_not_hold(stack, request_id):
    request = approvals_table(stack.parameters).get(request_id)
    stack.put(request.facts.evaluation_uri, b"{}")
    assert "The evidence does not hold" in run("show", request_id).output
    assert json.loads(run("show", request_id, "--json").output)["evidence_problem"]


def test_approve_signs_and_prints_name_time_and_meaning(stack, request_id, tmp_path):
    result = decide(tmp_path, "approve", request_id, *REASON)
    assert result.exit_code == 0, result.output
    for words in ("Ana Approver (ana)", "approve this model for service", "looks right", "APPROVED"):
        assert words in result.output
    assert approvals_table(stack.parameters).get(request_id).status is Status.APPROVED


def test_what_is_signed_is_shown_before_it_is_signed(stack, request_id, tmp_path):
    printed = decide(tmp_path, "approve", request_id).output
    assert printed.index("AUROC in") < printed.index("To be signed") < printed.rindex("Signed")


def test_json_output_is_the_decided_request(stack, request_id, tmp_path):
    decided = json.loads(decide(tmp_path, "reject", request_id, "--comment", "drifted", "--json").output)
    assert (decided["status"], decided["decision"]["comment"]) == ("REJECTED", "drifted")


def test_without_yes_it_asks_and_a_no_signs_nothing(stack, request_id, tmp_path):
    file = password_file(tmp_path)
    result = run("approve", request_id, "--user", "ana", "--password-file", file, stdin="n\n")
    assert result.exit_code == 1
    assert approvals_table(stack.parameters).get(request_id).status is Status.PENDING


def test_the_password_may_come_by_standard_input(stack, request_id):
    result = run("approve", request_id, "--user", "ana", "--password-stdin", "--yes", stdin=ANAS_PASSWORD + "\n")
    assert result.exit_code == 0, result.output


def test_a_password_file_that_others_may_read_is_refused(stack, request_id, tmp_path):
    file = password_file(tmp_path, mode=0o644)
    result = run("approve", request_id, "--user", "ana", "--password-file", file, "--yes")
    assert result.exit_code == 2
    assert "chmod 600" in result.output
    assert approvals_table(stack.parameters).get(request_id).status is Status.PENDING


@pytest.mark.parametrize(
    ("verb", "user", "password", "more", "code"),
    [
        ("approve", "ana", "guess-A1!x", [], 7),
        ("approve", "olga", ANAS_PASSWORD, [], 8),
        ("reject", "ana", ANAS_PASSWORD, ["--comment", " "], 9),
    ],
)
def test_each_refusal_has_its_exit_code_and_changes_nothing(
    stack, request_id, tmp_path, verb, user, password, more, code
):
    result = decide(tmp_path, verb, request_id, *more, user=user, password=password)
    assert result.exit_code == code, result.output
    assert password not in result.output
    assert approvals_table(stack.parameters).get(request_id).status is Status.PENDING


def test_an_unknown_request_exits_3(stack, tmp_path):
    for result in (run("show", "apr-none"), decide(tmp_path, "approve", "apr-none")):
        assert result.exit_code == 3
        assert "vigil approvals list" in result.output


def test_a_second_decision_exits_4_and_names_the_first(stack, request_id, tmp_path):
    decide(tmp_path, "approve", request_id)
    result = decide(tmp_path, "reject", request_id, *REASON)
    assert result.exit_code == 4
    assert "APPROVED by Ana Approver" in result.output


def test_a_late_decision_exits_5(stack, tmp_path):
    request_id = open_one(stack, entered_at="2020-01-01T00:00:00Z")
    assert decide(tmp_path, "approve", request_id).exit_code == 5


def test_a_withdrawn_request_exits_6(stack, request_id, tmp_path):
    approvals_table(stack.parameters).move(request_id, Status.PENDING, Status.WITHDRAWN, "the run was stopped")
    result = decide(tmp_path, "approve", request_id)
    assert result.exit_code == 6
    assert "the run was stopped" in result.output


def test_changed_evidence_exits_10(stack, request_id, tmp_path):
    request = approvals_table(stack.parameters).get(request_id)
    stack.put(request.facts.evaluation_uri, b"{}")
    assert decide(tmp_path, "approve", request_id).exit_code == 10


def test_no_stack_is_one_line_and_not_a_trace(monkeypatch):
    monkeypatch.delenv("VIGIL_STACK", raising=False)
    monkeypatch.delenv("AIRFLOW__VIGIL__STACK", raising=False)
    result = run("list")
    assert (result.exit_code, result.output.count("\n")) == (1, 1)


def test_markup_in_a_comment_is_printed_as_it_was_written(stack, request_id, tmp_path):
    result = decide(tmp_path, "approve", request_id, "--comment", "[bold]see [/nowhere] <b>this</b>")
    assert "[bold]see [/nowhere] <b>this</b>" in result.output


def test_every_exit_code_is_documented():
    from vigil.approvals import errors

    codes = {each.exit_code for each in vars(errors).values() if isinstance(each, type) and hasattr(each, "exit_code")}
    words = run("--help").output
    for code in codes:
        assert f"{code} " in words
