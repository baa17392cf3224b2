"""The page in Chromium, in a frame as Airflow makes it: policy, theme, address, focus, forms, and axe."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from accessibility import assert_accessible
from airflow_browser import launch, window
from airflow_shell import served, surround
from approval_pages import REQUEST, World
from approvals_page import ApprovalsPage
from fake_desk import PASSWORD
from playwright.sync_api import Browser, expect, sync_playwright

from vigil.approvals.models import Status


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = launch(playwright)
        yield launched
        launched.close()


@pytest.fixture
def url(world: World) -> Iterator[str]:
    surround(world.app)
    with served(world.app) as address:
        yield address


@pytest.fixture
def shown(browser: Browser, url: str) -> Iterator[ApprovalsPage]:
    """Nothing that the browser complains of (a policy broken, a script failing) is let pass."""
    complaints: list[str] = []
    with window(browser, url) as opened:
        opened.page.set_default_timeout(20_000)
        opened.page.on("console", lambda message: complaints.append(f"{message.type}: {message.text}"))
        opened.page.on("pageerror", lambda error: complaints.append(str(error)))
        yield ApprovalsPage(opened)
        assert opened.strangers() == []
    # Pages with their status, as meant; and what Chromium thinks of Airflow's choice for its frames.
    meant = ("the server responded with a status of", "both allow-scripts and allow-same-origin")
    assert [each for each in complaints if not any(words in each for words in meant)] == []


def outer_path(page: ApprovalsPage) -> str:
    return str(page.window.page.evaluate("location.pathname"))


def theme(page: ApprovalsPage) -> str | None:
    return page.frame.locator("html").get_attribute("data-theme")


def test_an_address_opens_its_request_and_follows_where_one_goes(shown: ApprovalsPage) -> None:
    shown.open_request(REQUEST)
    shown.headed("Candidate triage/1")
    assert outer_path(shown) == f"/plugin/approvals/{REQUEST}"
    shown.frame.get_by_role("link", name="All requests").click()
    shown.headed("Approvals")
    assert outer_path(shown) == "/plugin/approvals"
    shown.frame.get_by_role("link", name=REQUEST).click()
    shown.headed("Candidate triage/1")
    assert outer_path(shown) == f"/plugin/approvals/{REQUEST}"
    shown.window.page.go_back()
    shown.headed("Approvals")
    assert outer_path(shown) == "/plugin/approvals"


def test_the_theme_is_airflows_and_changes_with_it(shown: ApprovalsPage) -> None:
    shown.window.open("/plugin/approvals")
    shown.headed("Approvals")
    assert theme(shown) == "light"
    shown.window.page.evaluate("document.documentElement.className = 'dark'")
    expect(shown.frame.locator("html")).to_have_attribute("data-theme", "dark")
    shown.frame.get_by_role("link", name=REQUEST).click()
    shown.headed("Candidate triage/1")
    assert theme(shown) == "dark"
    assert [shown.frame.locator(f"img.{each}").first.is_visible() for each in ("dark", "light")] == [True, False]


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_every_page_of_a_signature_is_accessible_and_announces_what_happened(
    shown: ApprovalsPage, world: World, colours: str, tmp_path: Path
) -> None:
    window_ = shown.window
    window_.page.add_init_script(f"localStorage.setItem('theme', '{colours}')")
    window_.open("/plugin/approvals")
    shown.headed("Approvals")
    assert_accessible(shown.frame)
    shown.open_request(REQUEST)
    assert_accessible(shown.frame)
    shown.frame.get_by_label("Rejected").check()
    assert shown.frame.get_by_label("Comment", exact=True).evaluate("field => field.required")
    shown.choose("reviewed", "for <b>all</b> I know")
    shown.headed("Confirm your signature")
    assert_accessible(shown.frame)
    shown.confirm("reviewed", "wrong")
    shown.headed("Nothing was signed")
    assert focused(shown) == "alert"
    assert_accessible(shown.frame)
    shown.says("for <b>all</b> I know")
    shown.confirm("reviewed", PASSWORD)
    shown.headed("Signed")
    assert focused(shown) == "status"
    assert_accessible(shown.frame)
    window_.screenshot(f"signed-{colours}", tmp_path)
    assert [each.signer for each in world.desk.request.signatures] == ["ana"]
    world.desk.change(status=Status.EXPIRED)
    shown.open_request(REQUEST)
    assert_accessible(shown.frame)


# Each figure by the name of its picture in the documentation: there what they show is invented.
FIGURES = {
    "roc": "ROC curve", "precision-recall": "Precision and recall", "calibration": "Calibration",
    "subgroups": "AUROC by subgroup", "scores": "Distribution of scores",
}  # fmt: skip


def test_figures_drift_and_changes_are_shown_of_a_candidate_that_differs_from_the_model_in_service(
    shown: ApprovalsPage, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delitem(sys.modules, "vigil.approvals.plots")  # the real ones, which take a second to draw
    frame = shown.open_request(REQUEST)
    for name, title in FIGURES.items():
        figure = frame.locator("figure", has_text=title)
        assert figure.locator("img.light").evaluate("image => image.decode().then(() => image.naturalWidth)") > 0
        figure.evaluate("element => element.scrollIntoView()")
        shown.window.screenshot(f"approvals-plot-{name}", tmp_path)
    moved = frame.get_by_role("table", name="From the data of the model in service to the candidate's")
    assert moved.locator("tbody tr").count() > 0
    moved.evaluate("element => element.scrollIntoView({block: 'center'})")
    shown.window.screenshot("approvals-drift", tmp_path)
    changed = frame.get_by_role("table", name="What differs from the model in service")
    assert changed.locator("tbody tr").count() >= len(("code", "hyperparameters", "plan"))
    shown.scroll_to("What changed")
    shown.window.screenshot("approvals-changed", tmp_path)


def focused(page: ApprovalsPage) -> str | None:
    return page.frame.evaluate("document.activeElement.getAttribute('role')")  # type: ignore[no-any-return]


def test_a_form_is_sent_once_however_often_the_button_is_pressed(shown: ApprovalsPage, world: World) -> None:
    shown.open_request(REQUEST)
    shown.choose("reviewed", "")
    shown.headed("Confirm your signature")
    shown.frame.get_by_label("Password for signing").fill(PASSWORD)
    shown.frame.get_by_role("button", name="Sign: reviewed").dblclick()
    shown.headed("Signed")
    assert world.desk.calls["sign"] == 1


def test_it_works_on_a_narrow_window_without_scrolling_sideways(shown: ApprovalsPage) -> None:
    """WCAG 2.2, 1.4.10: 320 CSS pixels; tables scroll within themselves."""
    shown.window.page.set_viewport_size({"width": 320, "height": 640})
    shown.open_request(REQUEST)
    assert shown.frame.evaluate("document.documentElement.scrollWidth") <= 320


def test_without_scripts_all_can_be_done_by_itself(browser: Browser, url: str, world: World) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.set_default_timeout(20_000)
    page.goto(f"{url}/vigil/approvals")
    page.get_by_role("link", name=REQUEST).click()
    page.get_by_label("Reviewed").check()
    page.get_by_role("button", name="Continue to confirmation").click()
    page.get_by_label("Password for signing").fill(PASSWORD)
    page.get_by_role("button", name="Sign: reviewed").click()
    expect(page.get_by_role("heading", name="Signed", exact=True)).to_be_visible()
    context.close()
    assert len(world.desk.request.signatures) == 1


def test_another_sites_page_can_neither_frame_nor_send_it(browser: Browser, url: str, world: World) -> None:
    """``localhost`` is another site than 127.0.0.1 to a browser, as an attacker's is."""
    from fastapi import FastAPI
    from fastapi.responses import HTMLResponse

    evil = FastAPI()
    action = f"{url}/vigil/approvals/{REQUEST}/confirm"
    form = f'<form method="post" action="{action}"><input name="meaning" value="reviewed">'

    @evil.get("/frame", response_class=HTMLResponse)
    def frame() -> str:
        return f'<iframe src="{url}/vigil/approvals"></iframe>'

    @evil.get("/form", response_class=HTMLResponse)
    def page_with_form() -> str:
        return f"{form}<button>win</button></form>"

    with served(evil) as address, window(browser, address.replace("127.0.0.1", "localhost")) as opened:
        opened.page.goto(f"{url}/vigil/approvals/{REQUEST}")  # the victim has our cookie
        opened.open("/frame")
        [framed] = opened.page.frames[1:]
        assert "Approvals" not in framed.content()
        opened.open("/form").get_by_role("button").click()
        expect(opened.page.get_by_text("This form was not made by this page for you")).to_be_visible()
    assert world.desk.calls["prepare"] == 0
