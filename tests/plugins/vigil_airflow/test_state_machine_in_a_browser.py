"""The tab in Chromium, framed and sandboxed as Airflow frames it, over executions of local_aws's engine."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from accessibility import assert_accessible
from airflow.api_fastapi.core_api.security import get_user
from airflow_browser import CHROMIUM, launch
from engine_client import EngineClient
from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from playwright.sync_api import Browser, Frame, sync_playwright
from promotion_world import PromotionWorld
from state_machines import eventually
from vigil_airflow.pages.state_machine import files, routes, run_execution

from vigil.aws.execution_view import ExecutionReader

pytestmark = pytest.mark.skipif(
    not Path(CHROMIUM).exists(), reason="Chromium is not installed: scripts/install_debian_packages.sh brings it"
)
# As Airflow 3.3.1 writes it.
SANDBOX = "allow-scripts allow-same-origin allow-forms"
FRAME = f'<html class="{{theme}}"><iframe sandbox="{SANDBOX}" width="1240" height="{{height}}" src="{{at}}">'


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = launch(playwright)
        yield launched
        launched.close()


@pytest.fixture
def promotion(tmp_path: Path) -> Iterator[PromotionWorld]:
    world = PromotionWorld(tmp_path)
    yield world
    world.close()


class Manager:
    def is_authorized_dag(self, **_: Any) -> bool:
        return True


@pytest.fixture
def site(promotion: PromotionWorld, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A server with the tab's routes; a run is named by the execution's name."""
    reader = ExecutionReader(EngineClient(promotion.world))
    prefix = promotion.machines["train-and-promote"].replace(":stateMachine:", ":execution:")
    monkeypatch.setattr(routes, "get_auth_manager", Manager)
    monkeypatch.setattr(routes, "reader", lambda: reader)
    monkeypatch.setattr(run_execution, "run_is_going", lambda dag, run: False)
    monkeypatch.setattr(
        run_execution, "execution_of", lambda dag, run, task: None if run == "none" else f"{prefix}:{run}"
    )
    monkeypatch.setattr(run_execution, "is_ours", lambda arn: True)
    app = FastAPI()
    app.include_router(routes.router)
    app.include_router(files.router)
    app.dependency_overrides[get_user] = lambda: "anybody"

    @app.get("/airflow/{run}")
    def airflow(run: str, theme: str = "light", height: int = 860) -> HTMLResponse:
        return HTMLResponse(FRAME.format(theme=theme, height=height, at=f"/state-machine/train_model/{run}"))

    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="warning"))
    thread = threading.Thread(target=server.run)
    thread.start()
    eventually(lambda: server.started)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(60)


#: What a screen reader would have said since then.
LISTEN = """() => {
  window.told = [];
  const news = document.getElementById('news');
  new MutationObserver(() => window.told.push(news.textContent)).observe(news, { childList: true, subtree: true });
}"""
#: Whether the chosen state is seen in the drawing, and how far the page and the page around were scrolled for it.
PLACE = """() => {
  const placed = (selector) => document.querySelector(selector).getBoundingClientRect();
  const [state, canvas] = [placed('.state.selected'), placed('.canvas')];
  return [state.top >= canvas.top && state.bottom <= canvas.bottom, window.scrollY, window.parent.scrollY];
}"""
#: Of each label that was cut, how much its title says.
CUT = """() => [...document.querySelectorAll('.way-label')].filter((label) => label.textContent.endsWith('…'))
  .map((label) => label.parentNode.querySelector('title').textContent.length)"""
#: The size in which a note is drawn, in CSS pixels.
NOTE_SIZE = """() => {
  const drawing = document.querySelector('.drawing');
  const scale = drawing.getBoundingClientRect().width / drawing.viewBox.baseVal.width;
  return scale * parseFloat(getComputedStyle(document.querySelector('.note')).fontSize);
}"""


class Window:
    def __init__(self, browser: Browser, site: str, run: str, theme: str = "light", height: int = 860) -> None:
        self.page = browser.new_page(viewport={"width": 1280, "height": 900})
        self.asked: list[str] = []
        self.said: list[str] = []
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.goto(f"{site}/airflow/{run}?theme={theme}&height={height}")
        self.site = site

    @property
    def frame(self) -> Frame:
        return self.page.frames[1]

    def looks(self) -> int:
        return sum("state-machine-data" in address for address in self.asked)

    def check(self) -> None:
        """Nothing came from elsewhere, nothing broke, and the policy stopped nothing of ours."""
        assert not [address for address in self.asked if not address.startswith(self.site)]
        assert not [line for line in self.said if "sandbox" not in line and "404" not in line]
        self.page.close()


def test_a_run_that_waits_is_drawn_and_followed_until_it_ends(
    browser: Browser, promotion: PromotionWorld, site: str
) -> None:
    execution = promotion.start()
    promotion.wait()
    promotion.world.await_event(execution, "TaskSubmitted", 3)
    window = Window(browser, site, "run-1")
    window.frame.locator('[data-state="WaitForApproval"].waiting').wait_for()
    link = window.frame.get_by_role("link", name="Approval request apr-").first
    assert "/approvals/apr-" in str(link.get_attribute("href"))
    assert window.frame.locator("#news").get_attribute("aria-live") == "polite"
    window.frame.evaluate(LISTEN)
    promotion.answer({"request_id": "apr-1", "decision": "APPROVED"})
    promotion.world.ended(execution)
    window.frame.get_by_text("this page no longer asks").wait_for(timeout=60_000)
    told = "; ".join(window.frame.evaluate("window.told"))
    assert "WaitForApproval: succeeded" in told and "train-and-promote succeeded" in told
    window.frame.locator('[data-execution="1"]').click()
    window.frame.locator('[data-state="SmokeTest"].succeeded').wait_for()
    looks = window.looks()
    time.sleep(4)
    assert window.looks() == looks
    window.check()


def test_the_first_look_shows_heading_and_chosen_state_and_says_the_wait_once(
    browser: Browser, promotion: PromotionWorld, site: str
) -> None:
    execution = promotion.start()
    promotion.wait()
    promotion.world.await_event(execution, "TaskSubmitted", 3)
    window = Window(browser, site, "run-1", height=500)  # the lower part of the drawing is out of sight
    window.frame.locator('[data-state="WaitForApproval"].waiting.selected').wait_for()
    assert window.frame.evaluate(PLACE) == [True, 0, 0]
    assert window.frame.locator(".wait").count() == 1
    assert window.frame.evaluate(NOTE_SIZE) >= 12
    window.frame.get_by_text("Arguments of the call").click()
    arguments = window.frame.get_by_label("Arguments of the call")
    assert '"task_token": "[redacted]"' in arguments.inner_text()
    window.frame.get_by_label("Show the ways to failures").check()
    cut = window.frame.evaluate(CUT)
    assert cut and min(cut) > 34
    promotion.world.stop(execution)
    window.frame.locator('[data-state="WaitForApproval"].aborted').wait_for()
    window.check()


def test_all_of_it_can_be_reached_and_read_with_the_keyboard(
    browser: Browser, promotion: PromotionWorld, site: str
) -> None:
    promotion.sagemaker.job_failures["Training"] = "ran out of memory"
    promotion.world.ended(promotion.start())
    window = Window(browser, site, "run-1")
    # Where it went wrong is chosen from the start.
    window.frame.locator('[data-state="Train"].caught.selected').wait_for()
    assert window.frame.locator("#panel-title").inner_text() == "Train"
    assert window.frame.get_by_text("ran out of memory").first.is_visible()
    state = window.frame.locator('[data-state="RecordFailure"]')
    state.focus()
    window.page.keyboard.press("Enter")
    assert window.frame.locator("#panel-title").inner_text() == "RecordFailure"
    assert window.frame.evaluate("document.activeElement.dataset.state") == "RecordFailure"
    assert "succeeded" in str(state.get_attribute("aria-label"))
    window.page.keyboard.press("Tab")
    assert window.frame.evaluate("document.activeElement.dataset.state") not in (None, "RecordFailure")
    window.frame.get_by_label("Show the ways to failures").focus()
    window.page.keyboard.press("Space")
    window.frame.locator('[data-state="Expired"]').wait_for()
    assert window.frame.evaluate("document.activeElement.id") == "all-ways"
    window.check()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_follows_airflows_theme_and_axe_finds_nothing(
    browser: Browser, promotion: PromotionWorld, site: str, theme: str
) -> None:
    promotion.sagemaker.job_failures["Training"] = "ran out of memory"
    promotion.world.ended(promotion.start())
    window = Window(browser, site, "run-1", theme)
    window.frame.locator('[data-state="TrainingFailed"].failed').wait_for()
    window.frame.get_by_text("The same as a table").click()
    rows = window.frame.locator("tbody tr")
    assert rows.count() == 24 and "failed, caught" in rows.nth(1).inner_text()
    back = window.frame.evaluate("getComputedStyle(document.body).backgroundColor")
    assert back == {"light": "rgb(255, 255, 255)", "dark": "rgb(11, 15, 25)"}[theme]
    assert_accessible(window.frame)
    window.check()


def test_names_and_errors_are_never_markup(browser: Browser, promotion: PromotionWorld, site: str) -> None:
    promotion.sagemaker.job_failures["Training"] = "<img src=x onerror=\"document.title='broken in'\">"
    promotion.world.ended(promotion.start(value={"reason": "<script>document.title='broken in'</script>"}))
    window = Window(browser, site, "run-1")
    window.frame.get_by_text("<img src=x").first.wait_for()
    window.frame.get_by_text("Input of the execution").click()
    window.frame.get_by_label("Input of the execution").get_by_text("<script>document.title").wait_for()
    assert window.frame.title().startswith("State machine of")
    assert window.frame.locator("img").count() == 0
    window.check()


def test_a_run_without_a_state_machine_says_so(browser: Browser, site: str) -> None:
    window = Window(browser, site, "none")
    window.frame.get_by_text("This run started no state machine.").wait_for()
    window.check()
