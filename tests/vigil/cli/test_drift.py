from __future__ import annotations

import pytest
from typer.testing import CliRunner

from vigil.aws import environment
from vigil.cli import drift


def test_without_a_stack_the_command_says_how_to_name_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not that a region is missing, which is boto3's complaint and nobody's next step."""
    for name in ("VIGIL_STACK", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    environment.aws_client.cache_clear()
    result = CliRunner().invoke(drift.app, ["list"])
    assert result.exit_code == 1
    assert "VIGIL_STACK" in result.output
    assert "region" not in result.output
