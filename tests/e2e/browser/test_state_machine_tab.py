"""The tab *State machine* of a run and of its task: what became of the execution, for eyes, keyboards and readers."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from accessibility import assert_accessible
from airflow_browser import AirflowBrowser
from playwright.sync_api import expect

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1800)]

OF_RUN = ("/dags/train_model/runs/{run}", "light")
OF_TASK = ("/dags/train_model/runs/{run}/tasks/hand_off", "dark")
# Twice the time after which the page would look again while a run goes on.
A_WHILE_MILLISECONDS = 7_000


@pytest.mark.parametrize(("place", "theme"), [OF_RUN, OF_TASK], ids=["run", "task"])
def test_the_tab_shows_what_became_of_each_state(
    signed_in: Callable[..., AirflowBrowser], training_run: str, place: str, theme: str, tmp_path: Path
) -> None:
    window = signed_in("viewer", theme)
    window.open(place.format(run=training_run))
    window.page.get_by_role("link", name="State machine").click()
    tab = window.frame("State machine")
    state = tab.get_by_role("button", name=re.compile("^WaitForApproval: .*succeeded"))
    expect(state).to_be_visible()
    assert_accessible(tab)
    # By keyboard: the state's own panel, with what it was given, redacted.
    state.focus()
    window.page.keyboard.press("Enter")
    expect(tab.get_by_role("heading", name="WaitForApproval")).to_be_visible()
    assert_accessible(tab)
    window.screenshot(f"state-machine-{theme}", tmp_path)
    tab.get_by_text("Arguments of the call").click()
    expect(tab.get_by_label("Arguments of the call")).to_contain_text('"task_token": "[redacted]"')
    asked = len(window.requested)
    window.page.wait_for_timeout(A_WHILE_MILLISECONDS)
    assert not [at for at in window.requested[asked:] if "/vigil/state-machine" in at], "it asks about what has ended"
    assert window.strangers() == []
