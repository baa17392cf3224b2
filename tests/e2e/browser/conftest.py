"""A browser for the session, and windows of it in which people are signed in to the one running Airflow."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from airflow_browser import AirflowBrowser, Theme, launch, window
from playwright.sync_api import Browser, sync_playwright
from running_stack import RunningStack

from vigil.cli.demo.airflow_api import AirflowApi


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = launch(playwright)
        yield launched
        launched.close()


@pytest.fixture
def signed_in(browser: Browser, running_stack: RunningStack) -> Iterator[Callable[..., AirflowBrowser]]:
    """Opens a window for a user of Airflow, signed in by its form. Closed after the test."""
    ports = json.loads((running_stack.state_dir / "airflow" / "ports.json").read_text())
    with ExitStack() as windows:

        def enter(user: str, theme: Theme = "light") -> AirflowBrowser:
            opened = windows.enter_context(window(browser, f"http://127.0.0.1:{ports['api']}", theme))
            opened.sign_in(user, (running_stack.state_dir / "secrets" / f"airflow-{user}.password").read_text())
            return opened

        yield enter


@pytest.fixture(scope="session")
def build_run(running_stack: RunningStack) -> str:
    """The id of the demo's run of `build_dataset`."""
    ports = json.loads((running_stack.state_dir / "airflow" / "ports.json").read_text())
    password = (running_stack.state_dir / "secrets" / "airflow-admin.password").read_text()
    api = AirflowApi(f"http://127.0.0.1:{ports['api']}", "admin", password)
    (run,) = [each.run_id for each in api.runs_since("build_dataset", "2020-01-01T00:00:00Z") if "demo-" in each.run_id]
    api.close()
    return run
