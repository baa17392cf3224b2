"""Importing this gives Airflow a home of its own for the session: it must come before anything imports Airflow."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
HOME = tempfile.TemporaryDirectory(prefix="vigil-airflow-", ignore_cleanup_errors=True)

os.environ.update(
    AIRFLOW_HOME=HOME.name,
    AIRFLOW__CORE__LOAD_EXAMPLES="False",
    AIRFLOW__CORE__DAGS_FOLDER=str(REPOSITORY / "dags"),
    AIRFLOW__CORE__PLUGINS_FOLDER=str(REPOSITORY / "plugins"),
    AIRFLOW__DATABASE__SQL_ALCHEMY_CONN=f"sqlite:///{HOME.name}/airflow.db",
)
# Airflow puts the plugins' folder on the path of each of its processes.
sys.path.insert(0, str(REPOSITORY / "plugins"))
