"""`vigil people` as people type it, against functions that answer as the deployed ones do."""

from __future__ import annotations

import io
import json

import pytest
from moto_people import create_pool, strong
from moto_stack import _name, moto_stack
from pydantic import SecretStr
from typer.testing import CliRunner

from tasks.lambdas import choose_password, manage_people
from vigil.approvals import administration
from vigil.aws.environment import aws_client
from vigil.cli import people

TEMPORARY, OWN = strong("temporary-one"), strong("my-own-choice")
HANDLERS = {"manage-people": manage_people.handler, "choose-password": choose_password.handler}


class Lambda:
    """Invokes the functions in this process; keeps what it was sent."""

    def __init__(self):
        self.events = []

    def invoke(self, FunctionName, Payload):  # noqa: N803 - as boto3 spells it
        self.events.append((FunctionName, json.loads(Payload)))
        answer = json.dumps(HANDLERS[FunctionName](json.loads(Payload), None)).encode()
        return {"Payload": io.BytesIO(answer)}


@pytest.fixture
def functions(monkeypatch):
    monkeypatch.setattr(administration, "_temporary", lambda: SecretStr(TEMPORARY))  # else only their mail has it
    with moto_stack(monkeypatch):
        pool, client = create_pool()
        _name({"cognito/user-pool": pool, "cognito/client": client})
        made = Lambda()
        monkeypatch.setattr(people, "aws_client", lambda name: made if name == "lambda" else aws_client(name))
        yield made


def run(*arguments, input=None):
    return CliRunner().invoke(people.app, [str(each) for each in arguments], input=input)


def secret(folder, name, text):
    file = folder / name
    file.write_text(text + "\n")
    file.chmod(0o600)
    return file


def add(user="jane", *more):
    who = ["--printed-name", "Jane Doe", "--role", "model-owner", "--email", f"{user}@example.org"]
    return run("add", user, *who, *more)


def test_a_person_is_added_chooses_a_password_and_is_shown(functions, tmp_path):
    added = add()
    assert (added.exit_code, "state: active" in added.output) == (0, True), added.output
    files = [secret(tmp_path, "current", TEMPORARY), secret(tmp_path, "new", OWN)]
    chosen = run("password", "jane", "--current-file", files[0], "--new-file", files[1])
    assert chosen.exit_code == 0, chosen.output
    shown = json.loads(run("show", "Jane", "--json").output)
    assert (shown["username"], shown["printed_name"]) == ("jane", "Jane Doe")
    assert "jane" in run("list").output
    assert TEMPORARY not in added.output + chosen.output and OWN not in chosen.output


def test_who_runs_the_command_is_told_to_the_function(functions):
    add()
    assert [event["by"].startswith("arn:aws:") for _, event in functions.events] == [True]


def test_each_refusal_has_its_exit_code_and_one_line(functions, tmp_path):
    add()
    for code, arguments in {
        4: ["add", "jane", "--printed-name", "J", "--role", "model-owner", "--email", "j@example.org"],
        3: ["train", "nobody", "--role", "model-owner"],
        5: ["train", "jane", "--role", "emperor"],
        2: ["add", "joe", "--printed-name", "Joe", "--role", "model-owner"],
    }.items():
        done = run(*arguments)
        assert (done.exit_code, done.output.count("\n")) == (code, 1), done.output
        assert done.output.startswith("vigil people: ")
    assert run("show", "nobody").exit_code == 3
    wrong = [secret(tmp_path, "current", "guess"), secret(tmp_path, "new", OWN)]
    assert run("password", "jane", "--current-file", wrong[0], "--new-file", wrong[1]).exit_code == 7


def test_training_unlocking_signing_out_and_revoking(functions):
    add()
    trained = run("train", "jane", "--role", "model-owner", "--on", "2026-01-02", "--json")
    assert json.loads(trained.output)["roles"]["model-owner"].startswith("2026-01-02")
    assert run("unlock", "jane").exit_code == run("sign-out", "jane").exit_code == 0
    revoked = run("revoke", "jane", "--reason", "left the company")
    assert "state: revoked" in revoked.output
    assert run("unlock", "jane").exit_code == 5


@pytest.mark.parametrize(("mode", "text", "said"), [(0o644, TEMPORARY, "chmod 600"), (0o600, "", "is empty")])
def test_a_password_that_others_may_read_or_that_is_none_is_refused(functions, tmp_path, mode, text, said):
    file = secret(tmp_path, "current", text)
    file.chmod(mode)
    done = run("password", "jane", "--current-file", file, "--new-file", secret(tmp_path, "new", OWN))
    assert (done.exit_code, functions.events) == (2, [])
    assert said in done.output and TEMPORARY not in done.output


def test_a_function_that_fails_is_told_plainly(functions, monkeypatch):
    broken = {"Payload": io.BytesIO(b'{"errorType": "Boom", "errorMessage": "secret"}'), "FunctionError": "Unhandled"}
    monkeypatch.setattr(functions, "invoke", lambda **_: broken)
    done = run("list")
    assert (done.exit_code, "Boom" in done.output, "secret" in done.output) == (1, True, False)
