"""The state machine's drawing as an operator meets it: a tab on the run and one on its task, inside Airflow's UI."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from accessibility import assert_accessible
from airflow_browser import AirflowBrowser
from running_stack import RunningStack

from vigil.cli.demo.airflow_api import AirflowApi

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1800)]

Enter = Callable[..., AirflowBrowser]


@pytest.fixture(scope="module")
def train_run(running_stack: RunningStack) -> str:
    """The id of the demo's first run of `train_model`, which ended in service."""
    ports = json.loads((running_stack.state_dir / "airflow" / "ports.json").read_text())
    password = (running_stack.state_dir / "secrets" / "airflow-admin.password").read_text()
    api = AirflowApi(f"http://127.0.0.1:{ports['api']}", "admin", password)
    first, *_ = [each.run_id for each in api.runs_since("train_model", "2020-01-01T00:00:00Z")]
    api.close()
    return first


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_runs_tab_draws_the_way_that_it_took(signed_in: Enter, train_run: str, theme: str, tmp_path: Path) -> None:
    window = signed_in("viewer", theme)
    window.open(f"/dags/train_model/runs/{train_run}")
    window.page.get_by_role("link", name="State machine").click()
    tab = window.frame("State machine")
    tab.locator('[data-state="InService"].succeeded').wait_for()
    tab.get_by_text("this page no longer asks").wait_for()
    assert_accessible(tab)
    assert window.screenshot(f"state-machine-tab-{theme}", tmp_path).stat().st_size > 20_000
    assert window.strangers() == []


def test_the_tasks_tab_shows_the_same_and_the_execution_that_it_started(signed_in: Enter, train_run: str) -> None:
    window = signed_in("viewer")
    window.open(f"/dags/train_model/runs/{train_run}/tasks/hand_off")
    window.page.get_by_role("link", name="State machine").click()
    tab = window.frame("State machine")
    tab.locator('[data-state="UpdateEndpoint"]').click()
    tab.get_by_role("button", name="Show the execution it started").click()
    tab.locator('[data-state="SmokeTest"].succeeded').wait_for()
    assert window.strangers() == []


def test_every_execution_of_the_demo_has_its_archive_and_no_token_in_it(running_stack: RunningStack) -> None:
    states, s3 = running_stack.client("stepfunctions"), running_stack.client("s3")
    bucket = running_stack.parameter("buckets/audit")
    for machine in ("train-and-promote", "update-endpoint"):
        arn = running_stack.parameter(f"state-machines/{machine}")
        ended = states.list_executions(stateMachineArn=arn, statusFilter="SUCCEEDED")["executions"]
        assert ended
        for execution in ended:
            key = f"histories/{arn.rpartition(':')[2]}/{execution['name']}.jsonl"
            first, *events = s3.get_object(Bucket=bucket, Key=key)["Body"].read().splitlines()
            assert json.loads(first)["executionArn"] == execution["executionArn"]
            history = states.get_execution_history(executionArn=execution["executionArn"], maxResults=1000)["events"]
            assert len(events) == len(history)
            assert not [line for line in events if b'"task_token": "A' in line or b'task_token\\": \\"A' in line]
