"""What a DAG file may cost and need while it is parsed: nothing of AWS, no network, no heavy library."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

DAG_FILES = sorted((Path(__file__).parents[2] / "dags").glob("*.py"))
HEAVY = {"pandas", "numpy", "pyarrow", "duckdb", "ibis", "sagemaker", "xgboost", "sklearn", "scipy", "pyspark", "dvc"}
# What a DAG file and what it imports from plugins/ may name at module level.
NEVER_AT_MODULE_LEVEL = HEAVY | {"boto3", "botocore", "vigil"}

PARSE = """
import json, socket, sys

def refuse(*arguments, **options):
    raise AssertionError(f"the network was used while DAGs were parsed: {arguments}")

import airflow.sdk
from airflow.dag_processing.dagbag import DagBag
import airflow.providers.amazon.aws.operators.step_function, airflow.providers.amazon.aws.hooks.glue
before = set(sys.modules)
socket.socket.connect = refuse
socket.getaddrinfo = refuse
bag = DagBag(dag_folder=sys.argv[1])
loaded = sorted({name.partition(".")[0] for name in set(sys.modules) - before})
vigil = sorted(name for name in sys.modules if name == "vigil" or name.startswith("vigil."))
print(json.dumps({"errors": bag.import_errors, "dags": sorted(bag.dags), "loaded": loaded, "vigil": vigil}))
"""


@pytest.fixture(scope="module")
def parsed(repository: Path) -> dict[str, list[str]]:
    """The DAGs parsed in a fresh process that has no AWS variable, no stack and no network."""
    import airflow_home

    foreign = ("AWS_", "VIGIL_", "AIRFLOW__VIGIL")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    environment["AIRFLOW_HOME"] = airflow_home.HOME.name
    environment["PYTHONPATH"] = str(repository / "plugins")
    result = subprocess.run(
        [sys.executable, "-c", PARSE, str(repository / "dags")],
        cwd=repository, env=environment, capture_output=True, text=True, timeout=180, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr[-3000:]
    answer: dict[str, list[str]] = json.loads(result.stdout.splitlines()[-1])
    return answer


def test_every_dag_file_parses_without_aws_variables_and_without_a_network(parsed: dict[str, list[str]]) -> None:
    assert not parsed["errors"]
    assert parsed["dags"] == sorted(path.stem for path in DAG_FILES)


def test_no_dag_file_loads_a_heavy_library(parsed: dict[str, list[str]]) -> None:
    assert not HEAVY & set(parsed["loaded"])


def test_no_module_of_the_library_is_loaded_while_parsing(parsed: dict[str, list[str]]) -> None:
    """So a DAG file that is newer than the installed wheel still parses, and its check of the version speaks."""
    assert parsed["vigil"] == []


@pytest.mark.parametrize("path", DAG_FILES, ids=lambda path: path.stem)
def test_a_dag_file_imports_nothing_heavy_at_module_level(path: Path) -> None:
    names: set[str] = set()
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add((node.module or "").partition(".")[0])
    assert not names & NEVER_AT_MODULE_LEVEL
    assert names <= {"__future__", "airflow", "datetime", "logging", "typing", "vigil_airflow"}


def test_the_library_is_heavy_enough_for_this_test_to_mean_something(repository: Path) -> None:
    """Parsing a file that does import pandas is seen: the check can fail."""
    program = PARSE.replace(
        "bag = DagBag(dag_folder=sys.argv[1])", "import pandas\nbag = DagBag(dag_folder=sys.argv[1])"
    )
    result = subprocess.run(
        [sys.executable, "-c", program, str(repository / "docs")],
        cwd=repository, capture_output=True, text=True, timeout=180, check=True,
    )  # fmt: skip
    assert "pandas" in json.loads(result.stdout.splitlines()[-1])["loaded"]
