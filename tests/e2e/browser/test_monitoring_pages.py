"""Monitoring and Models in the running Airflow, from its navigation, with the demo's model in service."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from accessibility import assert_accessible
from airflow_browser import AirflowBrowser, Theme
from framed_page import FramedPage
from playwright.sync_api import expect

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
