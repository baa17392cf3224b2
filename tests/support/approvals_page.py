"""The approver's page as people use it in Airflow's UI: find a request, choose what a signature means, sign."""

from __future__ import annotations

from dataclasses import dataclass

from airflow_browser import AirflowBrowser
from playwright.sync_api import Frame, Locator, expect

TITLE = "Approvals"
# One key at a time finds everything on the page; a request's page has some forty places to stop at.
MOST_STOPS = 120


@dataclass(frozen=True)
class ApprovalsPage:
    window: AirflowBrowser

    @property
    def frame(self) -> Frame:
        return self.window.frame(TITLE)

    def open_list(self) -> Frame:
        """By Airflow's own navigation."""
        self.window.page.get_by_role("link", name=TITLE).click()
        self.headed("Approvals")
        return self.frame

    def open_request(self, request_id: str) -> Frame:
        """By an address as a mail or a task's link gives it."""
        self.window.open(f"/plugin/approvals/{request_id}")
        self.frame.locator(f'body[data-request="{request_id}"]').wait_for()
        return self.frame

    def choose(self, meaning: str, comment: str) -> None:
        self.frame.get_by_label(meaning.capitalize()).check()
        self.frame.get_by_label("Comment", exact=True).fill(comment)
        self.frame.get_by_role("button", name="Continue to confirmation").click()

    def confirm(self, meaning: str, password: str) -> None:
        self.headed("Confirm your signature")
        self.frame.get_by_label("Password for signing").fill(password)
        self.frame.get_by_role("button", name=f"Sign: {meaning}").click()

    def headed(self, text: str) -> None:
        expect(self.frame.get_by_role("heading", name=text, exact=True)).to_be_visible()

    def says(self, text: str) -> None:
        expect(self.frame.get_by_text(text).first).to_be_visible()

    def scroll_to(self, heading: str) -> None:
        self.frame.get_by_role("heading", name=heading).first.evaluate("element => element.scrollIntoView()")

    def tab_to(self, place: Locator) -> None:
        """Press Tab until that place has the focus: what cannot be reached so cannot be used by a keyboard."""
        for _ in range(MOST_STOPS):
            if place.evaluate("element => element === document.activeElement"):
                return
            self.window.page.keyboard.press("Tab")
        raise AssertionError(f"{place} is not reached within {MOST_STOPS} stops of the Tab key")

    def type_at(self, place: Locator, text: str) -> None:
        self.tab_to(place)
        self.window.page.keyboard.type(text)

    def press_at(self, place: Locator, key: str) -> None:
        self.tab_to(place)
        self.window.page.keyboard.press(key)
