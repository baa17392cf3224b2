from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cloudformation_template import load_template
from deployed_stack import Deployment, FreshStack
from drift_stack import DriftStack, drift_stack


@pytest.fixture(scope="session")
def template() -> dict[str, Any]:
    return load_template()


@pytest.fixture(scope="session")
def deployment(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    return Deployment(repository, tmp_path_factory.mktemp("deployment"))


@pytest.fixture(scope="module")
def fresh_stack(deployment: Deployment) -> Iterator[FreshStack]:
    """A stack that nothing has happened to since its deployment."""
    with deployment.fresh() as stack:
        yield stack


@pytest.fixture(scope="module")
def drifting(deployment: Deployment) -> Iterator[DriftStack]:
    """Such a stack with an Airflow to ask, and who may override; a module's tests share it."""
    with drift_stack(deployment) as stack:
        yield stack
