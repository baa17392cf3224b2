"""Monitoring and Models in the running Airflow, from its navigation, with the demo's model in service."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from accessibility import assert_accessible
from airflow_browser import AirflowBrowser, Theme
from framed_page import FramedPage
from playwright.sync_api import expect
from running_stack import RunningStack

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1800)]


@pytest.fixture(scope="session")
def model_in_service(training_run: str) -> None:
    """The demo has ended with a model in service."""


def opened(signed_in: Callable[..., AirflowBrowser], view: str, theme: Theme, user: str = "viewer") -> FramedPage:
    window = signed_in(user, theme)
    window.page.get_by_role("link", name=view, exact=True).click()
    page = FramedPage(window, view)
    page.headed(view)
    return page


@pytest.mark.usefixtures("model_in_service")
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_monitoring_shows_the_model_in_service_and_when_it_is_looked_at_next(
    signed_in: Callable[..., AirflowBrowser], theme: Theme, tmp_path: Path
) -> None:
    page = opened(signed_in, "Monitoring", theme)
    expect(page.frame.get_by_role("heading", name="at the endpoint")).to_be_visible()
    expect(page.frame.get_by_role("heading", name="Data quality").first).to_be_visible()
    expect(page.frame.get_by_text("It lives and dies with the endpoint")).to_be_visible()
    assert_accessible(page.frame)
    page.window.screenshot(f"monitoring-{theme}", tmp_path)
    assert page.window.strangers() == []


@pytest.mark.usefixtures("model_in_service")
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_models_shows_what_serves_and_who_signed(
    signed_in: Callable[..., AirflowBrowser], theme: Theme, tmp_path: Path
) -> None:
    page = opened(signed_in, "Models", theme)
    expect(page.frame.get_by_text("of requests").first).to_be_visible()
    expect(page.frame.get_by_role("article").filter(has_text="✓ serves")).to_have_count(1)
    expect(page.frame.get_by_text("Approved by").first).to_be_visible()
    assert page.frame.locator("form").count() == 0
    assert_accessible(page.frame)
    page.window.screenshot(f"models-{theme}", tmp_path)
    assert page.window.strangers() == []


@pytest.fixture(scope="session")
def decided(running_stack: RunningStack, model_in_service: None) -> dict[str, Any]:
    """The drift demo's decision to retrain; where `test_drift.py` has not run on this stack there is none."""
    decisions = json.loads(running_stack.vigil("drift", "list", "--json").stdout)
    retrained = [each for each in decisions if each["decide"] == "retrain"]
    if not retrained:
        pytest.skip("no drift was decided on yet: tests/e2e/test_drift.py makes one")
    found: dict[str, Any] = retrained[-1]
    return found


def test_after_drift_its_window_shows_what_moved_and_what_was_decided(
    signed_in: Callable[..., AirflowBrowser], decided: dict[str, Any], tmp_path: Path
) -> None:
    page = opened(signed_in, "Monitoring", "light")
    retrained = page.frame.get_by_role("article").filter(has_text=decided["decision_id"])
    expect(retrained.get_by_text("Airflow was asked to retrain")).to_be_visible()
    expect(page.frame.get_by_role("link", name="Data quality, ").filter(has_text="violation").first).to_be_visible()
    page.scroll_to("Drift decisions")
    page.window.screenshot("drift-decision-light", tmp_path)
    page.press_at(retrained.get_by_role("link", name="The window this is about"), "Enter")
    expect(page.frame.get_by_role("heading", name="Distributions against the baseline")).to_be_visible()
    moved = decided["report"]["violations"][0]["feature"]
    expect(page.frame.get_by_role("img", name=f"{moved}: baseline and window as bars")).to_be_visible()
    expect(page.frame.get_by_role("heading", name="What was decided")).to_be_visible()
    assert_accessible(page.frame)
    page.window.screenshot("drift-window-light", tmp_path)
    page.scroll_to("Distributions against the baseline")
    page.window.screenshot("drift-moved-light", tmp_path)


@pytest.mark.usefixtures("decided")
def test_after_drift_both_versions_stand_with_how_they_compare(
    signed_in: Callable[..., AirflowBrowser], tmp_path: Path
) -> None:
    page = opened(signed_in, "Models", "light")
    versions = page.frame.get_by_role("article")
    expect(versions.filter(has_text="✓ serves")).to_have_count(1)
    expect(versions.filter(has_text="○ served before").first).to_be_visible()
    expect(versions.filter(has_text="in the paired test").first).to_be_visible()
    expect(versions.filter(has_text="in the shadow").first).to_be_visible()
    page.window.screenshot("drift-models-light", tmp_path)
