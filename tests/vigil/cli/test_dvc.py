"""A data scientist's commands, as processes in a clone: `dvc repro`, `exp run`, `metrics diff`, `plots`.

The same archives and settings must give the pipeline's own dataset version and artefact, byte for byte.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from vigil.cases.quarter import quarter_range
from vigil.cases.synthetic.generate import generate
from vigil.change_control.plan import load_plan
from vigil.datasets import manifest
from vigil.datasets.assemble import assemble
from vigil.datasets.build import build_dataset
from vigil.digests import tree_digest
from vigil.models.jobs import run_training

pytestmark = pytest.mark.timeout(900)

CLONED = (
    "vigil",
    "change_control",
    ".dvc",
    "dvc.yaml",
    "params.yaml",
    ".dvcignore",
    ".gitignore",
    "requirements/dev.txt",
)
SMALL = {"trees": 60, "members": 3}  # the recipe's own, but quicker


class Clone:
    """A data scientist's working copy, with archives in data/raw."""

    def __init__(self, folder: Path, repository: Path) -> None:
        self.folder = folder
        ignored = shutil.ignore_patterns("__pycache__", "tmp", "cache", "config.local")
        for name in CLONED:
            source = repository / name
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, folder / name, ignore=ignored)
            else:
                shutil.copyfile(source, folder / name)
        self.archives = [item.path for item in generate(quarter_range("2024Q1:2024Q3"), 1_800, 7, folder / "data/raw")]
        settings = yaml.safe_load((folder / "params.yaml").read_text())
        settings["train"] |= SMALL
        (folder / "params.yaml").write_text(yaml.safe_dump(settings, sort_keys=False))
        self.git("init", "--quiet", "--initial-branch", "main")
        self.git("add", "--all")
        self.git("commit", "--quiet", "-m", "Start")

    def git(self, *arguments: str) -> str:
        identity = ["-c", "user.name=Test", "-c", "user.email=test@vigil.invalid", "-c", "commit.gpgSign=false"]
        return self._run(["git", *identity, *arguments])

    def dvc(self, *arguments: str) -> str:
        return self._run([sys.executable, "-m", "dvc", *arguments])

    def _run(self, command: list[str]) -> str:
        identity = {
            f"GIT_{who}_{what}": f"test@{who.lower()}.invalid"
            for who in ("AUTHOR", "COMMITTER")
            for what in ("NAME", "EMAIL")
        }
        search = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        variables = {
            **os.environ, **identity, "PATH": search, "PYTHONPATH": str(self.folder), "DVC_NO_ANALYTICS": "1",
            "DVC_SITE_CACHE_DIR": str(self.folder.parent / "dvc-site"),
        }  # fmt: skip
        done = subprocess.run(
            command, cwd=self.folder, env=variables, capture_output=True, text=True, timeout=600, check=False
        )
        assert done.returncode == 0, f"{command}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
        return done.stdout

    def metrics(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.folder / "data/evaluation/metrics.json").read_text())
        return found


@pytest.fixture(scope="module")
def clone(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Clone:
    """After a first `dvc repro`."""
    made = Clone(tmp_path_factory.mktemp("science") / "clone", repository)
    made.dvc("repro", "--quiet")
    made.git("add", "--all")
    made.git("commit", "--quiet", "-m", "First model")
    return made


def test_repro_gives_the_pipelines_own_dataset_version_and_artefact(clone, repository, tmp_path):
    """What the Glue job, the release and the training job make of the same archives and hyperparameters."""
    build_dataset(clone.archives, tmp_path / "work", tmp_path / "staging", "synthetic")
    released = assemble(tmp_path / "staging", tmp_path / "opt/input/data/dataset")
    assert manifest.read(clone.folder / "data/splits") == released

    plan = tmp_path / "opt/input/data/plan/plan.json"
    plan.parent.mkdir(parents=True)
    plan.write_bytes(load_plan(repository / "change_control/plan.yaml").to_json())
    chosen = yaml.safe_load((clone.folder / "params.yaml").read_text())["train"]
    (tmp_path / "opt/input/config").mkdir(parents=True)
    text = json.dumps({name: str(value) for name, value in chosen.items()})
    (tmp_path / "opt/input/config/hyperparameters.json").write_text(text)
    digest = run_training(tmp_path / "opt", lambda _line: None)
    assert tree_digest(clone.folder / "data/model") == digest


def test_the_quality_report_lies_beside_the_data(clone):
    assert "May be released" in (clone.folder / "data/quality.html").read_text()


def test_nothing_runs_again_where_nothing_changed(clone):
    assert "Data and pipelines are up to date." in clone.dvc("status")


def test_a_quarter_that_is_added_does_not_curate_the_others_again(clone):
    record = clone.folder / "data/curated/2024Q1/quarter.json"
    before = record.stat().st_mtime_ns
    generate(quarter_range("2024Q4"), 1_800, 7, clone.folder / "data/raw")
    try:
        clone.dvc("repro", "--quiet", "split")
        assert record.stat().st_mtime_ns == before
        assert {path.name for path in (clone.folder / "data/curated").iterdir()} == {
            "2024Q1", "2024Q2", "2024Q3", "2024Q4",
        }  # fmt: skip
    finally:
        (clone.folder / "data/raw/faers_ascii_2024q4_synthetic.zip").unlink()
        clone.dvc("repro", "--quiet", "split")


def test_an_experiment_with_another_value_is_compared_with_the_last_commit(clone):
    before = clone.metrics()
    clone.dvc("exp", "run", "--quiet", "-S", "train.trees=50")
    assert clone.metrics() != before
    changes = json.loads(clone.dvc("metrics", "diff", "--json"))
    assert changes["data/evaluation/metrics.json"]["test_next.candidate.auroc"]["diff"] != 0
    parameters = json.loads(clone.dvc("params", "diff", "--json"))
    trees = parameters["params.yaml"]["train.trees"]
    assert (trees["old"], trees["new"]) == (60, 50)
    page = clone.dvc("plots", "diff", "HEAD", "--out", "plots")
    assert "index.html" in page
    assert "true_positive_rate" in (clone.folder / "plots/index.html").read_text()
