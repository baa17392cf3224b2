"""One small dataset and the model trained on it, for every test in this folder."""

from __future__ import annotations

from pathlib import Path

import pytest
from triage_cases import QUICK, quick_plan, write_dataset

from vigil.change_control.models import Plan
from vigil.models.artefact import TriageModel
from vigil.models.hyperparameters import parse_hyperparameters
from vigil.models.train import train


@pytest.fixture(scope="session")
def plan() -> Plan:
    return quick_plan()


@pytest.fixture(scope="session")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dataset")
    write_dataset(folder)
    return folder


@pytest.fixture(scope="session")
def model(dataset: Path, plan: Plan) -> TriageModel:
    return train(dataset, plan, parse_hyperparameters(QUICK, plan.hyperparameters), "0" * 64, lambda _line: None)
