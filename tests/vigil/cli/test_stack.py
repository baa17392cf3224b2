from __future__ import annotations

import pytest
from typer.testing import CliRunner

from vigil.cli.stack import app

PASSWORD = "Correct-horse-1!"


def run(*arguments: object):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.mark.parametrize(("mode", "text", "said"), [(0o644, PASSWORD, "chmod 600"), (0o600, "\n", "is empty")])
def test_a_password_that_others_may_read_or_that_is_none_is_refused(tmp_path, monkeypatch, mode, text, said):
    monkeypatch.setattr("vigil.aws.approvers.add_approver", lambda *_: pytest.fail("the approver was added"))
    file = tmp_path / "password"
    file.write_text(text)
    file.chmod(mode)
    done = run("add-approver", "jane", "--printed-name", "Jane", "--role", "approvers", "--password-file", file)
    assert done.exit_code == 2
    assert done.output.startswith("vigil stack: ") and said in done.output
    assert PASSWORD not in done.output


def test_the_password_of_a_closed_file_is_used(tmp_path, monkeypatch):
    used = []
    monkeypatch.setattr("vigil.aws.approvers.add_approver", lambda *arguments: used.append(arguments) or True)
    file = tmp_path / "password"
    file.write_text(PASSWORD + "\n")
    file.chmod(0o600)
    done = run("add-approver", "jane", "--printed-name", "Jane", "--role", "approvers", "--password-file", file)
    assert (done.exit_code, used) == (0, [("jane", "Jane", PASSWORD, "approvers")])
