"""The edges of `watch_model`, and what its tasks ask for. `start_monitor` is stood in for."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowSkipException, TaskDeferred
from fake_task import FakeTaskInstance
from watched_model import WEEK, report

from vigil.monitoring.models import Monitor, WindowStatus

WINDOW = WEEK.model_dump(mode="json")
FORM = {"window_start": None, "window_end": None, "monitors": [monitor.value for monitor in Monitor]}
PLACE = "s3://capture/reports/triage/bias/one/"


def answer(status: str = "looked", **changes: Any) -> dict[str, Any]:
    usual = {"status": status, "endpoint": "triage", "kind": "look", "monitor": None, "window": WINDOW,
             "job_name": None, "output_uri": None, "explanation": "3 captured objects"}  # fmt: skip
    return usual | changes


@pytest.fixture
def dag(dags: dict[str, Any]) -> Any:
    return dags["watch_model"]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Any:
    """What `start_monitor` was asked for; ``answer`` is what it says."""
    from vigil_airflow import monitor_steps

    told = SimpleNamespace(orders=[], answer=answer())

    def ask(order: dict[str, Any]) -> dict[str, Any]:
        told.orders.append(dict(order))
        return dict(told.answer)

    monkeypatch.setattr(monitor_steps, "ask", ask)
    return told


def test_labels_are_merged_before_the_monitors_judge_and_the_report_comes_last(dag: Any) -> None:
    assert dag.get_task("merge_ground_truth").upstream_task_ids == {"choose_window"}
    assert dag.get_task("run_monitors").upstream_task_ids == {"choose_window", "merge_ground_truth"}
    assert dag.get_task("weekly_report").upstream_task_ids >= {"run_monitors"}


def test_a_failed_analyzer_fails_the_run(dag: Any) -> None:
    assert {task.trigger_rule.value for task in dag.tasks} == {"all_success"}


def test_it_runs_on_mondays_one_run_at_a_time_and_touches_no_asset(dag: Any) -> None:
    assert (dag.timetable.expression, dag.max_active_runs) == ("0 5 * * 1", 1)
    assert not [outlet for task in dag.tasks for outlet in task.outlets]


def test_all_monitors_look_at_the_one_window_that_was_chosen(asked: Any) -> None:
    from vigil_airflow.monitor_steps import choose_window

    moment = datetime(2026, 3, 9, 5, tzinfo=UTC)
    chosen = choose_window(FORM, moment)
    assert asked.orders == [{"kind": "look", "scheduled_time": moment.isoformat()}]
    assert chosen["merge"] == {"kind": "merge-ground-truth", "window": WINDOW}
    assert chosen["orders"] == [{"monitor": monitor.value, "window": WINDOW} for monitor in Monitor]


def test_what_needs_labels_looks_once_more_at_older_windows_for_which_labels_came(asked: Any) -> None:
    from vigil_airflow.monitor_steps import choose_window

    before = {"start": "2026-02-23T12:00:00Z", "end": "2026-03-02T12:00:00Z"}
    asked.answer = answer(older=[before])
    orders = choose_window(FORM, None)["orders"]
    assert [order["monitor"] for order in orders if order["window"] == before] == ["model-quality", "bias"]
    assert len(orders) == len(Monitor) + 2


def test_the_forms_window_and_monitors_are_taken(asked: Any) -> None:
    from vigil_airflow.monitor_steps import choose_window

    form = {"window_start": "2026-03-02T12:00:00Z", "window_end": "2026-03-09T12:00:00Z", "monitors": ["bias"]}
    assert choose_window(form, None)["orders"] == [{"monitor": "bias", "window": WINDOW}]
    assert asked.orders == [{"kind": "look", "window": WINDOW}]


@pytest.mark.parametrize(
    "change",
    [{"window_start": "2026-03-02T12:00:00Z"}, {"monitors": []},
     {"window_start": "2026-03-09T12:00:00Z", "window_end": "2026-03-02T12:00:00Z"}],
    ids=json.dumps,
)  # fmt: skip
def test_half_a_window_one_that_runs_backwards_and_no_monitor_are_refused(asked: Any, change: dict[str, Any]) -> None:
    from vigil_airflow.monitor_steps import WindowRefusedError, choose_window

    with pytest.raises(WindowRefusedError):
        choose_window(FORM | change, None)
    assert asked.orders == []


def test_without_a_model_in_service_the_run_skips_and_without_a_baseline_it_says_so(asked: Any) -> None:
    from vigil_airflow.monitor_steps import NotWatchedError, choose_window

    asked.answer = answer("nothing-serves", window=None, explanation="no model is recorded")
    with pytest.raises(AirflowSkipException, match="no model"):
        choose_window(FORM, None)
    asked.answer = answer("no-baseline", window=None, explanation="it has no baseline")
    with pytest.raises(NotWatchedError, match="no baseline"):
        choose_window(FORM, None)


def operator() -> Any:
    from vigil_airflow.monitor_job import MonitorJobOperator

    return MonitorJobOperator(task_id="run_monitors", order={"monitor": "bias", "window": WINDOW})


@pytest.mark.parametrize(("status", "own"), [("started", True), ("joined", False)])
def test_it_waits_for_the_job_without_a_slot_and_stops_only_its_own(asked: Any, status: str, own: bool) -> None:
    asked.answer = answer(status, kind="monitor", monitor="bias", job_name="vigil-unit-bias-1", output_uri=PLACE)
    with pytest.raises(TaskDeferred) as deferred:
        operator().execute({"ti": FakeTaskInstance()})
    assert (deferred.value.trigger.job_name, deferred.value.trigger.own) == ("vigil-unit-bias-1", own)
    assert deferred.value.timeout is not None


def test_a_window_without_requests_is_a_result_and_no_failure(asked: Any) -> None:
    asked.answer = answer("nothing-captured", kind="monitor", monitor="bias", explanation="nothing was captured")
    assert operator().execute({"ti": FakeTaskInstance()})["status"] == "too-few"


def test_violations_are_told_and_leave_the_task_green(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from vigil_airflow import monitor_steps

    caplog.set_level(logging.INFO)
    monkeypatch.setattr(monitor_steps, "read_report", lambda prefix: report())
    done = answer("started", kind="monitor", monitor="data-quality", job_name="one", output_uri=PLACE)
    result = operator().resume({}, {"status": "Completed", "job_name": "one"}, done)
    assert (result["status"], result["violations"], result["report_uri"]) == ("violations", 1, PLACE)
    assert "data-quality: violations, 1 violations, 900 cases" in caplog.text
    assert "largest_distance 0.400" in caplog.text
    assert "the distribution of sender moved" in caplog.text


@pytest.mark.parametrize("status", ["Failed", "Stopped", "UNREACHABLE"])
def test_a_job_that_did_not_end_well_fails_the_task_with_its_own_words(
    monkeypatch: pytest.MonkeyPatch, status: str
) -> None:
    from vigil_airflow import monitor_steps
    from vigil_airflow.monitor_job import MonitorJobError

    monkeypatch.setattr(monitor_steps, "failure_of", lambda job: "the baseline is not the pinned one")
    with pytest.raises(MonitorJobError, match=r"not the pinned one|did not answer"):
        operator().resume({}, {"status": status, "reason": "timeout"}, answer("started", job_name="one"))


def test_the_report_knows_what_this_runs_jobs_found_before_it_is_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    from vigil_airflow import monitor_steps

    from vigil.aws import weekly_reports

    kept: list[Any] = []
    monkeypatch.setattr(monitor_steps, "read_report", lambda prefix: report())
    monkeypatch.setattr(weekly_reports, "keep_weekly_report", lambda window, fresh: kept.append((window, fresh)) or "x")
    results = [{"report_uri": PLACE}, {"report_uri": None}]
    assert monitor_steps.write_weekly(WINDOW, results) == "x"
    assert kept == [(WEEK, [report()])]


def test_of_two_reports_of_a_window_the_later_counts() -> None:
    from vigil.aws.weekly_reports import newest

    old, new = report(), report(status=WindowStatus.OK, finished_at=datetime(2026, 4, 1, tzinfo=UTC))
    assert newest([new, old]) == [new]
