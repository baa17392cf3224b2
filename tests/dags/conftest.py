"""The project's DAGs, parsed once, in an Airflow home of their own and without a database."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import airflow_home  # noqa: F401 - before anything imports Airflow
import pytest


@pytest.fixture(scope="session")
def dags(repository: Path) -> dict[str, Any]:
    from airflow.dag_processing.dagbag import DagBag

    bag = DagBag(dag_folder=str(repository / "dags"))
    assert bag.import_errors == {}
    return dict(bag.dags)
