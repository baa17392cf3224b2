"""The edges that a wrong release would cross, and what the tasks around them do."""

from __future__ import annotations

from datetime import UTC, date, datetime
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


def test_the_form_offers_exactly_the_engines_that_exist(dag: Any) -> None:
    from vigil.cases.engine import DUCKDB, ENGINES

    param = dag.params.get_param("engine")
    assert (set(param.schema["enum"]), param.resolve()) == (set(ENGINES), DUCKDB)


def test_each_quarter_has_one_date_and_a_backfill_of_eight_quarters_has_eight(dag: Any) -> None:
    from vigil.datasets.selection import quarter_ended_before

    days = scheduled(dag, "2024-05-01", "2026-03-01")
    quarters = [str(quarter_ended_before(day)) for day in days]
    assert quarters == ["2024Q1", "2024Q2", "2024Q3", "2024Q4", "2025Q1", "2025Q2", "2025Q3", "2025Q4"]


def test_switching_the_dag_on_starts_nothing(dag: Any) -> None:
    """A first run at once would build a dataset that nobody asked for."""
    from airflow.serialization.serialized_objects import DagSerialization
    from airflow.timetables.base import TimeRestriction
    from pendulum import now

    timetable = DagSerialization.from_dict(DagSerialization.to_dict(dag)).timetable
    restriction = TimeRestriction(earliest=dag.start_date, latest=None, catchup=dag.catchup)
    first = timetable.next_dagrun_info(last_automated_data_interval=None, restriction=restriction)
    assert first is not None and first.run_after > now("UTC")


def scheduled(dag: Any, first: str, last: str) -> list[date]:
    """The days of the runs that a backfill of a range of dates makes."""
    from airflow.serialization.serialized_objects import DagSerialization
    from pendulum import parse

    loaded = DagSerialization.from_dict(DagSerialization.to_dict(dag))
    return [info.logical_date.date() for info in loaded.iter_dagrun_infos_between(parse(first), parse(last))]


def landing_facts(dag: Any, monkeypatch: pytest.MonkeyPatch, run_type: str, logical_date: datetime | None) -> Any:
    """What `land` tells the library of its run."""
    asked: list[Any] = []

    def arguments(_archives: list[str], _profile: str, _engine: str, run: Any) -> dict[str, Any]:
        asked.append(run)
        return {}

    monkeypatch.setattr("vigil_airflow.dataset_steps.curation_arguments", arguments)
    function = dag.get_task("land").python_callable
    run = _Run(run_type)
    run.run_id, run.logical_date = "run-1", logical_date
    params = {"archives": [], "profile": "full", "engine": "duckdb"}
    monkeypatch.setitem(function.__globals__, "get_current_context", lambda: {"dag_run": run, "params": params})
    function()
    return asked[0]


@pytest.mark.parametrize(
    ("run_type", "logical_date", "is_backfill", "as_of"),
    [
        ("backfill", datetime(2024, 5, 15, 6, tzinfo=UTC), True, date(2024, 5, 15)),
        ("scheduled", datetime(2024, 5, 15, 6, tzinfo=UTC), False, date(2024, 5, 15)),
        ("manual", datetime(2024, 5, 15, 6, tzinfo=UTC), False, None),
        ("manual", None, False, None),
    ],
)
def test_a_run_by_date_is_as_of_its_date_and_a_run_by_hand_is_not(
    dag: Any,
    monkeypatch: pytest.MonkeyPatch,
    run_type: str,
    logical_date: datetime | None,
    is_backfill: bool,
    as_of: date | None,
) -> None:
    facts = landing_facts(dag, monkeypatch, run_type, logical_date)
    assert (facts.run_id, facts.is_backfill, facts.as_of) == ("run-1", is_backfill, as_of)


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
    run_id: str
    logical_date: datetime | None

    def __init__(self, run_type: str) -> None:
        self.run_type, self.triggering_user_name, self.run_id = run_type, "jane", "manual__1"


def announced(
    dag: Any,
    released: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    run_type: str = "manual",
    reason: str | None = None,
) -> Any:
    function = dag.get_task("announce").python_callable
    context = {"dag_run": _Run(run_type), "params": {"archives": [], "reason": reason}}
    monkeypatch.setitem(function.__globals__, "get_current_context", lambda: context)
    return list(function(released))


def test_a_reason_that_was_given_travels_with_the_event(dag: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    (event,) = announced(dag, RELEASED, monkeypatch, reason="drift decision 1")
    assert event.extra["reason"] == "drift decision 1"


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
