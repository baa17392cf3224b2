"""The stages of dvc.yaml stay in step with the pipeline's own code."""

from __future__ import annotations

import yaml
from typer.testing import CliRunner

from vigil.cases.quarter import quarter_range
from vigil.cases.synthetic.generate import generate
from vigil.change_control.plan import load_plan
from vigil.cli import local
from vigil.datasets import manifest
from vigil.datasets.assemble import assemble
from vigil.datasets.build import build_dataset
from vigil.datasets.split import SplitSettings


def test_params_start_from_the_plans_defaults_and_the_pipelines_own_split(repository):
    parameters = yaml.safe_load((repository / "params.yaml").read_text())
    plan = load_plan(repository / "change_control/plan.yaml")
    assert parameters["train"] == {name: bounds.default for name, bounds in plan.hyperparameters.items()}
    split = {name: value for name, value in parameters["dataset"].items() if name != "profile"}
    assert SplitSettings.model_validate(split) == SplitSettings()


def test_every_stage_of_dvc_is_a_command(repository):
    stages = yaml.safe_load((repository / "dvc.yaml").read_text())["stages"]
    commands = {command.callback.__name__ for command in local.app.registered_commands}
    assert set(stages) == commands
    assert all(stage["cmd"] == f"python -m vigil.cli.local {name}" for name, stage in stages.items())


def test_the_local_stages_make_the_version_that_the_job_makes(repository, tmp_path, monkeypatch):
    written = generate(quarter_range("2024Q1:2024Q2"), 1000, 7, tmp_path / "data/raw")
    (tmp_path / "params.yaml").write_bytes((repository / "params.yaml").read_bytes())
    monkeypatch.chdir(tmp_path)
    for stage in ("curate", "split"):
        done = CliRunner().invoke(local.app, [stage])
        assert done.exit_code == 0, done.output
    build_dataset([item.path for item in written], tmp_path / "work", tmp_path / "staging", "synthetic")
    released = assemble(tmp_path / "staging", tmp_path / "version")
    assert manifest.read(tmp_path / "data/splits") == released
    assert released.version in done.output
