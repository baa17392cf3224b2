from __future__ import annotations

from pathlib import Path

import pytest

from vigil.cases.quarter import quarter_range
from vigil.cases.synthetic.generate import generate
from vigil.datasets.build import build_dataset


@pytest.fixture(scope="session")
def archives(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two synthetic quarters that pass the profile `synthetic`."""
    folder = tmp_path_factory.mktemp("archives")
    return [item.path for item in generate(quarter_range("2024Q1:2024Q2"), 1000, 7, folder)]


@pytest.fixture(scope="session")
def staging(archives: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a curation leaves."""
    folder = tmp_path_factory.mktemp("built")
    build_dataset(archives, folder / "work", folder / "staging", "synthetic")
    return folder / "staging"
