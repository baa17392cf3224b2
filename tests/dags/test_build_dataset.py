"""The edges that a wrong release would cross, and what the tasks around them do."""

from __future__ import annotations

from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowSkipException

RELEASED = {
    "name": "faers",
    "version": "a" * 64,
    "prefix": "s3://datasets/datasets/faers/a/",
    "tag": "faers-aaaaaaaaaaaa",
    "quarters": ["2023Q1", "2023Q2"],
    "already_released": False,
}


@pytest.fixture
def dag(dags: dict[str, Any]) -> Any:
    return dags["build_dataset"]


def upstream(dag: Any, task_id: str) -> set[str]:
    return set(dag.get_task(task_id).get_flat_relative_ids(upstream=True))


def test_nothing_is_curated_that_was_not_landed(dag: Any) -> None:
    assert "land" in upstream(dag, "curate")


def test_a_staged_dataset_is_checked_only_after_the_run_that_wrote_it(dag: Any) -> None:
    assert "curate" in dag.get_task("check").upstream_task_ids


def test_a_dataset_is_released_only_after_its_check(dag: Any) -> None:
    assert "check" in dag.get_task("release").upstream_task_ids


def test_a_version_is_announced_only_after_its_release(dag: Any) -> None:
    assert dag.get_task("announce").upstream_task_ids == {"release"}


def test_no_trigger_rule_lets_a_task_pass_a_failed_one(dag: Any) -> None:
    assert {task.trigger_rule.value for task in dag.tasks} == {"all_success"}


def test_only_the_announcement_updates_the_asset(dag: Any) -> None:
    outlets = {task.task_id: [outlet.name for outlet in task.outlets] for task in dag.tasks if task.outlets}
    assert outlets == {"announce": ["faers-dataset"]}


def test_curation_waits_deferred_and_is_the_only_task_that_starts_a_job(dag: Any) -> None:
    from vigil_airflow.glue_job import VigilGlueJobOperator

    assert [task.task_id for task in dag.tasks if isinstance(task, VigilGlueJobOperator)] == ["curate"]
    assert dag.get_task("curate").job == "curate_job"


def test_one_run_at_a_time(dag: Any) -> None:
    assert dag.max_active_runs == 1


@pytest.mark.parametrize(
    ("archives", "valid"),
    [
        ([], True),
        (["s3://raw/landing/faers_ascii_2023q1.zip", "s3://raw/landing/B.ZIP"], True),
        (["/home/x/faers.zip"], False),
        (["s3://raw/landing/faers.txt"], False),
        ("s3://raw/landing/faers.zip", False),
    ],
)
def test_the_form_takes_only_s3_addresses_of_archives(dag: Any, archives: object, valid: bool) -> None:
    from airflow.sdk.exceptions import ParamValidationError

    param = dag.params.get_param("archives")
    if valid:
        assert param.resolve(archives) == archives
    else:
        with pytest.raises(ParamValidationError):
            param.resolve(archives)


def test_the_form_offers_exactly_the_quality_profiles_that_exist(dag: Any) -> None:
    from vigil.datasets.quality import load_profiles

    assert set(dag.params.get_param("profile").schema["enum"]) == set(load_profiles().profiles)


class _Run:
    def __init__(self, run_type: str) -> None:
        self.run_type, self.triggering_user_name = run_type, "jane"


def announced(dag: Any, released: dict[str, Any], monkeypatch: pytest.MonkeyPatch, run_type: str = "manual") -> Any:
    function = dag.get_task("announce").python_callable
    monkeypatch.setitem(function.__globals__, "get_current_context", lambda: {"dag_run": _Run(run_type)})
    return list(function(released))


def test_the_event_carries_version_prefix_quarters_and_who_had_them_built(
    dag: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    (event,) = announced(dag, RELEASED, monkeypatch)
    assert event.asset.name == "faers-dataset"
    assert event.extra == {
        "version": RELEASED["version"],
        "prefix": RELEASED["prefix"],
        "quarters": RELEASED["quarters"],
        "already_released": False,
        "requested_by": "jane",
    }


def test_an_unchanged_version_is_not_announced(dag: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(AirflowSkipException, match="unchanged"):
        announced(dag, {**RELEASED, "already_released": True}, monkeypatch)


def test_a_backfill_announces_nothing(dag: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(AirflowSkipException, match="backfill"):
        announced(dag, RELEASED, monkeypatch, "backfill")
