"""The quality report as a data engineer meets it: a tab on the run, inside Airflow's UI."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from accessibility import assert_accessible
from airflow_browser import AirflowBrowser

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1800)]


def test_the_tab_shows_the_report_and_asks_nobody_else_for_anything(
    signed_in: Callable[..., AirflowBrowser], build_run: str, tmp_path: Path
) -> None:
    window = signed_in("viewer")
    window.open(f"/dags/build_dataset/runs/{build_run}")
    # The report forbids every script, also those by which a test looks into a frame: its text is taken as it comes in.
    with window.page.expect_response("**/vigil/quality/**") as came:
        window.page.get_by_role("link", name="Quality report").click()
    report = came.value
    assert report.request.frame.frame_element().get_attribute("title") == "Quality report"
    assert report.status == 200
    assert "May be released" in report.text() and report.text().count("<svg") > 3
    report.request.frame.wait_for_load_state()
    assert window.screenshot("quality-report-tab", tmp_path).stat().st_size > 20_000
    assert window.strangers() == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_report_can_be_read_by_everybody(
    signed_in: Callable[..., AirflowBrowser], build_run: str, theme: str
) -> None:
    window = signed_in("viewer", theme)
    answer = window.page.context.request.get(f"{window.url}/vigil/quality/build_dataset/{build_run}")
    # The report forbids every script, and axe is one: so it is judged outside the frame that Airflow shows it in.
    window.page.goto("about:blank")
    window.page.set_content(answer.text())
    assert_accessible(window.page)
