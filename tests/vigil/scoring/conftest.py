"""A small trained model, its folder and digest, for every test in this folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from triage_cases import QUICK, quick_plan, write_dataset

from vigil.digests import tree_digest
from vigil.models.hyperparameters import parse_hyperparameters
from vigil.models.train import train
from vigil.scoring.score import Scorer, load_scorer


@dataclass(frozen=True)
class Trained:
    dataset: Path
    folder: Path
    digest: str


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    root = tmp_path_factory.mktemp("scoring")
    write_dataset(root / "dataset")
    plan = quick_plan()
    chosen = parse_hyperparameters(QUICK, plan.hyperparameters)
    train(root / "dataset", plan, chosen, "0" * 64, lambda _line: None).save(root / "model")
    return Trained(root / "dataset", root / "model", tree_digest(root / "model"))


@pytest.fixture(scope="session")
def scorer(trained: Trained) -> Scorer:
    return load_scorer(trained.folder, trained.digest)
