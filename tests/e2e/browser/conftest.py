"""A browser for the session, and windows of it in which people are signed in to the one running Airflow."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from airflow_browser import AirflowBrowser, Theme, launch, window
from playwright.sync_api import Browser, sync_playwright
from running_stack import RunningStack, await_value

from vigil.cli.demo.airflow_api import AirflowApi

LONG_AGO = "2020-01-01T00:00:00Z"


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = launch(playwright)
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def airflow_url(running_stack: RunningStack) -> str:
    ports = json.loads((running_stack.state_dir / "airflow" / "ports.json").read_text())
    return f"http://127.0.0.1:{ports['api']}"


@pytest.fixture
def signed_in(
    browser: Browser, running_stack: RunningStack, airflow_url: str
) -> Iterator[Callable[..., AirflowBrowser]]:
    """Opens a window for a user of Airflow, signed in by its form. Closed after the test."""
    with ExitStack() as windows:

        def enter(user: str, theme: Theme = "light") -> AirflowBrowser:
            opened = windows.enter_context(window(browser, airflow_url, theme))
            opened.sign_in(user, running_stack.password(f"airflow-{user}" if user in {"admin", "viewer"} else user))
            return opened

        yield enter


@pytest.fixture(scope="session")
def airflow_api(running_stack: RunningStack, airflow_url: str) -> Iterator[AirflowApi]:
    api = AirflowApi(airflow_url, "admin", running_stack.password("airflow-admin"))
    yield api
    api.close()


@pytest.fixture(scope="session")
def build_run(airflow_api: AirflowApi) -> str:
    """The id of the demo's run of `build_dataset`."""
    runs = airflow_api.runs_since("build_dataset", LONG_AGO)
    return next(each.run_id for each in runs if each.run_id.startswith("demo-"))


@pytest.fixture(scope="session")
def training_run(airflow_api: AirflowApi) -> str:
    """The id of the demo's run of `train_model`, which ended with a model in service."""
    return next(each.run_id for each in airflow_api.runs_since("train_model", LONG_AGO) if each.state == "success")


@pytest.fixture(scope="session")
def demo_request(running_stack: RunningStack) -> dict[str, Any]:
    """The request that the demo's own people signed: its output names it."""
    return next(each for each in running_stack.requests() if each["request_id"] in running_stack.demo_output)


@pytest.fixture(scope="session")
def waiting_run(airflow_api: AirflowApi, running_stack: RunningStack, training_run: str) -> str:
    """Another run of `train_model`, asked for by hand: its execution waits for signatures."""
    run_id = f"by-hand-{uuid.uuid4().hex[:6]}"
    version = running_stack.requests()[0]["facts"]["dataset_version"]
    airflow_api.trigger("train_model", run_id, {"dataset_version": version, "reason": "to be signed on the page"})
    return run_id


@pytest.fixture(scope="session")
def waiting(running_stack: RunningStack, airflow_api: AirflowApi, waiting_run: str) -> dict[str, str]:
    """What it is for → the id of a request that waits. Asked for together: the machine works on all at once."""
    asked = running_stack.ask_for_trainings(["to be refused", "to come too late"])

    def request_of_run() -> str | None:
        if running_stack.waits() <= len(asked):
            return None
        arn = airflow_api.xcom("train_model", waiting_run, "hand_off", "execution_arn")
        open_ones = [each for each in running_stack.requests() if each["status"] == "PENDING"]
        return next((each["request_id"] for each in open_ones if each["execution_arn"] == arn), None)

    signed = await_value(request_of_run, "the request of the run by hand", 600)
    return {"to be signed": signed, **{reason: request["request_id"] for reason, request in asked.items()}}
