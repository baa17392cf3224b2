"""One small model and its baseline, for every test in this folder."""

from __future__ import annotations

import pytest
from promoted_model import Promoted, promote


@pytest.fixture(scope="session")
def promoted(tmp_path_factory: pytest.TempPathFactory) -> Promoted:
    return promote(tmp_path_factory.mktemp("promoted"), tmp_path_factory.mktemp("dataset"))
