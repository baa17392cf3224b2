"""Airflow's UI in a real browser, as a person meets it: signing in, Vigil's page in its frame, light and dark."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlparse

from playwright.sync_api import Browser, Frame, Page, Playwright

Theme = Literal["light", "dark"]
# Debian's, from scripts/install_debian_packages.sh: Playwright's own download is a build of its own for each release.
CHROMIUM = "/usr/bin/chromium"
# Nothing but the page under test may use the network; no sandbox, since tests run as root in containers.
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
# A busy machine draws Airflow's UI in seconds; a minute is a fault.
PATIENCE_MILLISECONDS = 60_000
# Its row on a request's page begins with "Plan", elsewhere with the whole of it.
PLAN_AUTHOR = re.compile("^Plan( changed by)?$")


def launch(playwright: Playwright) -> Browser:
    """A browser with a new, empty profile."""
    return playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=list(FLAGS))


@dataclass(frozen=True)
class AirflowBrowser:
    """One person's window. ``page`` is Airflow's UI; ``requested`` collects what it and its frames ask for."""

    page: Page
    url: str
    requested: list[str]

    def sign_in(self, user: str, password: str) -> None:
        """As a person does: by the form of the simple auth manager."""
        self.page.goto(f"{self.url}/")
        self.page.get_by_label("Username").fill(user)
        self.page.get_by_label("Password").fill(password)
        self.page.get_by_role("button", name="Sign in").click()
        self.page.wait_for_url(lambda address: "/auth/login" not in address)

    def open(self, path: str) -> Page:
        self.page.goto(self.url + path)
        return self.page

    def frame(self, title: str) -> Frame:
        """The page of Vigil that Airflow shows in its frame of that title, once it has loaded."""
        handle = self.page.locator(f'iframe[title="{title}"]').element_handle()
        found = handle.content_frame() if handle else None
        assert found is not None, f"no frame {title!r} at {self.page.url}"
        found.wait_for_load_state()
        return found

    def strangers(self) -> list[str]:
        """What was asked of anybody but Airflow: must be nothing."""
        own = urlparse(self.url).netloc
        return sorted({at for at in self.requested if at.startswith("http") and urlparse(at).netloc != own})

    def screenshot(self, name: str, folder: Path) -> Path:
        """The window as PNG; into ``VIGIL_SCREENSHOTS`` where that is set, to renew those of the documentation.

        Who last changed the plan is masked: a real author's name has no place in a picture.
        """
        path = Path(os.environ.get("VIGIL_SCREENSHOTS", folder)) / f"{name}.png"
        authors = [frame.locator("dt", has_text=PLAN_AUTHOR).locator("+ dd") for frame in self.page.frames]
        self.page.screenshot(path=path, animations="disabled", caret="hide", mask=authors, mask_color="#888888")
        return path


@contextmanager
def window(browser: Browser, url: str, theme: Theme = "light") -> Iterator[AirflowBrowser]:
    """A window of its own: no cookie, no storage of another."""
    context = browser.new_context(
        viewport={"width": 1280, "height": 900}, color_scheme=theme, locale="en-GB", timezone_id="UTC"
    )
    context.set_default_timeout(PATIENCE_MILLISECONDS)
    # Where Airflow keeps the person's choice (its switch sits in the user's menu).
    context.add_init_script(f"try {{ localStorage.setItem('theme', '{theme}') }} catch {{}}")
    page, requested = context.new_page(), list[str]()
    page.on("request", lambda request: requested.append(request.url))
    try:
        yield AirflowBrowser(page, url, requested)
    finally:
        context.close()
