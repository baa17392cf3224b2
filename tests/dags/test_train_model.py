"""The edges that a wrong hand-off would cross, and what is handed over."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from fake_task import FakeTaskInstance

A, B = "a" * 64, "b" * 64


@pytest.fixture
def dag(dags: dict[str, Any]) -> Any:
    return dags["train_model"]


def test_nothing_is_handed_off_before_the_dataset_was_chosen(dag: Any) -> None:
    assert dag.get_task("hand_off").upstream_task_ids == {"choose_dataset"}


def test_what_was_chosen_is_what_is_handed_off(dag: Any) -> None:
    request = dag.get_task("hand_off").request
    assert request.operator.task_id == "choose_dataset"
    assert request.key == "return_value"


def test_the_only_way_out_is_the_hand_off_to_train_and_promote(dag: Any) -> None:
    from vigil_airflow.state_machine import StateMachineOperator

    assert {task.task_id for task in dag.tasks} == {"choose_dataset", "hand_off"}
    assert isinstance(dag.get_task("hand_off"), StateMachineOperator)
    assert dag.get_task("hand_off").machine == "train_and_promote"


def test_it_starts_when_the_dataset_asset_is_updated(dag: Any) -> None:
    assert [asset.name for asset in dag.timetable.asset_condition.objects] == ["faers-dataset"]


def test_the_asset_that_starts_it_is_the_one_that_build_dataset_updates(dags: dict[str, Any]) -> None:
    announced = dags["build_dataset"].get_task("announce").outlets
    assert announced == list(dags["train_model"].timetable.asset_condition.objects)


def test_one_run_at_a_time_so_that_events_coalesce(dag: Any) -> None:
    assert dag.max_active_runs == 1


def test_the_hand_off_waits_without_a_limit(dag: Any) -> None:
    assert dag.get_task("hand_off").execution_timeout is None
    assert dag.dagrun_timeout is None


def test_the_machine_named_is_one_that_the_stack_has(dag: Any) -> None:
    from vigil.aws.environment import StateMachines

    assert dag.get_task("hand_off").machine in StateMachines.model_fields


@pytest.mark.parametrize("version", ["abc", "A" * 64, "a" * 63])
def test_the_form_refuses_what_is_no_version(dag: Any, version: str) -> None:
    from airflow.sdk.exceptions import ParamValidationError

    with pytest.raises(ParamValidationError):
        dag.params.get_param("dataset_version").resolve(version)


@pytest.mark.parametrize("hyperparameters", [{"max_depth": [4]}, {"max_depth": {"at_least": 4}}, "max_depth=4"])
def test_the_form_takes_hyperparameters_as_plain_values_only(dag: Any, hyperparameters: object) -> None:
    from airflow.sdk.exceptions import ParamValidationError

    assert dag.params.get_param("hyperparameters").resolve({"max_depth": 4, "seed": "7"})
    with pytest.raises(ParamValidationError):
        dag.params.get_param("hyperparameters").resolve(hyperparameters)


def chosen(
    dag: Any, monkeypatch: pytest.MonkeyPatch, events: list[Any], params: dict[str, Any], user: str | None
) -> tuple[dict[str, Any], FakeTaskInstance]:
    from vigil_airflow.asset import FAERS_DATASET

    task_instance = FakeTaskInstance(task_id="choose_dataset")
    context = {
        "triggering_asset_events": {FAERS_DATASET: events} if events else {},
        "dag_run": SimpleNamespace(triggering_user_name=user),
        "params": params,
        "ti": task_instance,
    }
    function = dag.get_task("choose_dataset").python_callable
    monkeypatch.setitem(function.__globals__, "get_current_context", lambda: context)
    return function(), task_instance


def released(version: str, minute: int) -> SimpleNamespace:
    return SimpleNamespace(timestamp=datetime(2026, 1, 1, 0, minute, tzinfo=UTC), extra={"version": version})


def test_a_run_that_releases_started_takes_the_newest_and_records_the_others(
    dag: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    params = {"dataset_version": None, "reason": None, "hyperparameters": {}}
    request, task_instance = chosen(dag, monkeypatch, [released(A, 1), released(B, 2)], params, None)
    assert request == {
        "dataset_version": B,
        "requested_by": "airflow:faers-dataset",
        "reason": "a new dataset version was released",
        "hyperparameters": {},
    }
    assert task_instance.xcoms["superseded"] == [A]


def test_a_run_that_a_persons_release_started_names_that_person(dag: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    params = {"dataset_version": None, "reason": None, "hyperparameters": {}}
    event = released(A, 1)
    event.extra["requested_by"] = "jane"
    request, _ = chosen(dag, monkeypatch, [event], params, None)
    assert request["requested_by"] == "airflow:jane"


def test_a_run_by_hand_names_the_person(dag: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    params = {"dataset_version": A, "reason": "drift", "hyperparameters": {"max_depth": 4}}
    request, _ = chosen(dag, monkeypatch, [], params, "jane")
    assert (request["requested_by"], request["hyperparameters"]) == ("airflow:jane", {"max_depth": "4"})
