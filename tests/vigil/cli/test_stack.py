"""What `vigil stack deploy` asks for before it touches anything, and what it hands on."""

from __future__ import annotations

import re
from typing import Any

import pytest
from typer.testing import CliRunner

from vigil.aws.deployment import SigningProvider, StackSettings
from vigil.cli import stack

PROVIDER = ("--signing-provider", "https://id.example.org", "vigil", "https://id.example.org/keys")


class Deployments:
    def __init__(self) -> None:
        self.settings = list[StackSettings]()
        self.before = dict[str, str]()

    def deploy(self, package: object, settings: StackSettings) -> dict[str, str]:
        self.settings.append(settings)
        return {}


@pytest.fixture
def deployments(monkeypatch: pytest.MonkeyPatch) -> Deployments:
    made = Deployments()
    monkeypatch.setattr(stack.deployment, "build_package", lambda project: type("Package", (), {"lambda_code": b""}))
    monkeypatch.setattr(stack.deployment, "parameters", lambda name: made.before)
    monkeypatch.setattr(stack.deployment, "deploy", made.deploy)
    monkeypatch.setattr(stack, "code_revision", lambda project, code: "revision")
    return made


def deploy(*options: str) -> tuple[int, str]:
    given = ["deploy", "--stack", "x", "--registry-url", "file:///r", "--image", "i@sha256:0"]
    result = CliRunner().invoke(stack.app, [*given, *options], env={"COLUMNS": "300", "TERM": "dumb"})
    return result.exit_code, re.sub(r"[\s│]+", " ", result.output)


@pytest.mark.parametrize("acr", [(), ("--signing-acr", "none"), ("--signing-acr", "")])
def test_another_provider_is_deployed_only_with_why_its_sign_ins_count_as_two_components(
    deployments: Deployments, acr: tuple[str, ...]
) -> None:
    code, told = deploy(*PROVIDER, *acr, "--allow-unknown-plan-author")
    assert (code, deployments.settings) == (2, [])
    assert "give --signing-acr too" in told and "provider-asks-for-two" in told


@pytest.mark.parametrize("acr", ["mfa", "provider-asks-for-two"])
def test_what_its_tokens_must_say_or_that_somebody_vouches_goes_to_the_stack(
    deployments: Deployments, acr: str
) -> None:
    assert deploy(*PROVIDER, "--signing-acr", acr, "--allow-unknown-plan-author")[0] == 0
    assert deployments.settings[0].provider == SigningProvider(*PROVIDER[1:], acr)


def test_the_strength_of_nobodys_sign_in_is_a_mistake(deployments: Deployments) -> None:
    code, told = deploy("--signing-acr", "mfa")
    assert (code, deployments.settings) == (2, []) and "--signing-provider" in told


def test_nothing_is_deployed_while_nobody_knows_who_changed_the_plan(
    deployments: Deployments, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    code, told = deploy("--project", str(tmp_path))
    assert (code, deployments.settings) == (1, []) and "nobody knows who changed" in told
    code, told = deploy("--project", str(tmp_path), "--allow-unknown-plan-author")
    assert (code, deployments.settings[0].plan_changed_by) == (0, "unknown")
    assert "four eyes cannot tell either" in told
