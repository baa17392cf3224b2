"""What every DAG owes to the people who run it."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

DAG_IDS = sorted(path.stem for path in (Path(__file__).parents[2] / "dags").glob("*.py"))
TAGS = {"vigil", "data", "training", "monitoring"}
TIERS = {"impact:tier-1", "impact:tier-2", "impact:tier-3"}
OWNERS = {"data-engineering"}

every_dag = pytest.mark.parametrize("dag_id", DAG_IDS)


@every_dag
def test_it_has_allowed_tags_and_one_impact_tier(dags: dict[str, Any], dag_id: str) -> None:
    tags = set(dags[dag_id].tags)
    assert len(tags & TIERS) == 1
    assert tags - TIERS <= TAGS
    assert "vigil" in tags


@every_dag
def test_every_task_has_an_owner(dags: dict[str, Any], dag_id: str) -> None:
    assert {task.owner for task in dags[dag_id].tasks} <= OWNERS


@every_dag
def test_its_manual_names_every_task_and_says_how_to_triage(dags: dict[str, Any], dag_id: str) -> None:
    manual = dags[dag_id].doc_md
    assert "### Triage notes" in manual
    for task in dags[dag_id].tasks:
        assert f"`{task.task_id}`" in manual


@every_dag
def test_its_form_explains_every_field_and_its_defaults_are_valid(dags: dict[str, Any], dag_id: str) -> None:
    """A run by the schedule takes the defaults: one that is not valid would stop every such run."""
    params = dags[dag_id].params
    assert len(params) > 0
    for name in params:
        param = params.get_param(name)
        assert param.description
        assert param.schema.get("title")
        param.resolve()


@every_dag
def test_it_does_not_catch_up(dags: dict[str, Any], dag_id: str) -> None:
    assert dags[dag_id].catchup is False


@every_dag
def test_it_survives_serialisation(dags: dict[str, Any], dag_id: str) -> None:
    from airflow.serialization.serialized_objects import DagSerialization

    restored = DagSerialization.from_dict(DagSerialization.to_dict(dags[dag_id]))
    assert {task.task_id for task in restored.tasks} == {task.task_id for task in dags[dag_id].tasks}


@every_dag
def test_it_demands_the_librarys_version_of_its_own_release(repository: Path, dag_id: str) -> None:
    text = (repository / "dags" / f"{dag_id}.py").read_text()
    release = tomllib.loads((repository / "pyproject.toml").read_text())["project"]["version"]
    demanded = re.findall(r'^VIGIL_VERSION = "(.+)"$', text, re.MULTILINE)
    assert demanded == [release]
    assert "require_vigil(VIGIL_VERSION)" in text
