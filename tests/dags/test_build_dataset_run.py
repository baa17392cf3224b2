"""`build_dataset` as Airflow runs it, with a database: what becomes of the asset. The steps are stood in for."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

# In a process of its own: the first dag.test() loads the execution API and keeps a database open.
PROGRAM = """
import json, sys
from airflow.utils.db import initdb
initdb()
from airflow.dag_processing.bundles.manager import DagBundlesManager
from airflow.dag_processing.dagbag import DagBag, sync_bag_to_db
from vigil_airflow import dataset_steps, glue_job

released = {"name": "faers", "version": "a" * 64, "prefix": "s3://d/a/", "tag": "t", "quarters": ["2023Q1"]}
history = []

def scenario(already_released):
    def release(staging, quarters, run_id, person):
        history.append("release")
        return {**released, "already_released": already_released}
    dataset_steps.release_dataset = release

def arguments(archives, profile, engine, run):
    history.append("land")
    return {"arguments": {"--output": "s3://s/"}, "staging": "s3://s/", "quarters": ["2023Q1"]}

def check(staging):
    history.append("check")
    return {"profile": "full", "results": []}

dataset_steps.curation_arguments = arguments
dataset_steps.check_quality = check
glue_job.VigilGlueJobOperator.execute = lambda self, context: history.append("curate " + self.arguments["--output"])

DagBundlesManager().sync_bundles_to_db()
bag = DagBag(dag_folder=sys.argv[1], bundle_name="dags-folder")
sync_bag_to_db(bag, "dags-folder", None)
answers = []
for already_released in (False, True):
    history.clear()
    scenario(already_released)
    run = bag.dags["build_dataset"].test()
    states = {ti.task_id: str(ti.state) for ti in run.get_task_instances()}
    answer = {"state": str(run.state), "tasks": states, "history": list(history)}
    answers.append({**answer, "user": run.triggering_user_name})

from airflow.models.asset import AssetEvent
from airflow.utils.session import create_session
with create_session() as session:
    events = [{"asset": event.asset.name, "extra": event.extra} for event in session.query(AssetEvent).all()]
print(json.dumps({"runs": answers, "events": events}))
"""


@pytest.fixture(scope="module")
def answers(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    home = tmp_path_factory.mktemp("airflow-run")
    environment = {
        **os.environ,
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home}/airflow.db",
        "AIRFLOW__CORE__DAGS_FOLDER": str(repository / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(repository / "plugins"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "PYTHONPATH": str(repository / "plugins"),
    }
    result = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(repository / "dags")],
        cwd=home, env=environment, capture_output=True, text=True, timeout=280, check=False,
    )  # fmt: skip
    assert result.returncode == 0, (result.stdout + result.stderr)[-5000:]
    document: dict[str, Any] = json.loads(result.stdout.splitlines()[-1])
    return document


def test_the_tasks_run_in_the_order_that_keeps_unchecked_data_in(answers: dict[str, Any]) -> None:
    assert answers["runs"][0]["history"] == ["land", "curate s3://s/", "check", "release"]


def test_a_new_version_updates_the_asset(answers: dict[str, Any]) -> None:
    first = answers["runs"][0]
    assert (first["state"], first["tasks"]["announce"]) == ("success", "success")


def test_an_unchanged_version_leaves_the_asset_alone_and_the_run_succeeds(answers: dict[str, Any]) -> None:
    second = answers["runs"][1]
    assert (second["state"], second["tasks"]["announce"]) == ("success", "skipped")
    extra = {"version": "a" * 64, "prefix": "s3://d/a/", "quarters": ["2023Q1"], "already_released": False}
    (event,) = answers["events"]
    assert event["asset"] == "faers-dataset"
    assert {name: value for name, value in event["extra"].items() if name != "requested_by"} == extra


def test_the_event_names_the_person_who_started_the_run(answers: dict[str, Any]) -> None:
    assert answers["events"][0]["extra"]["requested_by"] == answers["runs"][0]["user"] is not None
