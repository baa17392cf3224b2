from __future__ import annotations

import json

import pytest
from drift_cases import report, rules, situation
from typer.testing import CliRunner

from vigil.aws import environment
from vigil.cli import drift
from vigil.monitoring.decide import decide


def test_without_a_stack_the_command_says_how_to_name_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not that a region is missing, which is boto3's complaint and nobody's next step."""
    for name in ("VIGIL_STACK", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    environment.aws_client.cache_clear()
    result = CliRunner().invoke(drift.app, ["list"])
    assert result.exit_code == 1
    assert "VIGIL_STACK" in result.output
    assert "region" not in result.output


@pytest.mark.parametrize(("answer", "code", "asked"), [("yes\n", 0, ["show", "override"]), ("no\n", 22, ["show"])])
def test_an_override_for_a_program_shows_the_decision_beside_its_answer(
    tmp_path, monkeypatch: pytest.MonkeyPatch, answer: str, code: int, asked: list[str]
) -> None:
    document, seen = decide(report(), rules(), situation()).model_dump(mode="json"), list[str]()
    monkeypatch.setattr(drift, "_ask", lambda event: seen.append(event["ask"]) or document)
    file = tmp_path / "password"
    file.write_text("invented\n")
    file.chmod(0o600)
    given = ["--decide", "ignore", "--user", "ana", "--reason", "noise", "--password-file", str(file), "--json"]
    result = CliRunner().invoke(drift.app, ["override", document["decision_id"], *given], input=answer)
    assert (result.exit_code, seen) == (code, asked)
    assert "Drift decision" in result.stderr and "Override as ana: ignore?" in result.stderr
    assert result.stdout == (json.dumps(document, indent=2) + "\n" if code == 0 else "")
