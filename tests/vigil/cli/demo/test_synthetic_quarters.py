"""What `make demo` makes when no archive is named passes its quality profile and the change-control gate."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from vigil.change_control.gate import judge
from vigil.change_control.plan import load_plan
from vigil.cli import local
from vigil.cli.demo.run import SYNTHETIC
from vigil.cli.main import build
from vigil.models.models import Evaluation


@pytest.mark.timeout(600)
def test_the_demos_own_quarters_end_within_the_plan(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "change_control").symlink_to(repository / "change_control")
    (tmp_path / "params.yaml").write_bytes((repository / "params.yaml").read_bytes())
    monkeypatch.chdir(tmp_path)
    made = CliRunner().invoke(build(["synth"]), ["synth", *SYNTHETIC, "--out", "data/raw"])
    assert made.exit_code == 0, made.output
    for stage in ("curate", "split", "train", "evaluate"):
        done = CliRunner().invoke(local.app, [stage])
        assert done.exit_code == 0, done.output
    evaluation = Evaluation.model_validate_json((tmp_path / "data/evaluation/evaluation.json").read_bytes())
    verdict = judge(evaluation, load_plan(repository / "change_control/plan.yaml"))
    assert (verdict.outcome, evaluation.profile) == ("within-plan", "synthetic")
