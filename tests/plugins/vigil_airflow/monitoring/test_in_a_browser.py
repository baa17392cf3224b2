"""Both pages in Chromium, in a frame as Airflow makes it: policy, theme, address, keyboard, and axe."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from accessibility import assert_accessible
from airflow_browser import AirflowBrowser, Theme, launch, window
from airflow_shell import served, surround
from framed_page import FramedPage
from model_examples import RIGHT_PASSWORD, arn
from monitoring_examples import window as window_of
from monitoring_pages import MonitoringWorld
from playwright.sync_api import Browser, expect, sync_playwright

REASON = "Calibration is lost since the last release."


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = launch(playwright)
        yield launched
        launched.close()


@pytest.fixture
def opened(browser: Browser, world: MonitoringWorld) -> Iterator[Callable[..., AirflowBrowser]]:
    """Windows in which nothing that the browser complains of (a policy broken, a script failing) is let pass."""
    complaints, shown = list[str](), list[AirflowBrowser]()
    surround(world.app)
    with served(world.app) as url, ExitStack() as windows:

        def enter(theme: Theme = "light") -> AirflowBrowser:
            made = windows.enter_context(window(browser, url, theme))
            made.page.set_default_timeout(20_000)
            made.page.on("console", lambda message: complaints.append(f"{message.type}: {message.text}"))
            made.page.on("pageerror", lambda error: complaints.append(str(error)))
            shown.append(made)
            return made

        yield enter
        assert [each.strangers() for each in shown] == [[]] * len(shown)
    meant = ("the server responded with a status of", "both allow-scripts and allow-same-origin")
    assert [each for each in complaints if not any(words in each for words in meant)] == []


def focused(page: FramedPage) -> str | None:
    return page.frame.evaluate("document.activeElement.getAttribute('role')")  # type: ignore[no-any-return]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_violated_window_what_moved_in_it_and_what_was_decided(
    opened: Callable[..., AirflowBrowser], theme: Theme, tmp_path: Path
) -> None:
    page = FramedPage(opened(theme), "Monitoring")
    frame = page.open()
    expect(frame.get_by_text("2 of 4 monitors violated")).to_be_visible()
    assert_accessible(frame)
    page.window.screenshot(f"monitoring-{theme}", tmp_path)
    moved = frame.get_by_role("img", name="reporter_country: baseline and window as bars")
    expect(moved).to_be_visible()
    frame.get_by_text("reporter_country as a table").click()
    expect(frame.get_by_role("cell", name="11.2%")).to_be_visible()
    page.scroll_to("Performance over time")
    page.window.screenshot(f"monitoring-performance-{theme}", tmp_path)
    page.scroll_to("Which features decide")
    page.window.screenshot(f"monitoring-attribution-{theme}", tmp_path)
    page.scroll_to("Drift decisions")
    decided = frame.get_by_role("article").filter(has_text="Retrain: data quality")
    expect(decided.get_by_text("Airflow was asked to retrain")).to_be_visible()
    page.window.screenshot(f"monitoring-decisions-{theme}", tmp_path)
    link = frame.get_by_role("link", name="Data quality, 23 Feb to 2 Mar 2026: violated, 3 violations")
    page.press_at(link, "Enter")
    page.headed("Data quality, 23 Feb to 2 Mar 2026")
    assert_accessible(page.frame)
    page.window.screenshot(f"monitoring-window-{theme}", tmp_path)
    assert page.outer_path() == f"/plugin/monitoring/{window_of(7).key}/data-quality"


def test_an_address_opens_its_window_and_follows_where_one_goes(opened: Callable[..., AirflowBrowser]) -> None:
    page = FramedPage(opened(), "Monitoring")
    page.open(f"/{window_of(6).key}/bias")
    page.headed("Bias, 16 Feb to 23 Feb 2026")
    page.frame.get_by_role("link", name="Monitoring").click()
    page.headed("Monitoring")
    assert page.outer_path() == "/plugin/monitoring"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_roll_back_is_asked_for_by_keyboard_alone(
    opened: Callable[..., AirflowBrowser], world: MonitoringWorld, theme: Theme, tmp_path: Path
) -> None:
    page = FramedPage(opened(theme), "Models")
    frame = page.open()
    page.headed("Models")
    assert_accessible(frame)
    page.window.screenshot(f"models-{theme}", tmp_path)
    page.press_at(frame.get_by_role("link", name="Ask for a roll-back to triage/5"), "Enter")
    page.headed("Ask for a roll-back to triage/5")
    assert page.outer_path() == "/plugin/models/5/rollback"
    assert_accessible(page.frame)
    field = page.frame.get_by_label("Why should it come back?")
    page.tab_to(field)
    page.window.page.keyboard.type("   ")
    page.press_at(page.frame.get_by_role("button", name="Continue to confirmation"), "Enter")
    page.headed("Nothing was asked for")
    assert focused(page) == "alert"
    assert_accessible(page.frame)
    page.window.page.keyboard.press("Tab")
    page.window.page.keyboard.press("Enter")  # the message leads to its field
    assert page.frame.get_by_label("Why should it come back?").evaluate("it => it === document.activeElement")
    page.window.page.keyboard.type(REASON)
    page.window.screenshot(f"models-rollback-{theme}", tmp_path)
    page.press_at(page.frame.get_by_role("button", name="Continue to confirmation"), "Enter")
    page.headed("Confirm the roll-back")
    assert_accessible(page.frame)
    page.window.screenshot(f"models-confirm-{theme}", tmp_path)
    assert world.models.asked == []
    page.tab_to(page.frame.get_by_label("Password for signing"))
    page.window.page.keyboard.type("a wrong one")
    page.window.page.keyboard.press("Enter")
    page.headed("Nothing was asked for")
    assert focused(page) == "alert"
    assert_accessible(page.frame)
    page.tab_to(page.frame.get_by_label("Password for signing"))
    page.window.page.keyboard.type(RIGHT_PASSWORD)
    page.press_at(page.frame.get_by_role("button", name="Ask for it"), "Enter")
    page.headed("The roll-back is asked for")
    assert focused(page) == "status"
    assert_accessible(page.frame)
    page.window.screenshot(f"models-asked-{theme}", tmp_path)
    assert [(model, reason) for model, reason, _ in world.models.asked] == [(arn(5), REASON)]


def test_a_viewer_sees_the_models_and_no_way_to_ask(
    opened: Callable[..., AirflowBrowser], world: MonitoringWorld
) -> None:
    world.sign_in("vera", "viewer")
    page = FramedPage(opened(), "Models")
    frame = page.open()
    page.headed("Models")
    assert frame.locator("form").count() == 0
    assert frame.get_by_role("link", name="Ask for a roll-back").count() == 0


@pytest.mark.parametrize("view", ["Monitoring", "Models"])
def test_it_works_on_a_narrow_window_without_scrolling_sideways(
    opened: Callable[..., AirflowBrowser], view: str
) -> None:
    """WCAG 2.2, 1.4.10: 320 CSS pixels; tables scroll within themselves."""
    page = FramedPage(opened(), view)
    page.window.page.set_viewport_size({"width": 320, "height": 640})
    frame = page.open()
    page.headed(view)
    assert frame.evaluate("document.documentElement.scrollWidth") <= 320
